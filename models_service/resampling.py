"""PURE: intervals of figures that are functions of sums over items, by the bootstrap.

Whole items are drawn with replacement, since the answers to one item are not
independent. A draw is a vector of counts, so a thousand draws are one matrix product.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats

Statistic: TypeAlias = Callable[[Floats], Floats]
CHUNK = 2_000_000


def draws(n_items: int, n_resamples: int, rng: np.random.Generator) -> Floats:
    """Return how often each item is drawn: float [n_resamples, n_items]."""
    drawn = rng.integers(0, max(n_items, 1), size=(n_resamples, n_items))
    drawn += np.arange(n_resamples)[:, None] * n_items
    counts = np.bincount(drawn.ravel(), minlength=n_resamples * n_items)
    return counts.reshape(n_resamples, n_items).astype(float)


def _pattern_draws(
    counts: Floats, n_resamples: int, rng: np.random.Generator
) -> Floats:
    """Return how often each pattern is drawn, where `counts` items are of each."""
    n = counts.sum()
    return rng.multinomial(int(n), counts / n, size=n_resamples).astype(float)


def resample(
    sums: Floats,
    statistic: Statistic,
    rng: np.random.Generator,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return a figure with a percentile interval over resampled items.

    Parameters
    ----------
    sums : float, shape [n_items, k]
        What each item adds to the k sums of which the figure is a function.
    statistic : callable
        From float [n, k], n vectors of sums, to float [n]; NaN where not defined.
    rng : numpy.random.Generator
        The only source of randomness.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.
    """
    n_items = sums.shape[0]
    value = float(statistic(sums.sum(axis=0)[None, :])[0])
    # Items that add the same are drawn together: a few patterns stand for all.
    patterns, counts = np.unique(sums, axis=0, return_counts=True)
    is_few = 0 < 2 * len(patterns) <= n_items
    step = max(1, CHUNK // max(len(patterns) if is_few else n_items, 1))
    found = []
    for start in range(0, n_resamples, step):
        n = min(step, n_resamples - start)
        if is_few:
            found.append(
                statistic(_pattern_draws(counts.astype(float), n, rng) @ patterns)
            )
        else:
            found.append(statistic(draws(n_items, n, rng) @ sums))
    drawn = np.concatenate(found)
    drawn = drawn[~np.isnan(drawn)]
    if n_items < 2 or not drawn.size:
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def ratio(sums: Floats) -> Floats:
    """Return sums[:, 0] / sums[:, 1]; NaN where nothing is counted."""
    return over(sums[:, 0], sums[:, 1])


def over(part: Floats, whole: Floats) -> Floats:
    """Return part / whole; NaN where the whole is not above 0."""
    empty = np.full(whole.shape, np.nan)
    return np.asarray(np.divide(part, whole, out=empty, where=whole > 0))


def difference(sums: Floats) -> Floats:
    """Return (sums[:, 0] - sums[:, 1]) / sums[:, 2]: a paired difference of shares."""
    return over(sums[:, 0] - sums[:, 1], sums[:, 2])


def kappa(sums: Floats) -> Floats:
    """Return Cohen's kappa of tables flattened to [n, k * k].

    Equal to annotation.agreement.cohen_kappa on the same answers.
    """
    k = round(sums.shape[1] ** 0.5)
    tables = sums.reshape(-1, k, k)
    n: Floats = tables.sum(axis=(1, 2))
    observed = np.trace(tables, axis1=1, axis2=2)
    margins = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1)
    return over(n * observed - margins, n * n - margins)


def alpha(sums: Floats) -> Floats:
    """Return Krippendorff's nominal alpha of coincidences flattened to [n, k * k].

    Equal to annotation.agreement.krippendorff_alpha on the same answers.
    """
    k = round(sums.shape[1] ** 0.5)
    coincidences = sums.reshape(-1, k, k)
    margins = coincidences.sum(axis=2)
    n: Floats = margins.sum(axis=1)
    apart = n - np.trace(coincidences, axis1=1, axis2=2)
    expected = n * n - (margins**2).sum(axis=1)
    return np.asarray(1 - over(apart * (n - 1), expected))
