"""PURE: what each size of budget is expected to buy, measured on the seed.

Every item of the seed is scored by a model that has not seen its prompt; a budget takes
the best of them, and the labels of people tell how many errors of the AI it meets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.pairs import Floats, Ints

SHARES = tuple(round(0.05 * step, 2) for step in range(21))
Z = 1.96
TINY = 1e-12
# Fewer items than this make a cell too small to be told.
LEAST_CELL = 15
LEAST_ERRORS = 5
UNDECIDED = "not distinguishable from random at this budget"
BETTER = "better than random at this budget"
WORSE = "worse than random at this budget"


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """One size of budget, as a share of the open items.

    `chosen`, `random`: expected share of right labels, in [0, 1]; `gain`: their
    difference; `words` say whether it can be told from none.
    """

    budget: float
    chosen: Estimate
    random: Estimate
    gain: Estimate
    words: str


def curve_of(
    score: Floats,
    wrong: Floats,
    fold: Ints,
    group: Ints,
    shares: Sequence[float] = SHARES,
    reserve: float = 0.0,
) -> list[Point]:
    """Return the curve of a strategy beside that of random.

    Parameters
    ----------
    score : float64 [n]
        Of the items of the seed, out of fold.
    wrong : float64 [n]
        1 where people say something else than the AI.
    fold : int64 [n]
        Scores are compared within a fold alone, since each has a model of its own.
    group : int64 [n]
        Items of a prompt are one observation.
    reserve : float
        The share of each budget that goes to items by lot, in [0, 1).
    """
    found = [chances(score, fold, share, reserve) for share in shares]
    return points_of(shares, found, wrong, group)


def points_of(
    shares: Sequence[float], chance: Sequence[Floats], wrong: Floats, group: Ints
) -> list[Point]:
    """Return a point for each budget, from the chance of each item to be asked about.

    Random is no draw but its expectation over all of them: every item has the chance
    of the budget. The gain is paired: both are taken of the same items.
    """
    found = []
    for share, asked in zip(shares, chance, strict=True):
        right = mean_of(1.0 - wrong * (1.0 - asked), group)
        by_lot = mean_of(1.0 - wrong * (1.0 - share), group)
        gain = mean_of((asked - share) * wrong, group, between=None)
        found.append(Point(share, right, by_lot, gain, words_of(gain)))
    return found


def words_of(gain: Estimate) -> str:
    """Say whether a gain can be told from none."""
    return BETTER if gain.low > TINY else WORSE if gain.high < -TINY else UNDECIDED


def chances(score: Floats, fold: Ints, share: float, reserve: float = 0.0) -> Floats:
    """Return the chance that each item is asked about, ties by lot: float64 [n].

    All but the reserve goes to the best, and the reserve to others by lot.
    """
    found = np.zeros(len(score))
    for one in np.unique(fold):
        rows = np.flatnonzero(fold == one)
        n_wanted = share * len(rows)
        best = _chances(score[rows], (1.0 - reserve) * n_wanted)
        found[rows] = add_lots(best, n_wanted)
    return found


def add_lots(chance: Floats, n_wanted: float) -> Floats:
    """Spend what is left of a budget by lot on those not asked about yet.

    `n_wanted`: how many items the whole budget asks about.
    """
    free = len(chance) - float(chance.sum())
    if free < TINY:
        return chance
    lot = np.clip((n_wanted - float(chance.sum())) / free, 0.0, 1.0)
    return np.asarray(chance + (1.0 - chance) * lot)


def _chances(score: Floats, n_wanted: float) -> Floats:
    _values, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    above = counts[::-1].cumsum()[::-1] - counts
    each = np.clip((n_wanted - above) / counts, 0.0, 1.0)
    return np.asarray(each[place])


def mean_of(
    values: Floats, group: Ints, between: tuple[float, float] | None = (0.0, 1.0)
) -> Estimate:
    """Return a mean whose error knows that items of a group go together."""
    n = len(values)
    mean = float(values.mean())
    _, place = np.unique(group, return_inverse=True)
    sums = np.bincount(place, values - mean)
    n_groups = len(sums)
    spread = n_groups / max(n_groups - 1, 1)
    error = float(np.sqrt(spread * np.square(sums).sum()) / n)
    low, high = mean - Z * error, mean + Z * error
    if between is not None:
        low, high = max(low, between[0]), min(high, between[1])
    return Estimate(mean, low, high)
