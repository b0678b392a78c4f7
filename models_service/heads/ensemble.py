"""PURE: an ensemble of heads on resampled prompts, and how strongly it prefers.

The members differ by the prompts they were trained on (a bootstrap), since for a convex
loss the order of the data makes no difference at all. What is said of a labelled pair
comes from members that never saw its prompt: a head that has seen a wrong label may
have learned it by heart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_service.heads.data import (
    Block,
    Floats,
    Ints,
    PairData,
    draw_bootstrap,
    draw_folds,
    learn_scales,
)
from models_service.heads.solver import Rotated, fit_heads, rotate

N_MEMBERS = 5
N_FOLDS = 5
RIDGES = np.logspace(-2, 3, 11)
TEMPERATURES = np.geomspace(0.05, 50, 400)
FIRST_OF_CURVE = 50


@dataclass(frozen=True)
class Strength:
    """How strongly each pair is preferred, in log-odds (nats) towards A.

    `mean` and `sd`: float64 [n], over the members; the spread is what the members do
    not agree on, and shrinks as labels come.
    """

    mean: Floats
    sd: Floats

    @property
    def p_a(self) -> Floats:
        """Return P(A preferred), in [0, 1]."""
        return probability(self.mean)


@dataclass(frozen=True)
class CurvePoint:
    """Trained on so many pairs, how the head does on pairs of other prompts."""

    n_pairs: int
    log_loss: float
    accuracy: float


@dataclass(frozen=True)
class Suspicion:
    """A pair on which the ensemble contradicts the label; for people to look at.

    `margin` < 0: log-odds towards what the label says. `sd`: its spread.
    """

    row: int
    margin: float
    sd: float


@dataclass(frozen=True)
class Ensemble:
    """A trained head.

    Attributes
    ----------
    weights : float64, shape [d, n_members]
        For raw features; `features @ weights` is the reward of a completion, by
        member, and a difference of two rewards is a log-odds.
    ridge : float
        The penalty that cross-validation chose.
    temperature : float
        By which the weights were divided so that probabilities are calibrated.
    out_of_fold : Strength or None
        Of the pairs it was trained on, by members that saw none of their prompt; None
        for an ensemble that was stored and loaded.
    folds : int64 [n] or None
    losses : tuple of (ridge, log-loss per vote out of fold)
    curve : tuple of CurvePoint
    """

    weights: Floats
    ridge: float
    temperature: float
    out_of_fold: Strength | None = None
    folds: Ints | None = None
    losses: tuple[tuple[float, float], ...] = ()
    curve: tuple[CurvePoint, ...] = ()

    def rewards(self, features: Floats) -> Floats:
        """Return the reward of each completion by member: float64 [n, n_members]."""
        return np.asarray(features @ self.weights)

    def strength(self, x: Floats) -> Strength:
        """Return the strength of new pairs, from their differences of features."""
        return strength_of(x @ self.weights)


def strength_of(margins: Floats) -> Strength:
    """Return mean and sample sd over members of margins [n, n_members]."""
    return Strength(margins.mean(axis=1), margins.std(axis=1, ddof=1))


def probability(margin: Floats) -> Floats:
    """Return 1 / (1 + exp(-margin)); P(A, B) + P(B, A) is 1 to the last digit."""
    small = np.exp(-np.abs(margin))
    small = small / (1 + small)
    return np.asarray(np.where(margin < 0, small, 1 - small))


def log_loss(label: Floats, margins: Floats) -> Floats:
    """Return the loss of one vote on each pair, in nats; shapes must broadcast."""
    return np.asarray(np.logaddexp(0.0, margins) - label * margins)


def fit_ensemble(
    data: PairData,
    blocks: Sequence[Block],
    rng: np.random.Generator,
    *,
    n_members: int = N_MEMBERS,
    n_folds: int = N_FOLDS,
    ridges: Floats = RIDGES,
) -> Ensemble:
    """Train the members, choose the ridge, calibrate, and score out of fold.

    Everything that is chosen by looking at labels is chosen on pairs of prompts that
    the fit has not seen. Fewer prompts than folds make as many folds as prompts.

    Raises
    ------
    ValueError
        With fewer than two prompts, or if nothing tells the completions apart.
    NotConvergedError
        See fit_heads.
    """
    folds = draw_folds(data.group, max(2, min(n_folds, data.n_groups)), rng)
    scales = learn_scales(data.x, blocks)
    if not scales.any():
        raise ValueError("no feature tells the completions of any pair apart")
    rotated = rotate(data.x * scales)
    losses = _cross_validate(data, rotated, folds, ridges)
    ridge = float(ridges[int(np.argmin(losses))])
    inside = [folds != fold for fold in range(folds.max() + 1)]
    everything = np.ones(data.n, dtype=bool)
    drawn = [draw_bootstrap(data.group, n_members, rng, rows) for rows in inside]
    drawn.append(draw_bootstrap(data.group, n_members, rng, everything))
    sizes, nested = _nested(data, inside, rng)
    weights = np.hstack([*drawn, nested]) * data.weight[:, None]
    chosen = np.full(weights.shape[1], ridge)
    theta = fit_heads(rotated, data.target, weights, chosen)
    margins = rotated.z @ theta
    n_outside = n_members * len(inside)
    outside = _outside(margins[:, :n_outside], folds, n_members)
    temperature = _temperature(data, outside.mean(axis=1))
    members = theta[:, n_outside : n_outside + n_members]
    return Ensemble(
        weights=(rotated.basis @ members) * scales[:, None] / temperature,
        ridge=ridge,
        temperature=temperature,
        out_of_fold=strength_of(outside / temperature),
        folds=folds,
        losses=tuple(zip(ridges.tolist(), losses.tolist(), strict=True)),
        curve=_curve(data, sizes, margins[:, n_outside + n_members :], folds),
    )


def _cross_validate(
    data: PairData, rotated: Rotated, folds: Ints, ridges: Floats
) -> Floats:
    """Return the mean loss of a vote out of fold for each ridge."""
    n_folds = int(folds.max()) + 1
    weights = np.stack([data.weight * (folds != fold) for fold in range(n_folds)], 1)
    repeated = np.repeat(weights, len(ridges), axis=1)
    theta = fit_heads(rotated, data.target, repeated, np.tile(ridges, n_folds))
    outside = _outside(rotated.z @ theta, folds, len(ridges))
    losses = log_loss(data.target[:, None], outside) * data.weight[:, None]
    return np.asarray(losses.sum(axis=0) / data.weight.sum())


def _outside(margins: Floats, folds: Ints, n_each: int) -> Floats:
    """Pick for each row the columns of the fits that left its fold out."""
    by_fold = margins.reshape(len(margins), -1, n_each)
    return np.asarray(by_fold[np.arange(len(margins)), folds])


def _temperature(data: PairData, margin: Floats) -> float:
    """Return the temperature with the least loss on the labels out of fold."""
    losses = [
        float((log_loss(data.label, margin / t) * data.weight).sum())
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _nested(
    data: PairData, inside: Sequence[NDArray[np.bool_]], rng: np.random.Generator
) -> tuple[list[int], Floats]:
    """Return sizes of growing subsets of prompts, and the columns that choose them.

    Column size * n_folds + fold holds the pairs of that subset outside that fold.
    """
    names, inverse, counts = np.unique(
        data.group, return_inverse=True, return_counts=True
    )
    order = rng.permutation(len(names))
    # The number of pairs up to and with each prompt, in a random order of prompts.
    until = np.zeros(len(names), dtype=np.int64)
    until[order] = np.cumsum(counts[order])
    reach = until[inverse]
    wanted: list[int] = []
    size = FIRST_OF_CURVE
    while size < data.n:
        if (reach <= size).any():
            wanted.append(size)
        size *= 2
    sizes = [*wanted, data.n]
    columns = [rows & (reach <= size) for size in sizes for rows in inside]
    n_trained = [
        int(sum(columns[k * len(inside) + f].sum() for f in range(len(inside))))
        for k in range(len(sizes))
    ]
    return (
        [round(n / len(inside)) for n in n_trained],
        np.stack(columns, axis=1).astype(np.float64),
    )


def _curve(
    data: PairData, sizes: Sequence[int], margins: Floats, folds: Ints
) -> tuple[CurvePoint, ...]:
    n_folds = int(folds.max()) + 1
    by_size = margins.reshape(len(margins), len(sizes), n_folds)
    outside = by_size[np.arange(len(margins)), :, folds]
    losses = log_loss(data.label[:, None], outside) * data.weight[:, None]
    mean = losses.sum(axis=0) / data.weight.sum()
    is_decided = data.label != 0.5
    sign = np.sign(data.label - 0.5)[:, None]
    hits = (0.5 * (1 + np.sign(outside) * sign))[is_decided].mean(axis=0)
    return tuple(
        CurvePoint(size, float(loss), float(hit))
        for size, loss, hit in zip(sizes, mean, hits, strict=True)
    )


def suspicious_pairs(label: Floats, strength: Strength) -> list[Suspicion]:
    """Return the pairs on which the ensemble contradicts the label, the worst first.

    `strength` must be out of fold. A tie contradicts nobody. A suspicion is a reason
    to ask people again, and never to change a label: on planted errors about half of
    the pairs below 0 are right as they are.
    """
    sign = np.sign(label - 0.5)
    margin = sign * strength.mean
    against = np.flatnonzero(margin < 0)
    order = against[np.argsort(margin[against], kind="stable")]
    return [
        Suspicion(int(row), float(margin[row]), float(strength.sd[row]))
        for row in order
    ]
