"""PURE: intervals for shares and for coefficients."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from annotation.agreement.coefficients import Agreement, Floats


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
