"""Annotator cycles (next + submit over HTTP) by project size and number of people.

    python -m bench.bench_annotate [--items 10000 100000] [--people 32] [--seconds 10]
        [--quotas]

Production settings, durable PostgreSQL, sessions, CSRF and throttling on. Prints
cycles a second, server CPU per cycle (web, database, cache), latencies, answers stored
twice and answers lost (both must be 0), with --quotas the ratio of a cycle in a project
with quotas to one without, and two ratios from the same run: the largest
pool against the smallest, and a cycle against two bare requests (`/health/`).
"""

import argparse
import http.client
import json
import statistics
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import pool
from bench.stack import Stack, stack

# Two calls a cycle, one cycle before the window, and 1,200 calls a minute allowed.
MOST_CYCLES = 590
ANSWERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "comparison": lambda question: {"value": 1},
    "rationale": lambda question: "The first one answers the question and shows how.",
    "tags": lambda question: question["reasons"][:1],
    "confidence": lambda question: question["levels"][0],
}


@dataclass
class Seen:
    """What the clients saw in one window."""

    cycles_ms: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client:
    """One annotator's browser: a kept connection, a session, a CSRF token."""

    def __init__(self, port: int, who: pool.Annotator) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={who.session}; csrftoken={who.csrf}",
            "X-CSRFToken": who.csrf,
        }

    def post(self, path: str, body: object) -> tuple[int, dict[str, object]]:
        """Send and read one call."""
        self.http.request("POST", path, json.dumps(body), self.headers)
        answer = self.http.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def cycle(self, slug: str) -> str | None:
        """Take the next item and answer it; return the annotation's id."""
        status, desk = self.post(f"/api/v1/projects/{slug}/assignments/next/", {})
        if status == 204:
            return None
        if status != 200:
            raise RuntimeError(f"next: {status} {desk}")
        path = f"/api/v1/assignments/{desk['assignment']['id']}/submit/"  # type: ignore[index]
        questions = desk["questions"]
        answers = {q["name"]: ANSWERS[q["type"]](q) for q in questions}  # type: ignore[attr-defined]
        status, stored = self.post(
            path,
            {
                "submission_id": str(uuid.uuid4()),
                "answers": answers,
                "active_ms": 1000,
            },
        )
        if status != 201:
            raise RuntimeError(f"submit: {status} {stored}")
        return str(stored["annotation"]["id"])  # type: ignore[index]


def work(client: Client, slug: str, until: float, seen: Seen) -> None:
    """Go on until the time is up, the pool is empty, or the throttle would bite."""
    for _ in range(MOST_CYCLES):
        if time.monotonic() >= until:
            return
        began = time.monotonic()
        try:
            done = client.cycle(slug)
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            with seen.lock:
                seen.errors.append(str(error)[:300])
            return
        if done is None:
            return
        with seen.lock:
            seen.cycles_ms.append(1000 * (time.monotonic() - began))
            seen.acknowledged.append(done)


def window(
    running: Stack, project: object, n_people: int, seconds: float
) -> dict[str, float]:
    """Measure one window and check every acknowledged answer in the database."""
    from annotation.models import Annotation, FrontierEntry

    people = pool.annotators(project, n_people)
    if project.has_quotas:  # type: ignore[attr-defined]
        pool.place_everybody(project)
    clients = [Client(running.port, who) for who in people]
    slug = project.slug  # type: ignore[attr-defined]
    for client in clients:
        client.cycle(slug)  # warm: connections, caches
    seen = Seen()
    before, began = running.cost(), time.monotonic()
    threads = [
        threading.Thread(target=work, args=(c, slug, began + seconds, seen))
        for c in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cost = time.monotonic() - began, running.cost() - before
    stored = set(
        map(
            str,
            Annotation.objects.filter(project=project).values_list(
                "public_id", flat=True
            ),
        )
    )
    n = len(seen.acknowledged)
    for error in sorted(set(seen.errors))[:3]:
        print("  error:", error)
    return {
        "cycles_s": n / took,
        "cpu_ms": 1000 * cost.total_s / max(n, 1),
        "web_ms": 1000 * cost.web_s / max(n, 1),
        "db_ms": 1000 * cost.database_s / max(n, 1),
        "cache_ms": 1000 * cost.cache_s / max(n, 1),
        "p50": statistics.median(seen.cycles_ms),
        "p95": statistics.quantiles(seen.cycles_ms, n=20)[18],
        "errors": len(seen.errors),
        "twice": FrontierEntry.objects.filter(project=project, n_counted__gt=1).count(),
        "lost": len(set(seen.acknowledged) - stored),
    }


def bare(running: Stack, seconds: float = 3) -> float:
    """Return server CPU ms of one bare request: the floor that Django itself costs."""
    http_ = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    before, n, until = running.cost(), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        http_.request("GET", "/health/")
        http_.getresponse().read()
        n += 1
    return 1000 * (running.cost() - before).total_s / n


def with_and_without_quotas(running: Stack, n_people: int, given: Any) -> float:
    """Return the server CPU of a cycle with quotas, in cycles without them."""
    cpu: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(given.repeats):
        for has_quotas in cpu:
            project = pool.make_project(f"bench quotas {uuid.uuid4().hex[:6]}")
            pool.fill(project, min(given.items))
            if has_quotas:
                pool.set_quotas(project)
            seen = window(running, project, n_people, given.seconds)
            cpu[has_quotas].append(seen["cpu_ms"])
    return statistics.median(cpu[True]) / statistics.median(cpu[False])


def main() -> None:
    """Run all windows and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--quotas", action="store_true")
    given = parser.parse_args()
    medians: dict[tuple[int, int], float] = {}
    with stack() as running:
        floor = bare(running)
        print(f"bare request: {floor:.2f} ms of server CPU")
        for n_items in given.items:
            for n_people in given.people:
                rows = []
                for _ in range(given.repeats):
                    project = pool.make_project(
                        f"bench {n_items} {uuid.uuid4().hex[:6]}"
                    )
                    pool.fill(project, n_items)
                    rows.append(window(running, project, n_people, given.seconds))
                    print(
                        f"{n_items:>9,} items {n_people:>3} people: "
                        + "  ".join(f"{k} {v:.1f}" for k, v in rows[-1].items())
                    )
                medians[n_items, n_people] = statistics.median(
                    r["cpu_ms"] for r in rows
                )
        if given.quotas:
            ratio = with_and_without_quotas(running, max(given.people), given)
            print(f"ratio, a cycle with quotas to one without: {ratio:.2f}")
        print("web workers, MB:", [round(mb) for mb in running.web_memory_mb()])
    small, large, most = min(given.items), max(given.items), max(given.people)
    print(
        f"ratio, {large:,} to {small:,} items: "
        f"{medians[large, most] / medians[small, most]:.2f}"
    )
    print(
        f"ratio, a cycle to two bare requests: {medians[small, most] / 2 / floor:.2f}"
    )


if __name__ == "__main__":
    main()
