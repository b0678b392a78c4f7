"""PURE: the performance prediction model: what a mix of labels will be worth.

Mixes of the seed are tried on held-out parts of it; a regression says from the share of
each tag that people label how good the reward model will be.
"""

from dataclasses import dataclass

import numpy as np

from routing.features.bins import Tags
from routing.mixes import draw_budgets, draw_by_tags, draw_uniform
from routing.pairs import Bools, Floats, Ints
from routing.proxy import fit_mixes, folds_of, score_margins

LEAST_SEED = 200
N_MIXES = 200
N_ROTATIONS = 3
N_BOOTSTRAP = 50
N_FOLDS = 10
PENALTIES = np.geomspace(0.1, 10_000.0, 11)


@dataclass(frozen=True)
class Trials:
    """Mixes that were tried.

    Attributes
    ----------
    shares : float64 [n_mixes, n_tags]
        Items of the tag that people label, as a share of all items.
    budget : float64 [n_mixes]
        Share of all items that people label.
    target : float64 [n_mixes]
        Held-out log-likelihood minus that of the AI's labels alone, in nats, the mean
        over the rotations.
    """

    shares: Floats
    budget: Floats
    target: Floats


@dataclass(frozen=True)
class Fit:
    """How well a mix's target is predicted, out of fold.

    `target_sd` is what an RMSE must be below; `budget_only_spearman` is what knowing
    the budget alone would reach.
    """

    spearman: float
    rmse: float
    target_sd: float
    budget_only_spearman: float
    budget_only_rmse: float


@dataclass(frozen=True)
class Ridge:
    """A fitted linear model.

    `slopes`: float64 [n_tags], nats for a share of 1; `low`, `high`: their 95 %
    interval over bootstrap resamples of the mixes.
    """

    slopes: Floats
    low: Floats
    high: Floats
    penalty: float

    def gains(self, tags: Tags) -> Floats:
        """Return the predicted gain of each item: float64 [n]."""
        return np.asarray(tags.has.astype(np.float64) @ self.slopes)


def try_mixes(
    x: Floats,
    people: Floats,
    ai: Floats,
    group: Ints,
    tags: Tags,
    rng: np.random.Generator,
    *,
    ridge: float,
    n_mixes: int = N_MIXES,
) -> Trials:
    """Train a proxy on each of many mixes of the seed, and score it on the rest.

    Half of the mixes are drawn by Algorithm 1, half uniformly. In each rotation a third
    of the groups is held out; a mix is trained on the others and scored on people's
    labels of that third.

    Parameters
    ----------
    x : float64 [n, d]
        Features of the seed for the proxy.
    people, ai : float64 [n]
        Labels as shares for A, in [0, 1].
    """
    n = len(x)
    n_half = n_mixes // 2
    human = np.concatenate(
        [
            draw_by_tags(tags, draw_budgets(n, n_half, rng), rng),
            draw_uniform(n, draw_budgets(n, n_mixes - n_half, rng), rng),
        ]
    )
    labels = np.where(human, people, ai).T
    labels = np.column_stack([ai, labels])
    folds = folds_of(group, N_ROTATIONS, rng)
    targets = []
    for fold in range(folds.max() + 1):
        inside, outside = folds != fold, folds == fold
        theta = fit_mixes(x[inside], labels[inside], ridge)
        likelihood, _ = score_margins(people[outside], x[outside] @ theta)
        targets.append(likelihood[1:] - likelihood[0])
    share = human.astype(np.float64) @ tags.has.astype(np.float64) / n
    return Trials(share, human.mean(axis=1), np.mean(targets, axis=0))


def fit_ridge(trials: Trials, rng: np.random.Generator) -> tuple[Ridge, Fit]:
    """Fit the ridge, its penalty by cross-validation, with intervals and figures."""
    x = np.column_stack([trials.shares, trials.budget])
    folds = rng.permutation(len(x)) % N_FOLDS
    guesses = [_cross_ridge(x, trials.target, folds, p) for p in PENALTIES]
    errors = [float(np.square(g - trials.target).mean()) for g in guesses]
    best = int(np.argmin(errors))
    slopes = _solve(x, trials.target, PENALTIES[best])[0]
    drawn = rng.integers(0, len(x), (N_BOOTSTRAP, len(x)))
    others = [_solve(x[r], trials.target[r], PENALTIES[best])[0] for r in drawn]
    low, high = np.quantile(np.array(others), [0.025, 0.975], axis=0)
    fit = _figures(trials, guesses[best], folds)
    model = Ridge(slopes[:-1], low[:-1], high[:-1], float(PENALTIES[best]))
    return model, fit


