"""PURE: how good a head is beside a baseline, with intervals over resampled prompts."""

from dataclasses import dataclass

import numpy as np

from annotation.agreement.intervals import Interval
from models_service.heads.data import Floats, Ints, PairData
from models_service.heads.ensemble import log_loss
from models_service.heads.solver import fit_heads, rotate

N_RESAMPLES = 1000
CHANCE_LOSS = float(np.log(2))


@dataclass(frozen=True)
class FitFigures:
    """How well margins fit the labels.

    `accuracy` and `auc`: of the pairs on which a side has more votes, each pair once,
    whichever completion is called A. `log_loss`: in nats per vote; log 2 is chance.
    """

    accuracy: Interval
    auc: Interval
    log_loss: Interval


@dataclass(frozen=True)
class Comparison:
    """Two sets of margins on the same pairs; `gain` and `loss_gain` are paired."""

    n_pairs: int
    n_decided: int
    n_groups: int
    scores: FitFigures
    baseline: FitFigures
    accuracy_gain: Interval
    log_loss_gain: Interval


def baseline_margins(data: PairData, column: int, folds: Ints) -> Floats:
    """Return margins from one feature alone, fitted out of fold: float64 [n]."""
    n_folds = int(folds.max()) + 1
    one = data.x[:, [column]]
    size = float(np.sqrt(np.mean(np.square(one))))
    if not size:
        return np.zeros(data.n)
    weights = np.stack([data.weight * (folds != fold) for fold in range(n_folds)], 1)
    rotated = rotate(one / size)
    theta = fit_heads(rotated, data.target, weights, np.full(n_folds, 1e-3))
    return np.asarray((rotated.z @ theta)[np.arange(data.n), folds])


def weighted_auc(margin: Floats, sign: Floats, counts: Floats) -> Floats:
    """Return the AUC of margins, for each column of counts: float64 [m].

    Each pair stands there both ways round, (margin, sign) and (-margin, -sign), so
    that it does not matter which completion is called A. Equal margins count half.

    Parameters
    ----------
    margin, sign : float64, shape [n]
        `sign` is 1 where A is preferred and -1 where B is.
    counts : float64, shape [n, m]
        How often each pair is there.
    """
    both = np.concatenate([margin, -margin])
    is_a = np.concatenate([sign, -sign]) > 0
    values, place = np.unique(both, return_inverse=True)
    doubled = np.vstack([counts, counts])
    wins = np.zeros((len(values), counts.shape[1]))
    losses = np.zeros_like(wins)
    np.add.at(wins, place[is_a], doubled[is_a])
    np.add.at(losses, place[~is_a], doubled[~is_a])
    below = np.cumsum(losses, axis=0) - losses
    total = wins.sum(axis=0) * losses.sum(axis=0)
    area = (wins * (below + losses / 2)).sum(axis=0)
    nan = np.full_like(total, np.nan)
    return np.asarray(np.divide(area, total, out=nan, where=total > 0))


def compare(
    data: PairData,
    margin: Floats,
    baseline: Floats,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> Comparison:
    """Compare margins with baseline margins on pairs that neither was fitted on."""
    names, place = np.unique(data.group, return_inverse=True)
    drawn = rng.multinomial(
        len(names), np.full(len(names), 1 / len(names)), n_resamples
    ).T.astype(np.float64)
    counts = np.column_stack([np.ones(len(names)), drawn])
    resampled = _Resampled(data, np.asarray(place), counts)
    hits, base_hits = resampled.accuracy(margin), resampled.accuracy(baseline)
    losses, base_losses = resampled.log_loss(margin), resampled.log_loss(baseline)
    auc, base_auc = resampled.auc(margin), resampled.auc(baseline)
    return Comparison(
        n_pairs=data.n,
        n_decided=int((data.label != 0.5).sum()),
        n_groups=len(names),
        scores=FitFigures(*map(_interval, (hits, auc, losses))),
        baseline=FitFigures(*map(_interval, (base_hits, base_auc, base_losses))),
        accuracy_gain=_interval(hits - base_hits),
        log_loss_gain=_interval(base_losses - losses),
    )


@dataclass(frozen=True)
class _Resampled:
    """Figures on the pairs themselves (column 0) and on resamples of their prompts."""

    data: PairData
    place: Ints
    counts: Floats

    def accuracy(self, margin: Floats) -> Floats:
        """Return the share of decided pairs on which the sign is right."""
        sign = np.sign(self.data.label - 0.5)
        hits = 0.5 * (1 + np.sign(margin) * sign)
        return self._ratio(hits, (sign != 0).astype(np.float64))

    def log_loss(self, margin: Floats) -> Floats:
        """Return the loss per vote."""
        return self._ratio(log_loss(self.data.label, margin), self.data.weight)

    def auc(self, margin: Floats) -> Floats:
        """Return the AUC on decided pairs, with a fifth of the resamples."""
        sign = np.sign(self.data.label - 0.5)
        rows = sign != 0
        n_columns = max(2, self.counts.shape[1] // 5)
        counts = self.counts[:, :n_columns][self.place[rows]]
        return weighted_auc(margin[rows], sign[rows], counts)

    def _ratio(self, values: Floats, weight: Floats) -> Floats:
        n = len(self.counts)
        above = np.bincount(self.place, values * weight, minlength=n)
        below = np.bincount(self.place, weight, minlength=n)
        total = below @ self.counts
        nan = np.full_like(total, np.nan)
        return np.asarray(
            np.divide(above @ self.counts, total, out=nan, where=total > 0)
        )


def _interval(values: Floats) -> Interval:
    """Return the first value with the percentiles of the others."""
    others = values[1:][np.isfinite(values[1:])]
    if not others.size:
        return Interval(float(values[0]), float("nan"), float("nan"))
    low, high = np.quantile(others, [0.025, 0.975])
    return Interval(float(values[0]), float(low), float(high))
