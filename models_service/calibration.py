"""PURE: what turns a machine's evidence into probabilities, fitted on people's labels.

Called with the labels of items that people and the machine both judged. Nothing here
depends on which completion is called A (models_service.reliability says how).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.reliability import (
    Bin,
    Bins,
    brier,
    ece,
    ece_interval,
    nll,
    reliability,
    sigmoid,
)

Method = Literal["temperature", "isotonic"]

# So many items that bear the machine's own probabilities out are added to a fit, so
# that a handful of labels does not send the temperature to one of its ends.
PRIOR_ITEMS = 10.0
LOWEST, HIGHEST = 0.05, 100.0
# An isotonic map has as many steps as the data bear; below this it is noise.
ISOTONIC_ITEMS = 1000
# Below this many labels a calibration is told to be provisional.
ENOUGH_ITEMS = 100
N_FOLDS = 5


class Calibrator(Protocol):
    """What turns evidence into a probability."""

    def probabilities(self, logits: Floats) -> Floats:
        """Return P(completion 0 is preferred) of each logit, in [0, 1]."""


# --- temperature -------------------------------------------------------------------


@dataclass(frozen=True)
class Temperature:
    """p = sigmoid(logit / value). Above 1 = the machine was too sure."""

    value: float
    n_items: int

    def probabilities(self, logits: Floats) -> Floats:
        """Return P(completion 0 is preferred) of each logit, in [0, 1]."""
        return sigmoid(np.asarray(logits, float) / self.value)


def fit_temperature(
    logits: Floats, labels: Floats, prior_items: float = PRIOR_ITEMS
) -> Temperature:
    """Return the temperature with the least negative log-likelihood.

    That is convex in 1 / T; the root of its gradient is found by bisection. A prior
    worth `prior_items` items pulls towards T = 1: it holds each logit to be right.

    Parameters
    ----------
    logits : float, shape [n_items]
        Evidence for completion 0, in nats, before any temperature.
    labels : float, shape [n_items]
        Share of people who prefer completion 0, in [0, 1]; a tie is 1/2.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks,
    section 4.2, equation 9.
    """
    x, y = _checked(logits, labels)
    if not np.any(x):
        return Temperature(1.0, x.size)
    target = (x.size * y + prior_items * sigmoid(x)) / (x.size + prior_items)

    def gradient(log_slope: float) -> float:
        return float(x @ (sigmoid(np.exp(log_slope) * x) - target))

    low, high = -np.log(HIGHEST), -np.log(LOWEST)
    if gradient(low) >= 0:
        return Temperature(HIGHEST, x.size)
    if gradient(high) <= 0:
        return Temperature(LOWEST, x.size)
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if gradient(middle) < 0 else (low, middle)
    return Temperature(float(np.exp(-(low + high) / 2)), x.size)


def _checked(logits: Floats, labels: Floats) -> tuple[Floats, Floats]:
    x, y = np.asarray(logits, float), np.asarray(labels, float)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"{x.shape!r} logits do not match {y.shape!r} labels.")
    if not np.all(np.isfinite(x)) or np.any((y < 0) | (y > 1)) or np.any(np.isnan(y)):
        raise ValueError("logits must be finite, and labels in [0, 1]")
    return x, y


# --- isotonic ----------------------------------------------------------------------


@dataclass(frozen=True)
class Isotonic:
    """A rising map from logits to probabilities, linear between `knots`.

    Of every knot x, -x is one too, with 1 - p: the map does not depend on which
    completion is called A.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    n_items: int

    def probabilities(self, logits: Floats) -> Floats:
        """Return P(completion 0 is preferred) of each logit, in [0, 1]."""
        if not self.knots:
            return np.full(np.shape(logits), 0.5)
        x = np.asarray(logits, float)
        return np.asarray(np.interp(x, self.knots, self.values))


def fit_isotonic(logits: Floats, labels: Floats) -> Isotonic:
    """Return the rising map with the least squared error, over both orientations.

    Parameters as of `fit_temperature`.

    References
    ----------
    Zadrozny and Elkan (2002), Transforming classifier scores into accurate multiclass
    probability estimates, section 4; Barlow et al. (1972), Statistical Inference under
    Order Restrictions: pool adjacent violators.
    """
    x, y = _checked(logits, labels)
    both_x, both_y = np.concatenate([x, -x]), np.concatenate([y, 1 - y])
    knots, at = np.unique(both_x, return_inverse=True)
    weights = np.bincount(at, minlength=knots.size).astype(float)
    means = np.bincount(at, weights=both_y, minlength=knots.size) / weights
    values = pooled(means, weights)
    return Isotonic(tuple(knots.tolist()), tuple(values.tolist()), x.size)


def pooled(means: Floats, weights: Floats) -> Floats:
    """Return the rising values nearest to `means` in weighted least squares."""
    blocks: list[tuple[float, float, int]] = []
    for mean, weight in zip(means.tolist(), weights.tolist(), strict=True):
        n = 1
        while blocks and blocks[-1][0] >= mean:
            before, its_weight, its_n = blocks.pop()
            mean = (before * its_weight + mean * weight) / (its_weight + weight)
            weight, n = weight + its_weight, n + its_n
        blocks.append((mean, weight, n))
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks])