def _solve(x: Floats, y: Floats, penalty: float) -> tuple[Floats, float]:
    """Return slopes for the raw columns and the intercept, by ridge on scaled ones."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    scaled = (x - mean) / np.where(spread > 1e-12, spread, np.inf)
    gram = scaled.T @ scaled + penalty * np.eye(x.shape[1])
    slopes = np.linalg.solve(gram, scaled.T @ (y - y.mean()))
    slopes = slopes / np.where(spread > 1e-12, spread, np.inf)
    return slopes, float(y.mean() - mean @ slopes)


def _cross_ridge(x: Floats, y: Floats, folds: Ints, penalty: float) -> Floats:
    guess = np.empty(len(y))
    for fold in range(N_FOLDS):
        inside = folds != fold
        slopes, intercept = _solve(x[inside], y[inside], penalty)
        guess[~inside] = x[~inside] @ slopes + intercept
    return guess


def _figures(trials: Trials, guess: Floats, folds: Ints) -> Fit:
    alone = _cross_ridge(trials.budget[:, None], trials.target, folds, 1e-6)
    return Fit(
        spearman=spearman(guess, trials.target),
        rmse=_rmse(guess, trials.target),
        target_sd=float(trials.target.std()),
        budget_only_spearman=spearman(alone, trials.target),
        budget_only_rmse=_rmse(alone, trials.target),
    )


def _rmse(guess: Floats, target: Floats) -> float:
    return float(np.sqrt(np.square(guess - target).mean()))


def spearman(a: Floats, b: Floats) -> float:
    """Return the rank correlation, in [-1, 1]; 0 where one of them is constant."""
    ranks = [_ranks(values) for values in (a, b)]
    spread = ranks[0].std() * ranks[1].std()
    if spread <= 1e-12:
        return 0.0
    centred = [r - r.mean() for r in ranks]
    return float((centred[0] * centred[1]).mean() / spread)


def _ranks(values: Floats) -> Floats:
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    return np.asarray((below + np.searchsorted(ordered, values, side="right")) / 2.0)


# --- as in the paper ----------------------------------------------------------------


@dataclass(frozen=True)
class Quadratic:
    """Ordinary least squares on counts and their products, as in the paper.

    There are more columns than mixes, so it is the solution of least norm, which goes
    through every mix that was tried. `coefficients`: float64, 1 + d + d (d + 1) / 2.
    """

    coefficients: Floats

    def predict(self, counts: Floats) -> Floats:
        """Return the predicted target of mixes: float64 [n_mixes]."""
        return np.asarray(_squares(counts) @ self.coefficients)


def fit_quadratic(trials: Trials, n_items: int) -> Quadratic:
    """Fit the paper's model on counts of items by tag, without scaling or penalty."""
    columns = _squares(trials.shares * n_items)
    solved = np.linalg.lstsq(columns, trials.target, rcond=None)
    return Quadratic(np.asarray(solved[0]))


def _squares(counts: Floats) -> Floats:
    first, second = np.triu_indices(counts.shape[1])
    products = counts[:, first] * counts[:, second]
    return np.column_stack([np.ones(len(counts)), counts, products])


def best_simulated(
    model: Quadratic,
    tags: Tags,
    n_human: int,
    rng: np.random.Generator,
    *,
    n_items: int,
    n_simulated: int = 500,
) -> Bools:
    """Return the best predicted of many mixes of one budget: bool [n].

    Counts are brought to the size of the seed, `n_items`: the paper's model knows
    counts, and only pools of the size it was fitted on have the same.
    """
    budgets = np.full(n_simulated, n_human, dtype=np.int64)
    human = draw_by_tags(tags, budgets, rng)
    counts = human.astype(np.float64) @ tags.has.astype(np.float64)
    guess = model.predict(counts * (n_items / max(len(tags.has), 1)))
    return np.asarray(human[int(guess.argmax())])
