"""PURE: many ridge logistic regressions on the same pairs at once.

Folds, ridges and resamples differ only in their weights and ridge, so all of them are
fitted together, and the work is a few large matrix products.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models_service.heads.data import Floats

MAX_STEPS = 60
MAX_INNER = 40
MAX_HALVINGS = 30
TOLERANCE = 1e-6


class NotConvergedError(ArithmeticError):
    """A fit did not come to its minimum; its weights would mean nothing."""


@dataclass(frozen=True)
class Rotated:
    """The features in the directions of their own spread: `x` = `z @ basis.T`.

    `z`: float64 [n, r], uncorrelated columns; `basis`: float64 [d, r], orthonormal;
    r <= min(n, d). A ridge penalty is the same in both, since lengths are kept.
    """

    z: Floats
    basis: Floats

    @cached_property
    def power(self) -> Floats:
        """Return the sum of squares of each column: float64 [r]."""
        return np.asarray(np.square(self.z).sum(axis=0))


def rotate(x: Floats) -> Rotated:
    """Rotate the features, by the smaller of the two Gram matrices."""
    n, d = x.shape
    if n >= d:
        values, basis = np.linalg.eigh(x.T @ x)
        basis = basis[:, values > 1e-12 * max(values[-1], 1e-300)]
        return Rotated(x @ basis, basis)
    values, left = np.linalg.eigh(x @ x.T)
    keep = values > 1e-12 * max(values[-1], 1e-300)
    root = np.sqrt(values[keep])
    return Rotated(left[:, keep] * root, (x.T @ left[:, keep]) / root)


def fit_heads(
    rotated: Rotated, target: Floats, weights: Floats, ridges: Floats
) -> Floats:
    r"""Fit a head for each column of weights, without an intercept.

    Column j minimises
    :math:`\sum_i w_{ij} \ell(t_i, z_i \theta_j) + \rho_j |\theta_j|^2 / 2` with the
    logistic loss :math:`\ell`, by Newton's method; each step is solved by conjugate
    gradients. Swapping A and B of any pair changes nothing, as there is no intercept.

    Parameters
    ----------
    target : float64, shape [n]
        In [0, 1].
    weights : float64, shape [n, m]
        Not below 0; 0 leaves a pair out.
    ridges : float64, shape [m]
        Above 0.

    Returns
    -------
    float64, shape [r, m]
        Weights for the columns of `rotated.z`.

    Raises
    ------
    NotConvergedError
        If a column has not come to its minimum in MAX_STEPS steps.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, algorithm 7.1 (line search
    Newton-CG).
    """
    z, ridge = rotated.z, np.asarray(ridges, dtype=np.float64)[None, :]
    theta = np.zeros((z.shape[1], weights.shape[1]))
    # Where votes outweigh each other the gradient at 0 is rounding alone, and no start.
    least = 1e-6 * _norms(np.abs(z).T @ weights)
    start = _norms(z.T @ (weights * (0.5 - target[:, None])))
    start = np.maximum(start, np.maximum(least, 1e-12))
    margins = z @ theta
    for _ in range(MAX_STEPS):
        p = _sigmoid(margins)
        gradient = z.T @ (weights * (p - target[:, None])) + ridge * theta
        if (_norms(gradient) <= TOLERANCE * start).all():
            return theta
        curvature = weights * p * (1 - p)
        step = _solve(rotated, curvature, ridge, gradient)
        theta, margins = _search(
            z, target, weights, ridge, (theta, margins), (step, gradient)
        )
    worst = float((_norms(gradient) / start).max())
    raise NotConvergedError(f"the gradient is still {worst:.2g} of its start")


def _sigmoid(margins: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * margins)))


def _norms(columns: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(columns).sum(axis=0)))


def _solve(
    rotated: Rotated, curvature: Floats, ridge: Floats, gradient: Floats
) -> Floats:
    """Return the Newton step of each column by preconditioned conjugate gradients.

    The columns of z are uncorrelated, so a diagonal is nearly the whole Hessian.
    """
    z = rotated.z
    diagonal = rotated.power[:, None] * curvature.mean(axis=0)[None, :] + ridge
    step = np.zeros_like(gradient)
    residual = -gradient
    wanted = np.minimum(0.1, np.sqrt(_norms(gradient))) * _norms(gradient) * 0.1
    direction = residual / diagonal
    product = (residual * direction).sum(axis=0)
    for _ in range(MAX_INNER):
        is_open = _norms(residual) > wanted
        if not is_open.any():
            break
        curved = z.T @ (curvature * (z @ direction)) + ridge * direction
        length = product / np.maximum((direction * curved).sum(axis=0), 1e-300)
        # What is solved stays as it is: its last digits would only grow.
        length = np.where(is_open, length, 0.0)
        step += length * direction
        residual = residual - length * curved
        scaled = residual / diagonal
        following = (residual * scaled).sum(axis=0)
        direction = scaled + following / np.maximum(product, 1e-300) * direction
        product = following
    return step


def _search(
    z: Floats,
    target: Floats,
    weights: Floats,
    ridge: Floats,
    place: tuple[Floats, Floats],
    move: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Return theta and margins after a step, halved where it would go uphill."""
    theta, margins = place
    step, gradient = move
    moved = z @ step
    slope = (gradient * step).sum(axis=0)
    loss = _loss(target, weights, ridge, theta, margins)
    length = np.ones(theta.shape[1])
    for _ in range(MAX_HALVINGS):
        after = _loss(
            target, weights, ridge, theta + length * step, margins + length * moved
        )
        # Near the minimum the gain is lost in rounding, and any step will do.
        is_uphill = after > loss + 1e-4 * length * slope + 1e-12 * np.abs(loss)
        if not is_uphill.any():
            break
        length = np.where(is_uphill, length / 2, length)
    return theta + length * step, margins + length * moved


def _loss(
    target: Floats, weights: Floats, ridge: Floats, theta: Floats, margins: Floats
) -> Floats:
    losses = np.logaddexp(0.0, margins) - target[:, None] * margins
    penalty = 0.5 * ridge[0] * np.square(theta).sum(axis=0)
    return np.asarray((weights * losses).sum(axis=0) + penalty)
