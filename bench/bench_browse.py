"""The item browser, the item page and the dashboard, by size of the pool.

    python -m bench.bench_browse [--items 10000 1000000] [--repeats 12]

Each item has three answers. Every page goes through the real views and middleware with
production settings and durable PostgreSQL, as a logged-in owner. Printed for each page:
milliseconds, median and 95th percentile; queries; CPU of the web process and of
PostgreSQL; and the ratio of the medians to the smallest pool. `cold`: what is cached
for seconds is thrown away before each request.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.browse_pool import make_answered
from bench.stack import family, services

GOAL_MS = 300
FILTERS = (
    ("all", {}),
    ("unfinished", {"state": "unfinished"}),
    ("finished", {"state": "finished"}),
    ("disagreement", {"state": "disagreement"}),
    ("flagged", {"state": "flagged"}),
    ("skipped", {"state": "skipped"}),
    ("category", {"category": "maths"}),
    ("category of few", {"category": "nowhere"}),
    ("category, unfinished", {"category": "maths", "state": "unfinished"}),
    ("annotator", {"annotator": "{annotator}"}),
    ("annotator, disagreement", {"annotator": "{annotator}", "state": "disagreement"}),
    ("search, an id", {"search": "item-{middle}"}),
    ("search, a frequent word", {"search": "question"}),
    ("search, a word of none", {"search": "xylophone"}),
    ("search, disagreement", {"search": "time is short", "state": "disagreement"}),
)


@dataclass(frozen=True)
class Page:
    """A page to measure: what it is called, its address, whether caches are cold."""

    name: str
    address: str
    is_cold: bool = False


@dataclass(frozen=True)
class Measured:
    """What a page cost: milliseconds of each request, queries, CPU milliseconds."""

    ms: list[float]
    n_queries: int
    web_ms: float
    database_ms: float

    @property
    def median(self) -> float:
        """Return the median."""
        return statistics.median(self.ms)

    @property
    def p95(self) -> float:
        """Return the 95th percentile."""
        return sorted(self.ms)[round(0.95 * (len(self.ms) - 1))]


def pages(project: Any, n_items: int) -> Iterator[Page]:
    """Yield every page: each filter at the front, in the middle, at the end."""
    from urllib.parse import urlencode

    from annotation.models import Item, Participant

    names = {
        "annotator": Participant.objects.filter(project=project)[3].pseudonym,
        "middle": n_items // 2,
    }
    root = f"/p/{project.slug}"
    for name, wanted in FILTERS:
        filled = {key: value.format(**names) for key, value in wanted.items()}
        edges = {"": {}, ", middle": {"after": n_items // 2}}
        if "id" not in name.split():
            edges[", end"] = {"before": n_items + 1}
        for place, edge in edges.items():
            query = urlencode(filled | edge)
            yield Page(f"items: {name}{place}", f"{root}/items/?{query}")
    item = Item.objects.get(project=project, number=n_items // 2)
    yield Page("item", f"{root}/items/{item.public_id}/")
    yield Page("dashboard, cold", f"{root}/", is_cold=True)
    yield Page("dashboard", f"{root}/")
    yield Page("dashboard, live part, cold", f"{root}/live/", is_cold=True)
    yield Page("dashboard, live part", f"{root}/live/")


def measure(client: Any, page: Page, repeats: int) -> Measured:
    """Ask for a page again and again, the first time unmeasured."""
    from django.core.cache import cache
    from django.db import connection

    def once() -> float:
        if page.is_cold:
            cache.clear()
            client.force_login(client.owner)
        began = time.monotonic()
        response = client.get(page.address)
        took = time.monotonic() - began
        if response.status_code != 200:
            raise SystemExit(f"{page.address} answered {response.status_code}.")
        return 1000 * took

    n_queries = 0

    def count(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal n_queries
        n_queries += 1
        return execute(*given)

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(count))
        once()
    web, database = time.process_time(), database_s()
    ms = [once() for _ in range(repeats)]
    return Measured(
        ms,
        n_queries,
        1000 * (time.process_time() - web) / repeats,
        1000 * (database_s() - database) / repeats,
    )


def database_s() -> float:
    """Return the CPU seconds of our PostgreSQL so far."""
    stats = family(os.getpid()).values()
    return sum(stat[2] for stat in stats if stat[0].startswith("postgres"))


def main() -> None:
    """Fill each pool, measure each page and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=12)
    given = parser.parse_args()
    first: dict[str, float] = {}
    slowest = ("", 0.0)
    with services():
        from django.test import Client

        for n in sorted(given.items):
            began = time.monotonic()
            project: Any = make_answered(f"browse {n}", n)
            print(f"{n:,} items filled in {time.monotonic() - began:.0f} s", flush=True)
            client: Any = Client(SERVER_NAME="127.0.0.1")
            client.owner = project.created_by
            client.force_login(client.owner)
            for page in pages(project, n):
                cost = measure(client, page, given.repeats)
                ratio = cost.median / first.setdefault(page.name, cost.median)
                over = "  OVER" if cost.p95 > GOAL_MS else ""
                slowest = max(slowest, (page.name, cost.p95), key=lambda one: one[1])
                print(
                    f"{n:>9,} {page.name:40} p50 {cost.median:6.1f}"
                    f"  p95 {cost.p95:6.1f}  queries {cost.n_queries:2}"
                    f"  web {cost.web_ms:6.1f}"
                    f"  database {cost.database_ms:7.1f}  ratio {ratio:5.2f}{over}",
                    flush=True,
                )
    print(f"slowest: {slowest[0]}, p95 {slowest[1]:.0f} ms (aim: {GOAL_MS} ms)")


if __name__ == "__main__":
    main()
