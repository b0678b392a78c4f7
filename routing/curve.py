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


def points_of(
    shares: Sequence[float], chance: Sequence[Floats], wrong: Floats, group: Ints
) -> list[Point]:
    """Return a point for each budget, from the chance of each item to be asked about.

    Random is no draw but its expectation over all of them: every item has the chance
    of the budget. The gain is paired: both are taken of the same items.

    Parameters
    ----------
    wrong : float64 [n]
        1 where people say something else than the AI.
    group : int64 [n]
        Items of a prompt are one observation.
    """
    found = []
    for share, asked in zip(shares, chance, strict=True):
        right = _right(wrong, asked, group)
        by_lot = _right(wrong, np.full(len(wrong), share), group)
        gain = over_random(asked, share, wrong, group)
        found.append(Point(share, right, by_lot, gain, words_of(gain)))
    return found


def _right(wrong: Floats, asked: Floats, group: Ints) -> Estimate:
    """Return the share of right labels; whoever is asked for certain is right."""
    if asked.min(initial=1.0) >= 1.0:
        return Estimate(1.0, 1.0, 1.0)
    return share_of_all(1.0 - wrong * (1.0 - asked), group)


def words_of(gain: Estimate) -> str:
    """Say whether a gain can be told from none."""
    return BETTER if gain.low > TINY else WORSE if gain.high < -TINY else UNDECIDED


def chances(score: Floats, fold: Ints, share: float, reserve: float = 0.0) -> Floats:
    """Return the chance that each item is asked about, ties by lot: float64 [n].

    The reserve is drawn by lot among all, and the rest of the budget goes to the best
    of the others.

    Parameters
    ----------
    score : float64 [n]
        Of the items of the seed, out of fold.
    fold : int64 [n]
        Scores are compared within a fold alone, since each has a model of its own.
    reserve : float
        The share of the budget that goes to items by lot, in [0, 1].
    """
    best = chosen_share(share, reserve)
    found = np.zeros(len(score))
    for one in np.unique(fold):
        rows = np.flatnonzero(fold == one)
        found[rows] = _chances(score[rows], best * len(rows))
    return with_lots(found, reserve * share)


def chosen_share(share: float, reserve: float) -> float:
    """Return which share is chosen of the items that no lot was drawn for."""
    return (1.0 - reserve) * share / (1.0 - reserve * share)


def with_lots(chance: Floats, drawn: float) -> Floats:
    """Return the chance of items of which that share is drawn by lot beforehand."""
    return np.asarray(drawn + (1.0 - drawn) * chance)


def _chances(score: Floats, n_wanted: float) -> Floats:
    _values, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    above = counts[::-1].cumsum()[::-1] - counts
    each = np.clip((n_wanted - above) / counts, 0.0, 1.0)
    return np.asarray(each[place])


def over_random(asked: Floats, share: float, wrong: Floats, group: Ints) -> Estimate:
    """Return by how much the share of right labels is above random's, with interval.

    It is the share of wrong labels times the lead: the chance that one is asked about,
    less the budget. Each has Wilson's interval, and the two are put together as limits
    of a product; so hardly any errors among those asked about are no certain loss, as
    in an interval from the variance of what was met.

    Parameters
    ----------
    asked : float64 [n]
        The chance that an item is asked about; where it is the same for all, the lead
        is known.
    share : float
        The budget, which is the chance of each by lot.

    References
    ----------
    Donner and Zou (2012), Closed-form confidence intervals for functions of the normal
    mean and standard deviation, section 2 (the method of variance estimates recovery).
    """
    rate = share_of_all(wrong, group)
    least, most = float(asked.min()), float(asked.max())
    errors = wrong > 0
    if not errors.any():
        return Estimate(0.0, (least - share) * rate.high, (most - share) * rate.high)
    met = Estimate(most, most, most)
    if most - least > TINY:
        width = most - least
        part = share_of_all((asked[errors] - least) / width, group[errors])
        met = Estimate(*(least + width * v for v in (part.mean, part.low, part.high)))
    lead = met.mean - share
    mean = rate.mean * lead
    # The share of errors that makes the gain least, and the one that makes it most.
    first, last = (rate.low, rate.high) if lead > 0 else (rate.high, rate.low)
    below = np.hypot(rate.mean * (met.mean - met.low), lead * (rate.mean - first))
    above = np.hypot(rate.mean * (met.high - met.mean), lead * (last - rate.mean))
    return Estimate(mean, mean - float(below), mean + float(above))


def share_of_all(values: Floats, group: Ints, weight: Floats | None = None) -> Estimate:
    """Return the mean of values in [0, 1] with its 95 % interval.

    Wilson's interval with as many observations as the mean is worth: the variance of a
    share over that of the mean, groups being sampled as a whole; never more than
    the weights allow, and the number of groups where no value differs.

    Parameters
    ----------
    values : float64 [n]
        n at least 1.
    group : int64 [n]
        What is sampled together.
    weight : float64 [n]
        One over the chance with which an item was drawn; None: all the same.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    Korn and Graubard (1998), Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data: the effective size.
    """
    w = np.ones(len(values)) if weight is None else weight
    w = w / w.sum()
    mean = float(np.clip(w @ values, 0.0, 1.0))
    _, place = np.unique(group, return_inverse=True)
    parts = np.bincount(place, w * (values - mean))
    n_groups = len(parts)
    variance = n_groups / max(n_groups - 1, 1) * float(np.square(parts).sum())
    binomial = mean * (1.0 - mean)
    if variance > 0 and binomial > 0:
        n = min(binomial / variance, 1.0 / float(np.square(w).sum()))
    else:
        n = 1.0 / float(np.square(np.bincount(place, w)).sum())
    return _wilson(mean, n)


def _wilson(mean: float, n: float) -> Estimate:
    middle = (mean + Z * Z / (2 * n)) / (1 + Z * Z / n)
    spread = np.sqrt(mean * (1 - mean) / n + Z * Z / (4 * n * n))
    half = float(Z / (1 + Z * Z / n) * spread)
    low = 0.0 if mean == 0 else max(middle - half, 0.0)
    high = 1.0 if mean == 1 else min(middle + half, 1.0)
    return Estimate(mean, low, high)
