"""PURE: the proxy reward model: a Bradley-Terry head on frozen features.

It stands in for the reward model that a mix of labels would train: hundreds of mixes
are fitted in a second, since they differ in their labels alone.
"""

from dataclasses import dataclass

import numpy as np

from models_service.heads.data import Block, draw_folds, learn_scales
from models_service.heads.ensemble import log_loss
from models_service.heads.solver import fit_heads, rotate
from routing.features.space import Space
from routing.pairs import Floats, Ints

# Weaker ones let a seed of a few hundred pairs be learned by heart.
RIDGES = np.geomspace(30.0, 300.0, 5)
MAX_STEPS = 200
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Proxy:
    """The features of a pool for a head, scaled.

    `x`: float64 [n, d], features of A minus features of B.
    """

    x: Floats


def proxy_of(form: Floats, space: Space) -> Proxy:
    """Put form and embedding side by side, each block scaled as a whole."""
    n_form, n_all = form.shape[1], form.shape[1] + space.difference.shape[1]
    # A large pool has room for this once.
    raw = np.empty((len(form), n_all))
    raw[:, :n_form], raw[:, n_form:] = form, space.difference
    # The form keeps its size by feature: it is few and, alone, says most.
    scales = learn_scales(raw, [Block("embedding", n_form, n_all)])
    scales[n_form:] *= np.sqrt(n_form)
    raw *= scales
    return Proxy(raw)


def choose_ridge(x: Floats, target: Floats, folds: Ints) -> float:
    """Return the strongest penalty about as good as the best, on unseen prompts.

    About as good: the loss out of fold is within one standard error of the least one.
    On the few hundred pairs of a seed the least one is often far too weak by chance.

    Parameters
    ----------
    target : float64 [n]
        Share of the votes for A, in [0, 1]; a tie is 0.5.
    folds : int64 [n]
        From `folds_of`.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
    section 7.10.1 (the rule of one standard error).
    """
    losses = log_loss(target[:, None], _outside(x, target, folds, RIDGES))
    best = int(losses.mean(axis=0).argmin())
    worse = losses - losses[:, [best]]
    error = worse.std(axis=0) / np.sqrt(len(x))
    return float(RIDGES[np.flatnonzero(worse.mean(axis=0) <= error).max()])


def _outside(x: Floats, target: Floats, folds: Ints, ridges: Floats) -> Floats:
    """Return margins by heads that saw nothing of a pair's fold: [n, n_ridges]."""
    n_folds = int(folds.max()) + 1
    inside = np.stack([folds != fold for fold in range(n_folds)], 1).astype(np.float64)
    rotated = rotate(x)
    theta = fit_heads(
        rotated,
        target,
        np.repeat(inside, len(ridges), axis=1),
        np.tile(ridges, n_folds),
    )
    margins = (rotated.z @ theta).reshape(len(x), n_folds, len(ridges))
    return np.asarray(margins[np.arange(len(x)), folds])


def cross_margins(x: Floats, target: Floats, folds: Ints, ridge: float) -> Floats:
    """Return log-odds towards A, each by a head that saw no pair of its prompt."""
    return np.asarray(_outside(x, target, folds, np.array([ridge]))[:, 0])


def folds_of(group: Ints, n_folds: int, rng: np.random.Generator) -> Ints:
    """Return folds by group; as many as there are groups where those are fewer."""
    n_groups = len(np.unique(group))
    return draw_folds(group, max(1, min(n_folds, n_groups)), rng)


def fit_mixes(x: Floats, targets: Floats, ridge: float) -> Floats:
    r"""Fit a head for each column of labels: float64 [d, m].

    Column j minimises
    :math:`\sum_i \ell(t_{ij}, x_i \theta_j) + \rho |\theta_j|^2 / 2`. The logistic
    curvature is at most 1/4, so one factorised bound serves every step of every column,
    and no step goes uphill.

    Parameters
    ----------
    x : float64 [n, d]
    targets : float64 [n, m]
        Labels in [0, 1] of m mixes of the same pairs.

    References
    ----------
    Boehning and Lindsay (1988), Monotonicity of quadratic-approximation algorithms,
    section 4.
    """
    rotated = rotate(x)
    z = rotated.z
    bound = (0.25 * rotated.power + ridge)[:, None]
    # The columns of z are uncorrelated: the bound is a diagonal.
    theta = np.zeros((z.shape[1], targets.shape[1]))
    size = np.abs(z.T @ (targets - 0.5)).max(initial=1e-12)
    for _ in range(MAX_STEPS):
        chance = 0.5 * (1 + np.tanh(0.5 * (z @ theta)))
        gradient = z.T @ (chance - targets) + ridge * theta
        if np.abs(gradient).max(initial=0.0) <= TOLERANCE * size:
            break
        theta -= gradient / bound
    return np.asarray(rotated.basis @ theta)


def score_margins(share: Floats, margins: Floats) -> tuple[Floats, Floats]:
    """Return the mean log-likelihood and the accuracy of each column of margins.

    `share`: float64 [n], of people's votes for A. Accuracy is over pairs that people
    decided; a margin of 0 is half right.
    """
    likelihood = -log_loss(share[:, None], margins).mean(axis=0)
    sign = np.sign(share - 0.5)
    decided = sign != 0
    hits = 0.5 * (1 + np.sign(margins[decided]) * sign[decided, None])
    n_columns = margins.shape[1]
    accuracy = hits.mean(axis=0) if decided.any() else np.full(n_columns, np.nan)
    return np.asarray(likelihood), np.asarray(accuracy)
