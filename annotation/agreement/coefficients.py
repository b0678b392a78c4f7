"""PURE: percent agreement, Cohen's and Fleiss's kappa, Krippendorff's alpha."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True)
class Agreement:
    """A coefficient and how many items and pairs of answers it rests on.

    `value` is NaN where it is not defined: no item has two answers, or every answer
    is the same so that chance alone would agree.
    """

    value: float
    n_items: int
    n_pairs: int


def percent_agreement(ratings: Floats) -> Agreement:
    """Return the share of pairs of answers to the same item that are equal.

    Parameters
    ----------
    ratings : float, shape [n_raters, n_items]
        One category per cell; NaN = no answer.

    Returns
    -------
    Agreement
        value in [0, 1]; every pair of raters of an item counts once.
    """
    counts, _ = _counts(ratings)
    n = counts.sum(axis=1)
    pairs = n * (n - 1) / 2
    equal = (counts * (counts - 1) / 2).sum()
    total = pairs.sum()
    value = float(equal / total) if total else float("nan")
    return Agreement(value, int((n >= 2).sum()), int(total))


def cohen_kappa(first: Floats, second: Floats) -> Agreement:
    """Return Cohen's kappa of two raters.

    Parameters
    ----------
    first, second : float, shape [n_items]
        One category per item; items that either left out (NaN) are dropped.

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales, equation 1.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    a, b = first[both], second[both]
    categories = np.union1d(a, b)
    shares_a = np.array([(a == c).mean() for c in categories]) if a.size else a
    shares_b = np.array([(b == c).mean() for c in categories]) if b.size else b
    expected = float(shares_a @ shares_b)
    observed = float((a == b).mean()) if a.size else float("nan")
    return Agreement(_over_chance(observed, expected), int(a.size), int(a.size))


def fleiss_kappa(ratings: Floats) -> Agreement:
    """Return Fleiss's kappa.

    Parameters
    ----------
    ratings : float, shape [n_raters, n_items]
        NaN = no answer. Items with fewer than two answers are dropped; with unequal
        numbers of answers each item's agreement has equal weight.

    References
    ----------
    Fleiss (1971), Measuring nominal scale agreement among many raters, equation 7.
    """
    counts, _ = _counts(ratings)
    n = counts.sum(axis=1)
    counts, n = counts[n >= 2], n[n >= 2]
    if not n.size:
        return Agreement(float("nan"), 0, 0)
    per_item = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    shares = counts.sum(axis=0) / counts.sum()
    value = _over_chance(float(per_item.mean()), float((shares**2).sum()))
    return Agreement(value, int(n.size), int((n * (n - 1) / 2).sum()))


def krippendorff_alpha(ratings: Floats, level: Level = "nominal") -> Agreement:
    """Return Krippendorff's alpha.

    Parameters
    ----------
    ratings : float, shape [n_raters, n_items]
        NaN = no answer. Items with fewer than two answers are dropped.
    level : {"nominal", "ordinal", "interval"}
        What a difference between two categories means.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability, sections C to E:
    alpha = 1 - D_observed / D_expected over the coincidence matrix.
    """
    counts, categories = _counts(ratings)
    n = counts.sum(axis=1)
    counts, n = counts[n >= 2], n[n >= 2]
    if not n.size:
        return Agreement(float("nan"), 0, 0)
    weighted = counts / (n - 1)[:, None]
    coincidences = weighted.T @ counts - np.diag(weighted.sum(axis=0))
    margins = coincidences.sum(axis=1)
    distances = _DISTANCES[level](categories, margins)
    expected = float(margins @ distances @ margins) / (margins.sum() - 1)
    observed = float((coincidences * distances).sum())
    value = 1 - observed / expected if expected else float("nan")
    return Agreement(value, int(n.size), int((n * (n - 1) / 2).sum()))


def _over_chance(observed: float, expected: float) -> float:
    if expected >= 1:
        return float("nan")
    return (observed - expected) / (1 - expected)


def _counts(ratings: Floats) -> tuple[Floats, Floats]:
    """Return how often each item got each category, [n_items, k], and the k."""
    given = ~np.isnan(ratings)
    categories, codes = np.unique(ratings[given], return_inverse=True)
    items = np.nonzero(given)[1]
    counts = np.zeros((ratings.shape[1], categories.size))
    np.add.at(counts, (items, codes), 1)
    return counts, categories


def _nominal(categories: Floats, margins: Floats) -> Floats:
    return 1.0 - np.eye(categories.size)


def _interval(categories: Floats, margins: Floats) -> Floats:
    return np.asarray((categories[:, None] - categories[None, :]) ** 2)


def _ordinal(categories: Floats, margins: Floats) -> Floats:
    """Squared number of answers between two categories, half of each end counted."""
    below = np.cumsum(margins) - margins / 2
    return np.asarray((below[:, None] - below[None, :]) ** 2)


_DISTANCES: dict[Level, Callable[[Floats, Floats], Floats]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}
