"""PURE: intervals for shares and for coefficients."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from annotation.agreement.coefficients import Agreement, Floats

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


def wilson_interval(n_hits: int, n: int, confidence: float = 0.95) -> Interval:
    """Return a share with Wilson's score interval.

    Raises
    ------
    ValueError
        If n_hits is not between 0 and n.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical
    inference, JASA 22, 209-212.
    """
    if not 0 <= n_hits <= n:
        raise ValueError(f"{n_hits!r} hits of {n!r} are not a share.")
    if n == 0:
        nan = float("nan")
        return Interval(nan, nan, nan)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = n_hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula is exact but its arithmetic is not.
    low = 0.0 if n_hits == 0 else centre - half
    high = 1.0 if n_hits == n else centre + half
    return Interval(share, low, high)


def bootstrap_clusters(
    hits: Counts,
    totals: Counts,
    rng: np.random.Generator,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Return a share of all answers with a percentile interval over resampled people.

    The answers of one person are not independent: who leans to a side does so again
    and again. So whole people are drawn with replacement, with all their answers, and
    the share is sum(hits) / sum(totals) of each draw. With few people the interval is
    too narrow; below two it is NaN.

    Parameters
    ----------
    hits, totals : int64, shape [n_people]
        Of `totals[i]` answers of person i, `hits[i]` are hits.
    rng : numpy.random.Generator
        The only source of randomness.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 3.8:
    resample the upper level of hierarchical data, and the lower one not at all.
    Field and Welsh (2007), Bootstrapping clustered data, JRSS B 69, 369-390.
    """
    nan = float("nan")
    n_people, total = len(hits), int(totals.sum())
    estimate = float(hits.sum() / total) if total else nan
    if n_people < 2 or not total:
        return Interval(estimate, nan, nan)
    draws = rng.integers(0, n_people, size=(n_resamples, n_people))
    drawn = totals[draws].sum(axis=1)
    shares = hits[draws].sum(axis=1)[drawn > 0] / drawn[drawn > 0]
    tail = (1 - confidence) / 2
    low, high = np.quantile(shares, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))


def bootstrap_items(
    ratings: Floats,
    coefficient: Callable[[Floats], Agreement],
    rng: np.random.Generator,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return a coefficient with a percentile interval over resampled items.

    Parameters
    ----------
    ratings : float, shape [n_raters, n_items]
        NaN = no answer. Whole items are drawn with replacement, since the answers to
        one item are not independent.
    rng : numpy.random.Generator
        The only source of randomness.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.
    """
    n_items = ratings.shape[1]
    draws = rng.integers(0, n_items, size=(n_resamples, n_items))
    values = np.array([coefficient(ratings[:, draw]).value for draw in draws])
    values = values[~np.isnan(values)]
    estimate = coefficient(ratings).value
    if not values.size:
        return Interval(estimate, float("nan"), float("nan"))
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))
