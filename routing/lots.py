"""PURE: lots: a number for each item, drawn by the policy's seed and kept for good.

The lot of an item depends on the seed and on the item's number alone, so that items
that come later, and a run that is repeated, change nobody else's.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def lots_of(numbers: Ints, seed: int, purpose: str) -> Floats:
    """Return the lots of items, uniform in [0, 1): float64 [n].

    Parameters
    ----------
    numbers : int64 [n]
        The numbers of the items.
    purpose : str
        Lots for different purposes are independent.

    References
    ----------
    Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators,
    figure 14 (SplitMix64).
    """
    words = np.frombuffer(purpose.encode().ljust(8, b"\0")[:8], "<u8")[0]
    start = _mixed(np.array([seed], dtype=np.uint64) + _GOLDEN)
    start = _mixed(start ^ words)
    steps = np.asarray(numbers, dtype=np.int64).astype(np.uint64) * _GOLDEN
    found = _mixed(start + steps)
    return np.asarray((found >> np.uint64(11)).astype(np.float64) / 2.0**53)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def lowest(lots: Floats, n: int) -> Bools:
    """Return whether an item has one of the `n` lowest lots: bool [n_items]."""
    chosen = np.zeros(len(lots), dtype=bool)
    chosen[np.argsort(lots, kind="stable")[: max(n, 0)]] = True
    return chosen


def chance_of_next(n: int, n_left: int, n_new: int, before: float) -> float:
    """Return the chance to be drawn by now, where the `n` lowest lots are drawn next.

    Parameters
    ----------
    n_left : int
        Items of which an earlier draw has taken those with a lot below `before`.
    n_new : int
        Items that it did not draw from.
    """
    if not n_left or before >= 1.0:
        return n / max(n_left + n_new, 1)
    # Below `before` there are new items alone, above it those that are left as well.
    n_below = n_new * before
    if n <= n_below:
        return n / n_new
    return before + (n - n_below) / (n_new + n_left / (1.0 - before))
