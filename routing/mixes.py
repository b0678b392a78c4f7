"""PURE: candidate mixes of labels: which items people label, drawn at random.

Algorithm 1 of the paper takes whole tags, so that its mixes differ in their shares of
tags far more than uniform ones do; a performance model learns from both.
"""

import numpy as np

from routing.features.bins import Tags
from routing.pairs import Bools, Floats, Ints

CHUNK = 2_000_000


def draw_budgets(n_items: int, n_mixes: int, rng: np.random.Generator) -> Ints:
    """Return budgets of 1 to n_items, distinct as far as there are so many."""
    whole, part = divmod(n_mixes, n_items)
    parts = [rng.permutation(n_items) + 1 for _ in range(whole)]
    parts.append((rng.permutation(n_items) + 1)[:part])
    return np.concatenate(parts).astype(np.int64)


def draw_by_tags(
    tags: Tags,
    budgets: Ints | Floats,
    rng: np.random.Generator,
    cost: Floats | None = None,
) -> Bools:
    """Return mixes by Algorithm 1: bool [n_mixes, n].

    For each mix the tags are put in a random order and walked through; the items of a
    tag are added in a random order until the budget is reached. An item with several
    tags comes with the first of them; one without tags comes last. Mix j has
    `budgets[j]` items, or costs at most so much where items have a `cost`.

    References
    ----------
    Miranda et al. (2025), Hybrid Preferences, Algorithm 1.
    """
    n_items, n_tags = tags.has.shape
    n_at_once = max(1, CHUNK // max(n_items, 1))
    parts = []
    for start in range(0, len(budgets), n_at_once):
        some = budgets[start : start + n_at_once]
        ranks = np.argsort(rng.random((len(some), n_tags)), axis=1)
        first = np.full((len(some), n_items), n_tags, dtype=np.int64)
        for number in range(n_tags):
            rows = tags.has[:, number]
            first[:, rows] = np.minimum(first[:, rows], ranks[:, [number]])
        parts.append(_lowest(first + rng.random(first.shape), some, cost))
    return np.concatenate(parts) if parts else np.zeros((0, n_items), dtype=bool)


def draw_uniform(n_items: int, budgets: Ints, rng: np.random.Generator) -> Bools:
    """Return mixes in which every item has the same chance: bool [n_mixes, n]."""
    return _lowest(rng.random((len(budgets), n_items)), budgets)


def _lowest(keys: Floats, budgets: Ints | Floats, cost: Floats | None = None) -> Bools:
    """Mark in each row as many of the lowest keys as its budget allows."""
    order = np.argsort(keys, axis=1)
    each = np.ones(keys.shape[1]) if cost is None else cost
    # What is bought up to and with each item, in the order of the row.
    spent = np.cumsum(each[order], axis=1)
    chosen = np.empty(keys.shape, dtype=bool)
    np.put_along_axis(chosen, order, spent <= budgets[:, None] + 1e-9, axis=1)
    return chosen
