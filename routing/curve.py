"""PURE: what each size of budget is expected to buy, measured on the seed.

Every item of the seed is scored by a model that has not seen its prompt; a budget takes
the best of them, and the labels of people tell how many errors of the AI it meets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from routing.pairs import Floats, Ints

SHARES = tuple(round(0.05 * step, 2) for step in range(21))
Z = 1.96
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
    """
    return [_point(share, score, wrong, fold, group) for share in shares]


def _point(
    share: float, score: Floats, wrong: Floats, fold: Ints, group: Ints
) -> Point:
    chance = chances(score, fold, share)
    gain = mean_of((chance - share) * wrong, group, between=None)
    return Point(
        share,
        mean_of(1.0 - wrong * (1.0 - chance), group),
        mean_of(1.0 - wrong * (1.0 - share), group),
        gain,
        words_of(gain),
    )


def words_of(gain: Estimate) -> str:
    """Say whether a gain can be told from none."""
    return BETTER if gain.low > 0 else WORSE if gain.high < 0 else UNDECIDED


def chances(score: Floats, fold: Ints, share: float) -> Floats:
    """Return the chance that each item is among the best, ties by lot: float64 [n]."""
    found = np.zeros(len(score))
    for one in np.unique(fold):
        rows = np.flatnonzero(fold == one)
        found[rows] = _chances(score[rows], share * len(rows))
    return found


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


def cross_scores(n: int, fold: Ints, score: Callable[[Ints, Ints], Floats]) -> Floats:
    """Return scores out of fold: `score(inside, outside)` gives those outside."""
    found = np.zeros(n)
    for one in np.unique(fold):
        inside, outside = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
        found[outside] = score(inside, outside)
    return found
