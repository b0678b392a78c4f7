"""PURE: how good probabilities are: reliability, calibration error, Brier.

Which completion is called A is arbitrary, so nothing here may depend on it: every item
counts in both orientations, p and 1 - p, with half its weight in each. That is what
drawing the orientation at random gives on average. Without it, data in which the
chosen one always stands first would make any judge look calibrated or not by accident.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.resampling import over, ratio, resample

Bins = Literal["uniform", "quantile"]


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    half = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1 / (1 + half), half / (1 + half))


@dataclass(frozen=True)
class Bin:
    """One bar of a reliability diagram: what was said, and what people preferred.

    `n`: items in it; each item stands in two bins, p and 1 - p, and counts half.
    """

    low: float
    high: float
    n: float
    mean_p: float
    share: Interval


def both_ways(values: Floats) -> Floats:
    """Return probabilities or labels in both orientations: [v, 1 - v]."""
    return np.concatenate([values, 1 - np.asarray(values, float)])


def edges_of(p: Floats, n_bins: int, kind: Bins = "uniform") -> Floats:
    """Return the edges of the bins, from 0 to 1: even, or at quantiles of p."""
    if kind == "uniform" or not len(p):
        return np.round(np.linspace(0, 1, n_bins + 1), 12)
    inner = np.quantile(both_ways(p), np.linspace(0, 1, n_bins + 1)[1:-1])
    return np.unique(np.concatenate([[0.0], inner, [1.0]]))


def _placed(p: Floats, edges: Floats) -> NDArray[np.intp]:
    # Rounded, so that 1 - 0.9 falls where 0.1 does.
    at = np.searchsorted(edges, np.round(p, 12), side="right") - 1
    return np.clip(at, 0, len(edges) - 2)


def ece(p: Floats, labels: Floats, n_bins: int = 10, kind: Bins = "uniform") -> float:
    """Return the expected calibration error over both orientations, in [0, 1].

    The mean gap between what was said and what people preferred in a bin, weighted by
    the items in it.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), Obtaining Well Calibrated Probabilities Using
    Bayesian Binning; Guo et al. (2017), equation 3.
    """
    if not len(p):
        return float("nan")
    both_p, both_y = both_ways(p), both_ways(labels)
    at = _placed(both_p, edges_of(p, n_bins, kind))
    return float(np.abs(np.bincount(at, weights=both_p - both_y)).sum() / both_p.size)


def brier(p: Floats, labels: Floats) -> float:
    """Return the mean squared distance of probabilities and labels, in [0, 1]."""
    gap = np.asarray(p, float) - np.asarray(labels, float)
    return float(np.mean(gap * gap)) if gap.size else float("nan")


def reliability(
    p: Floats,
    labels: Floats,
    rng: np.random.Generator,
    n_bins: int = 10,
    kind: Bins = "uniform",
    n_resamples: int = 1000,
) -> tuple[Bin, ...]:
    """Return the bars of a reliability diagram, with intervals over resampled items.

    An item is drawn with both its orientations. Empty bins are left out.
    """
    p, labels = np.asarray(p, float), np.asarray(labels, float)
    edges = edges_of(p, n_bins, kind)
    forward, backward = _placed(p, edges), _placed(1 - p, edges)
    bars = []
    for number in np.unique(np.concatenate([forward, backward])):
        ahead, behind = (forward == number) / 2, (backward == number) / 2
        weight = ahead + behind
        hits = ahead * labels + behind * (1 - labels)
        said = float((ahead * p + behind * (1 - p)).sum() / weight.sum())
        sums = np.stack([hits, weight], axis=1)
        share = resample(sums, ratio, rng, n_resamples)
        ends = float(edges[number]), float(edges[number + 1])
        bars.append(Bin(*ends, float(weight.sum()), said, share))
    return tuple(bars)


def ece_interval(
    p: Floats, labels: Floats, rng: np.random.Generator, n_resamples: int
) -> Interval:
    """Return the error in 10 uniform bins, with an interval over resampled items."""
    both_p, both_y = both_ways(p), both_ways(labels)
    at = _placed(both_p, edges_of(p, 10))
    gaps = np.zeros((len(p), 11))
    rows = np.tile(np.arange(len(p)), 2)
    np.add.at(gaps, (rows, at), (both_p - both_y) / 2)
    # The last column counts the items.
    gaps[:, 10] = 1
    return resample(gaps, _mean_gap, rng, n_resamples)


def _mean_gap(sums: Floats) -> Floats:
    return over(np.abs(sums[:, :10]).sum(axis=1), sums[:, 10])


def nll(p: Floats, labels: Floats) -> float:
    """Return the mean negative log-likelihood in nats; probabilities are clipped."""
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p)))