def fit(method: Method, logits: Floats, labels: Floats) -> Temperature | Isotonic:
    """Return a calibrator fitted by a method."""
    if method == "isotonic":
        return fit_isotonic(logits, labels)
    return fit_temperature(logits, labels)


def default_method(n_items: int) -> Method:
    """Return the method that so many labels bear."""
    return "isotonic" if n_items >= ISOTONIC_ITEMS else "temperature"


def cross_fitted(
    logits: Floats,
    labels: Floats,
    groups: Sequence[object],
    rng: np.random.Generator,
    method: Method = "temperature",
    n_folds: int = N_FOLDS,
) -> Floats:
    """Return each item's probability by a calibrator that has not seen its group.

    Parameters
    ----------
    groups : sequence, length n_items
        Items of one group, such as those of one prompt, stay in one fold.

    Returns
    -------
    float, shape [n_items]
        In [0, 1]; NaN throughout where there are fewer than two groups.
    """
    x, y = _checked(logits, labels)
    places: dict[object, int] = {}
    ids = np.array([places.setdefault(group, len(places)) for group in groups], int)
    found = np.full(x.size, np.nan)
    if len(places) < 2:
        return found
    folds = (rng.permutation(len(places)) % min(n_folds, len(places)))[ids]
    for fold in np.unique(folds):
        out = folds == fold
        found[out] = fit(method, x[~out], y[~out]).probabilities(x[out])
    return found


# --- the whole report --------------------------------------------------------------


@dataclass(frozen=True)
class Calibration:
    """How calibrated a machine is before and after, on items its fit has not seen.

    `ece_by_bins`: by kind and number of bins, after. Intervals: resampled items.
    `is_provisional`: too few labels to rest anything on.
    """

    method: Method
    calibrator: Temperature | Isotonic
    n_items: int
    is_provisional: bool
    ece_before: Interval
    ece_after: Interval
    ece_by_bins: tuple[tuple[Bins, int, float], ...]
    brier_before: float
    brier_after: float
    nll_before: float
    nll_after: float
    bars_before: tuple[Bin, ...]
    bars_after: tuple[Bin, ...]


def calibrate(
    logits: Floats,
    labels: Floats,
    groups: Sequence[object],
    rng: np.random.Generator,
    method: Method | None = None,
    n_resamples: int = 500,
) -> Calibration:
    """Fit a calibrator on all labels, and tell what it does on labels it has not seen.

    Parameters as of `fit_temperature` and `cross_fitted`; without a method, the one
    that so many labels bear.
    """
    x, y = _checked(logits, labels)
    chosen = method or default_method(x.size)
    before = sigmoid(x)
    after = cross_fitted(x, y, groups, rng, chosen)
    if np.any(np.isnan(after)):
        after = np.zeros(0)
    seen = y if after.size else after
    kinds: tuple[tuple[Bins, int], ...] = (
        *((("uniform"), n) for n in (5, 10, 20)),
        ("quantile", 10),
    )
    return Calibration(
        method=chosen,
        calibrator=fit(chosen, x, y),
        n_items=x.size,
        is_provisional=x.size < ENOUGH_ITEMS,
        ece_before=ece_interval(before, y, rng, n_resamples),
        ece_after=ece_interval(after, seen, rng, n_resamples),
        ece_by_bins=tuple((kind, n, ece(after, seen, n, kind)) for kind, n in kinds),
        brier_before=brier(before, y),
        brier_after=brier(after, seen),
        nll_before=nll(before, y) if x.size else float("nan"),
        nll_after=nll(after, seen) if after.size else float("nan"),
        bars_before=reliability(before, y, rng, n_resamples=n_resamples),
        bars_after=reliability(after, seen, rng, n_resamples=n_resamples),
    )


# --- the tie band ------------------------------------------------------------------


@dataclass(frozen=True)
class TieBand:
    """Half the width about 1/2 in which a probability is a tie, and what it gives."""

    width: float
    agreement: float
    agreement_without: float


def fit_tie_band(p: Floats, choices: Floats) -> TieBand:
    """Return the band that agrees best with people; the narrowest of equal ones.

    Parameters
    ----------
    p : float, shape [n_items]
        Calibrated P(completion 0 is preferred).
    choices : float, shape [n_items]
        What most people say: 1 = completion 0, -1 = completion 1, 0 = tie.
    """
    lead = np.asarray(p, float) - 0.5
    if not lead.size:
        return TieBand(0.0, float("nan"), float("nan"))
    widths, at = np.unique(np.abs(lead), return_inverse=True)
    # As the band grows past an item, that item becomes a tie.
    is_right = np.sign(lead) == choices
    is_tie = np.asarray(choices) == 0
    change = is_tie.astype(float) - is_right
    gains = np.cumsum(np.bincount(at, weights=change, minlength=widths.size))
    totals = np.concatenate([[0.0], gains]) + is_right.sum()
    best = int(np.argmax(totals))
    width = 0.0 if best == 0 else float(widths[best - 1])
    without = float(is_right.mean())
    return TieBand(width, float(totals[best] / lead.size), without)
