"""PURE: parts of the pairs that share no prompt: seed, pool, and what is held out."""

from dataclasses import dataclass

import numpy as np

from routing.pairs import Ints

HELD_SHARE = 0.1


@dataclass(frozen=True)
class Split:
    """Rows of the pairs, int64: labelled first, routed, and kept for scoring."""

    seed: Ints
    pool: Ints
    held: Ints


def draw_split(group: Ints, seed_size: int, rng: np.random.Generator) -> Split:
    """Deal whole groups out in a random order.

    The first tenth of the groups is held out, at least one; the next ones make the
    seed, until it has `seed_size` items or just more; the others are the pool, which
    can be empty.
    """
    order = rng.permutation(np.unique(group))
    n_held = max(1, round(HELD_SHARE * len(order)))
    place = np.empty(int(group.max()) + 1, dtype=np.int64)
    place[order] = np.arange(len(order))
    sizes = np.bincount(place[group], minlength=len(order))
    before = np.cumsum(sizes) - sizes - sizes[:n_held].sum()
    is_seed = (np.arange(len(order)) >= n_held) & (before < seed_size)
    held = place[group] < n_held
    seed = is_seed[place[group]]
    rows = np.arange(len(group))
    return Split(rows[seed], rows[~seed & ~held], rows[held])
