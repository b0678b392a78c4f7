"""PURE: the paper's performance prediction model: least squares on counts and products.

Selectable in the place of the ridge of `performance`. There are more columns than
mixes, so it goes through every mix that was tried; that is kept as the paper has it.
"""

from dataclasses import dataclass

import numpy as np

from routing.features.bins import Tags
from routing.pairs import Floats, Ints
from routing.performance import N_BOOTSTRAP, N_FOLDS, Fit, Trials, figures_of


@dataclass(frozen=True)
class Quadratic:
    """Ordinary least squares of least norm on counts and their products.

    Attributes
    ----------
    coefficients : float64 [1 + d + d (d + 1) / 2]
        Of the constant, the counts of d tags, and the products of two counts.
    n_items : int
        The size of the seed. Counts of another pool are brought to it, since the model
        only knows those of a pool of one size.
    slopes, low, high : float64 [d]
        What one item of a tag alone adds to no item, times `n_items`: nats for a share
        of 1, as if it went on so; and its 95 % interval over resamples of the mixes.
    """

    coefficients: Floats
    n_items: int
    slopes: Floats
    low: Floats
    high: Floats

    def predict(self, shares: Floats, budget: Floats) -> Floats:
        """Return the predicted target of mixes: float64 [n_mixes].

        `budget` is there for the ridge: the paper's model has no such column.
        """
        return np.asarray(_squares(shares * self.n_items) @ self.coefficients)

    def gains(self, tags: Tags) -> Floats:
        """Return what each item alone adds to no item: float64 [n].

        References
        ----------
        Miranda et al. (2025), Hybrid Preferences: the top-k gain of the quadratic
        model, f(e) - f(0).
        """
        d = tags.has.shape[1]
        table = np.zeros((d, d))
        table[np.triu_indices(d)] = self.coefficients[1 + d :]
        has = tags.has.astype(np.float64)
        alone = has @ self.coefficients[1 : 1 + d]
        return np.asarray(alone + np.einsum("ij,ij->i", has @ table, has))


def fit_quadratic(trials: Trials, n_items: int) -> Quadratic:
    """Fit the paper's model without scaling or penalty, and without intervals."""
    found = _Mixes(trials, n_items).solve(np.arange(len(trials.target)))
    slopes = _slopes(found, trials.shares.shape[1], n_items)
    return Quadratic(found, n_items, slopes, slopes, slopes)


def judge_quadratic(
    trials: Trials, n_items: int, rng: np.random.Generator
) -> tuple[Quadratic, Fit]:
    """Fit the paper's model with intervals, and its figures out of fold."""
    mixes, d = _Mixes(trials, n_items), trials.shares.shape[1]
    n = len(trials.target)
    folds = rng.permutation(n) % N_FOLDS
    guess = np.empty(n)
    for fold in range(N_FOLDS):
        outside = np.flatnonzero(folds == fold)
        guess[outside] = mixes.guess(np.flatnonzero(folds != fold), outside)
    whole = mixes.solve(np.arange(n))
    drawn = rng.integers(0, n, (N_BOOTSTRAP, n))
    others = [_slopes(mixes.solve(r), d, n_items) for r in drawn]
    low, high = np.quantile(np.array(others), [0.025, 0.975], axis=0)
    model = Quadratic(whole, n_items, _slopes(whole, d, n_items), low, high)
    return model, figures_of(trials, guess, folds)


class _Mixes:
    """The columns of all mixes in a basis of the space that their rows span.

    The solution of least norm for any of the rows lies in that space, so each is
    solved with as many unknowns as there are mixes, however many columns there are.
    """

    def __init__(self, trials: Trials, n_items: int) -> None:
        columns = _squares(trials.shares * n_items)
        self.basis, upper = np.linalg.qr(columns.T)
        self.rows = upper.T
        self.target = trials.target

    def _inner(self, inside: Ints) -> Floats:
        solved = np.linalg.lstsq(self.rows[inside], self.target[inside], rcond=None)
        return np.asarray(solved[0])

    def solve(self, inside: Ints) -> Floats:
        """Return the coefficients of least norm for some of the mixes."""
        return np.asarray(self.basis @ self._inner(inside))

    def guess(self, inside: Ints, outside: Ints) -> Floats:
        """Return what some of the mixes say of others."""
        return np.asarray(self.rows[outside] @ self._inner(inside))


def _slopes(coefficients: Floats, d: int, n_items: int) -> Floats:
    first, second = np.triu_indices(d)
    square = coefficients[1 + d :][first == second]
    return np.asarray((coefficients[1 : 1 + d] + square) * n_items)


def _squares(counts: Floats) -> Floats:
    first, second = np.triu_indices(counts.shape[1])
    products = counts[:, first] * counts[:, second]
    return np.column_stack([np.ones(len(counts)), counts, products])
