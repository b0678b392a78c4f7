"""PURE: weighted shares of answers, and their differences, with intervals.

One person gives many answers, and several people answer one item, so single answers are
not independent. The variance of an estimate is that of a bootstrap of
whole participants, plus that of a bootstrap of whole items, less that of a bootstrap of
single answers, which both hold (Cameron, Gelbach and Miller 2011). Each is computed in
closed form, as the sum of squares of the linearised contributions of its groups: the
value that a bootstrap with more and more draws comes to. Drawing participants and items
at once would count the chance of single answers three times (Owen 2007), and the
percentiles of a bootstrap of few people are too narrow; the t quantile of the effective
number of people is not. It never falls below the variance of independent answers, by
the adjusted shares of Agresti and Caffo (2000), so that everybody agreeing is not taken
for certainty. Below MIN_PEOPLE there is no interval.

References
----------
Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering, JBES 29,
238-249, equation 2.3. Owen (2007), The pigeonhole bootstrap, Ann. Appl. Stat. 1,
386-411. Agresti and Caffo (2000), Simple and effective confidence intervals for
proportions, Am. Stat. 54, 280-288. Hajek (1971), comment in Foundations of Statistical
Inference, 236: the weighted mean. Kott and Carr (1997), Developing an estimation
strategy for a pesticide data program, J. Off. Stat. 13, 367-383. Carter, Schnepel and
Steigerwald (2017), Asymptotic behavior of a t test robust to cluster heterogeneity,
REStat 99, 698-709: the effective number.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats

Indexes: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

# With fewer people there is no interval: they say too little of how people differ.
MIN_PEOPLE = 6
NAN = float("nan")


@dataclass(frozen=True)
class Answers:
    """Answers, one entry each: who gave it to which item, and what it weighs.

    Attributes
    ----------
    items, people : int64, shape [n]
        Index of the item and of the person.
    weights : float, shape [n]
        Above 0; the inverse of the probability of being seen as it was.
    """

    items: Indexes
    people: Indexes
    weights: Floats


def share_of(answers: Answers, used: Flags, hits: Floats) -> Interval:
    """Return a weighted share with Wilson's interval.

    Of as many independent answers as have its variance (Kott and Carr 1997).
    """
    if not used.any():
        return Interval(NAN, NAN, NAN)
    weights, people = answers.weights[used], answers.people[used]
    share = float(np.average(hits[used], weights=weights))
    if np.unique(people).size < MIN_PEOPLE:
        return Interval(share, NAN, NAN)
    pushes = weights * (hits[used] - share) / weights.sum()
    variance = _variance(pushes, people, answers.items[used])
    n = _worth(weights)
    if variance > 0:
        n = min(n, share * (1 - share) / variance)
    square = t_quantile(_worth(_counts(people)) - 1) ** 2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = sqrt(square * (share * (1 - share) / n + square / (4 * n * n)))
    half /= 1 + square / n
    # At the ends the formula is exact but its arithmetic is not.
    low = 0.0 if share == 0 else max(centre - half, 0.0)
    return Interval(share, low, 1.0 if share == 1 else min(centre + half, 1.0))


def difference_of(
    answers: Answers,
    first: Flags,
    second: Flags,
    hits: Floats,
    confidence: float = 0.95,
) -> Interval:
    """Return the difference of two weighted shares with its interval."""
    weights, pushes = answers.weights, np.zeros(first.size)
    value = least = 0.0
    for used, sign in ((first, 1.0), (second, -1.0)):
        of_part, some = weights[used], hits[used]
        share = float(np.average(some, weights=of_part))
        pushes[used] = sign * of_part * (some - share) / of_part.sum()
        value += sign * share
        least += _independent(share, _worth(of_part))
    used = first | second
    people, items = answers.people[used], answers.items[used]
    if np.unique(people).size < MIN_PEOPLE:
        return Interval(value, NAN, NAN)
    variance = max(_variance(pushes[used], people, items), least)
    freedom = _worth(_counts(people)) - 1
    half = t_quantile(freedom, confidence) * sqrt(variance)
    return Interval(value, max(value - half, -1.0), min(value + half, 1.0))


def _independent(share: float, n: float) -> float:
    """Return the variance of a share of n answers with one more of each kind."""
    adjusted = (share * n + 1) / (n + 2)
    return adjusted * (1 - adjusted) / (n + 2)


def _variance(pushes: Floats, people: Indexes, items: Indexes) -> float:
    single = float((pushes**2).sum())
    return _by_group(pushes, people) + _by_group(pushes, items) - single


def _by_group(pushes: Floats, groups: Indexes) -> float:
    names, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, weights=pushes)
    n = names.size
    return float((sums**2).sum()) * n / (n - 1) if n > 1 else 0.0


def _counts(groups: Indexes) -> Floats:
    return np.unique(groups, return_counts=True)[1].astype(float)


def _worth(sizes: Floats) -> float:
    """Return how many equal parts these are worth: (sum of x)^2 / sum of x^2."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def t_quantile(freedom: float, confidence: float = 0.95) -> float:
    """Return the two-sided quantile of Student's t, for 3 degrees of freedom or more.

    Fewer count as 3.

    References
    ----------
    Abramowitz and Stegun (1972), Handbook of Mathematical Functions, 26.7.5.
    """
    z, n = NormalDist().inv_cdf((1 + confidence) / 2), max(freedom, 3.0)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(sum(term / n**power for power, term in enumerate(terms)))
