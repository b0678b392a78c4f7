"""Means weighted by inverse propensity tell of all items; others do not.

Each replicate draws a seed and a reserve by lot, chooses others for their gain, and is
written as a hybrid data set; what is estimated is how often the AI's label is people's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from annotation.formats.exports.types import StoredItem, StoredRoute
from tests.exports.build import COMPARISON, JUDGE, answer, item, version
from tests.exports.run import run

N, N_SEED, N_AUDIT, N_CHOSEN, RESERVE = 60, 20, 5, 12, 0.25
REPLICATES = 200
VERSION = {1: version(COMPARISON)}
AI = JUDGE._replace(key=7)
PARTS = (("seed", "audit"), ("reserve",), ("seed", "audit", "reserve"))


def pool(rng: np.random.Generator) -> tuple[list[int], list[float]]:
    """Return whether the AI is right of each item, and the gain that tells it."""
    gain = rng.random(N)
    right = (rng.random(N) > gain * 0.9).astype(int)
    return right.tolist(), gain.tolist()


def routed(
    right: Sequence[int], gain: Sequence[float], rng: np.random.Generator
) -> list[StoredItem]:
    """Return the items with their labels: seed, reserve, and what was chosen."""
    order = rng.permutation(N).tolist()
    open_ = sorted(order[N_SEED:])
    is_drawn = rng.random(len(open_)) < RESERVE
    undrawn = [at for at, drawn in zip(open_, is_drawn, strict=True) if not drawn]
    best = set(sorted(undrawn, key=lambda at: -gain[at])[:N_CHOSEN])
    routes = {at: route("seed", N_SEED / N) for at in order[N_AUDIT:N_SEED]}
    routes |= {at: route("audit", N_SEED / N) for at in order[:N_AUDIT]}
    for at in open_:
        if at in best:
            routes[at] = route("chosen", 1.0)
        else:
            part = "rest" if at in undrawn else "reserve"
            routes[at] = route(part, RESERVE)
    return [labelled(at, routes[at], right[at]) for at in range(N)]


def route(part: str, propensity: float) -> StoredRoute:
    """Return a decision of the policy."""
    source = "ai" if part == "rest" else "human"
    return StoredRoute(source, part=part, policy=1, propensity=propensity)


def labelled(at: int, route: StoredRoute, right: int) -> StoredItem:
    """Return an item; people say A, and the AI where it is right."""
    said = {"preference": {"value": 1 if right else -1}}
    answers = [answer(f"v{at}", said, machine=AI, order=None)]
    if route.source == "human":
        answers.append(answer(f"p{at}", {"preference": {"value": 1}}))
    return item(*answers)._replace(id=f"item-{at}", number=at + 1, route=route)


def weighted(rows: Sequence[dict[str, Any]], parts: Sequence[str]) -> float:
    """Return sum(ipw * x) / sum(ipw) over the rows of parts that have a weight."""
    used = [row for row in rows if row["ipw"] and row["route_part"] in parts]
    hits = sum(row["ipw"] * is_right(row) for row in used)
    return float(hits / sum(row["ipw"] for row in used))


def is_right(row: dict[str, Any]) -> bool:
    """Tell whether the AI says what people say."""
    return bool(row["ai_label"] == row["people_label"])


def test_weighted_means_are_unbiased_over_what_was_drawn_by_lot() -> None:
    rng = np.random.default_rng(0)
    right, gain = pool(rng)
    found: dict[tuple[str, ...], list[float]] = {parts: [] for parts in PARTS}
    plain = []
    for _ in range(REPLICATES):
        options = {"labels_from": "hybrid", "audit": "keep"}
        rows, _tally = run("sides", routed(right, gain, rng), VERSION, **options)
        assert len(rows) == N
        weights = {row["route_part"]: row["ipw"] for row in rows}
        assert (weights["chosen"], weights["rest"]) == (None, None)
        for parts, estimates in found.items():
            estimates.append(weighted(rows, parts))
        by_people = [row for row in rows if row["label_source"] == "human"]
        plain.append(float(np.mean([is_right(row) for row in by_people])))
    truth = np.mean(right)

    def off(values: Sequence[float]) -> float:
        """Return by how many standard errors the mean misses the truth."""
        return float((np.mean(values) - truth) / (np.std(values) / REPLICATES**0.5))

    for estimates in found.values():
        assert abs(off(estimates)) < 3
    # What people labelled is not like the rest.
    assert off(plain) < -5
