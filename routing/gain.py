"""PURE: what a label of a person is expected to change, learned on the seed.

The default selector. Disagreement of judges is a sign of error only where judges do not
share a bias, so no signal is trusted in advance: how far each one is to be trusted here
is learned from the seed, and where the seed shows nothing, nothing is preferred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.words import gettext as _
from models_service.heads.ensemble import log_loss, probability
from models_service.heads.solver import fit_heads, rotate
from routing.features.bins import Tags, percentile_of
from routing.features.signals import STATES, Signals
from routing.pairs import Bools, Floats, Ints
from routing.proxy import folds_of

RIDGES = np.geomspace(0.3, 1000.0, 8)
N_FOLDS = 5
N_REPEATS = 2
LEAST_ERRORS = 5
LEAST_SEED = 30
# What is learned must beat the base rate by this share of a standard error. On pairs
# without any signal that leaves about one seed in five that seems to show something, as
# the best of several ridges is often a little better by chance; a whole error would
# also give up a quarter of the seeds of 200 that do show something.
LEAST_ERROR_SHARE = 0.5
# How freely each block may speak, before the ridge: prior knowledge, not fitted. That
# judges like the longer answer is known of all of them; forms, products and tags are
# many.
SIGNAL, MEASURE, LENGTH, FORM, CONTRADICTION, PRODUCT = 1.0, 0.5, 2.0, 0.4, 1.0, 0.3
TAG = 0.4
# So free that no ridge holds it: drawn towards an even chance, a fit without any signal
# would beat the base rate wherever half of the labels are wrong.
INTERCEPT = 100.0


@dataclass(frozen=True)
class Design:
    """What the gain is learned from. `x`: float64 [n, d]; `names`: d of them."""

    names: tuple[str, ...]
    x: Floats


@dataclass(frozen=True)
class Gain:
    """The learned gain.

    Attributes
    ----------
    p_wrong : float64 [n]
        Chance that people would give another label than the AI, in [0, 1]; the same
        for all items where the seed shows nothing.
    is_informative : bool
        Whether the seed shows that some items gain more than others.
    note : str
        Why not, as a sentence; empty where it does.
    ridge : float
    cv_gain : float
        By how much the log-loss out of fold is below that of the base rate, in nats.
    weights : dict of float, by the name of the feature
        In log-odds for one standard deviation of the feature.
    """

    p_wrong: Floats
    is_informative: bool
    note: str
    ridge: float
    cv_gain: float
    weights: dict[str, float]


def design_of(
    signals: Signals,
    ai: Floats,
    measures: tuple[Sequence[str], Floats],
    form: tuple[Sequence[str], Floats],
    margin: Floats,
    tags: Tags,
) -> Design:
    """Put together what is known of each item without its label.

    Parameters
    ----------
    ai : float64 [n]
        The side of the AI label.
    measures : names and float64 [n, m]
        Figures of the texts.
    form : names and float64 [n, k]
        Form of A minus form of B, the length first; here it is turned to the side
        that the AI prefers.
    margin : float64 [n]
        Log-odds towards A by a proxy that has not seen the pair's prompt.
    tags : Tags
        What the project says of its items, such as their subject.
    """
    states = _signal_columns(signals, ai)
    turned = {f"chosen {n}": ai * f for n, f in zip(form[0], form[1].T, strict=True)}
    known = dict(zip(measures[0], measures[1].T, strict=True))
    proxy = {
        "contradiction": log_loss((1.0 + ai) / 2.0, margin),
        "margin": np.abs(margin),
    }
    for number in range(signals.confidence.shape[1]):
        sure = signals.confidence[:, number]
        proxy[f"confidence {number + 1}"] = sure
    ranked = {k: _ranked(v) for k, v in {**known, **turned, **proxy}.items()}
    columns = {name: (SIGNAL, _standard(v)) for name, v in states.items()}
    columns |= {name: (MEASURE, ranked[name]) for name in known}
    columns |= {name: (FORM, ranked[name]) for name in turned}
    columns |= {
        name: (TAG, _standard(has.astype(np.float64)))
        for name, has in zip(tags.names, tags.has.T, strict=True)
    }
    first = next(iter(turned))
    columns[first] = (LENGTH, ranked[first])
    columns |= {name: (CONTRADICTION, ranked[name]) for name in proxy}
    n_against = signals.differs[:, : signals.n_judges].sum(axis=1).astype(np.float64)
    if signals.n_judges:
        differs = _standard(n_against)
        columns |= {
            f"disagreement x {name}": (PRODUCT, differs * values)
            for name, values in ranked.items()
        }
    x = np.stack([weight * values for weight, values in columns.values()], axis=1)
    used = x.std(axis=0) > 1e-9
    names = tuple(name for name, keep in zip(columns, used, strict=True) if keep)
    return Design(names, x[:, used])


def _signal_columns(signals: Signals, ai: Floats) -> dict[str, Floats]:
    """Return what the AI and the judges say, as columns of 0 and 1."""
    columns = {"ai: tie": (ai == 0).astype(float), "ai: a": (ai == 1).astype(float)}
    for name, state in zip(signals.names, signals.state.T, strict=True):
        columns[f"{name}: differs"] = ((state == 1) | (state == 2)).astype(float)
        for number, word in enumerate(STATES[1:], start=1):
            columns[f"{name}: {word}"] = (state == number).astype(float)
    if len(signals.names) > 1:
        columns["two differ"] = (signals.differs.sum(axis=1) >= 2).astype(float)
    return columns


def _standard(values: Floats) -> Floats:
    spread = values.std()
    return np.asarray((values - values.mean()) / (spread if spread > 1e-9 else 1.0))


def _ranked(values: Floats) -> Floats:
    """Return percentile ranks, standardised; what is missing is in the middle."""
    ranks = percentile_of(values)
    return _standard(np.where(np.isnan(ranks), 0.5, ranks))


def fit_gain(
    design: Design,
    wrong: Floats,
    seed: Ints,
    group: Ints,
    rng: np.random.Generator,
    is_chosen: Bools | None = None,
) -> Gain:
    """Learn on the seed how likely the AI label is wrong, and say it of every item.

    A ridge logistic regression; the ridge is chosen by cross-validation over groups of
    the seed. Where its loss out of fold is not below that of the base rate by more than
    half a standard error, every item gets the base rate, which is to choose at random.

    Parameters
    ----------
    wrong : float64 [n]
        1 where people's label is not the AI's, read at `seed` only.
    seed : int64
        The rows with labels of people.
    is_chosen : bool [n], optional
        Those whose label was asked for since much was expected of it. They teach what
        tells errors apart, and say nothing of how many there are.
    """
    y = wrong[seed]
    plain = y if is_chosen is None else y[~is_chosen[seed]]
    base = (plain.sum() + 1.0) / (len(plain) + 2.0) if len(plain) else y.mean()
    flat = np.full(len(wrong), base)
    reason = _too_little(y)
    if reason or not design.x.shape[1]:
        reason = reason or _("Nothing tells items apart.")
        return Gain(flat, False, reason, 0.0, 0.0, {})
    x = np.column_stack([design.x, np.full(len(wrong), INTERCEPT)])
    repeats = [folds_of(group[seed], N_FOLDS, rng) for _ in range(N_REPEATS)]
    rotated = rotate(x[seed])
    columns, ridges = _columns(repeats)
    theta = fit_heads(rotated, y, columns, ridges)
    margins = rotated.z @ theta
    outside, flat_loss = _out_of_fold(margins, y, repeats)
    losses = log_loss(y[:, None, None], outside).mean(axis=1)
    best = int(losses.mean(axis=0).argmin())
    better = flat_loss - losses[:, best]
    gained = float(better.mean())
    if gained <= LEAST_ERROR_SHARE * _error(better, group[seed]):
        note = _("The seed does not show which items gain more than others.")
        return Gain(flat, False, note, float(RIDGES[best]), gained, {})
    weights = rotated.basis @ theta[:, len(RIDGES) * -1 + best]
    scale = _calibrate(outside[:, :, best].mean(axis=1), y)
    p_wrong = probability(scale[0] + scale[1] * (x @ weights))
    named = dict(zip(design.names, (scale[1] * weights[:-1]).tolist(), strict=True))
    return Gain(p_wrong, True, "", float(RIDGES[best]), gained, named)


def _error(values: Floats, group: Ints) -> float:
    """Return the standard error of a mean; items of a group are one observation."""
    place = np.unique(group, return_inverse=True)[1]
    sums = np.bincount(place, values - values.mean())
    return float(np.sqrt(np.square(sums).sum()) / len(values))


def _too_little(y: Floats) -> str:
    """Return why nothing can be learned from these labels, or nothing."""
    n_wrong = int(y.sum())
    if len(y) < LEAST_SEED:
        words = _("A seed of {n} items is too small; {least} are needed.")
        return words.format(n=len(y), least=LEAST_SEED)
    if n_wrong < LEAST_ERRORS:
        words = _("The AI differs from people on only {n} items of the seed.")
        return words.format(n=n_wrong)
    if len(y) - n_wrong < LEAST_ERRORS:
        words = _("The AI agrees with people on only {n} items of the seed.")
        return words.format(n=len(y) - n_wrong)
    return ""


def _columns(repeats: Sequence[Ints]) -> tuple[Floats, Floats]:
    """Return weights and ridges of all fits: by repeat, fold and ridge, then whole."""
    inside = [folds != fold for folds in repeats for fold in range(folds.max() + 1)]
    inside.append(np.ones(len(repeats[0]), dtype=bool))
    weights = np.stack(inside, axis=1).astype(np.float64)
    return np.repeat(weights, len(RIDGES), axis=1), np.tile(RIDGES, len(inside))


def _out_of_fold(
    margins: Floats, y: Floats, repeats: Sequence[Ints]
) -> tuple[Floats, Floats]:
    """Return margins out of fold [n, n_repeats, n_ridges], and the base rate's loss."""
    rows, start = np.arange(len(y)), 0
    outside, flat = [], np.zeros(len(y))
    for folds in repeats:
        n_folds = int(folds.max()) + 1
        stop = start + n_folds * len(RIDGES)
        found = margins[:, start:stop].reshape(len(y), n_folds, len(RIDGES))
        outside.append(found[rows, folds])
        for fold in range(n_folds):
            inside = folds != fold
            rate = (y[inside].sum() + 1.0) / (inside.sum() + 2.0)
            odds = np.log(rate / (1 - rate))
            flat[~inside] += log_loss(y[~inside], np.array(odds)) / len(repeats)
        start = stop
    return np.stack(outside, axis=1), flat


def _calibrate(margin: Floats, y: Floats) -> tuple[float, float]:
    """Return intercept and slope that put margins out of fold right (Platt).

    The slope lies in [0, 1.5]: the fit may be drawn back, and hardly drawn out.
    """
    x = np.column_stack([margin, np.ones(len(margin))])
    rotated = rotate(x)
    ones = np.ones((len(y), 1))
    theta = fit_heads(rotated, y, ones, np.array([0.1]))
    slope, intercept = (rotated.basis @ theta)[:, 0]
    return float(intercept), float(np.clip(slope, 0.05, 1.5))
