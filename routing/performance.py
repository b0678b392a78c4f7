"""PURE: the performance prediction model: what a mix of labels will be worth.

Mixes of the seed are tried on held-out parts of it; a regression says from the share of
each tag that people label how good the reward model will be.
"""

from dataclasses import dataclass

import numpy as np

from routing.features.bins import Tags
from routing.mixes import draw_budgets, draw_by_tags, draw_uniform
from routing.pairs import Floats, Ints
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
    interval over bootstrap resamples of the mixes. `of_budget`: the slope of the share
    of all items.
    """

    slopes: Floats
    low: Floats
    high: Floats
    penalty: float
    of_budget: float = 0.0

    def gains(self, tags: Tags) -> Floats:
        """Return the predicted gain of each item: float64 [n]."""
        return np.asarray(tags.has.astype(np.float64) @ self.slopes)

    def predict(self, shares: Floats, budget: Floats) -> Floats:
        """Return the predicted target of mixes, but for a constant: float64 [n]."""
        return np.asarray(shares @ self.slopes + budget * self.of_budget)


def try_mixes(
    x: Floats,
    people: tuple[Floats, Floats],
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
    people : float64 [n], twice
        What a proxy learns of people's labels, and the share of votes for A that it is
        scored on; both in [0, 1].
    ai : float64 [n]
        The AI's labels in the same unit.
    """
    n = len(x)
    n_half = n_mixes // 2
    human = np.concatenate(
        [
            draw_by_tags(tags, draw_budgets(n, n_half, rng), rng),
            draw_uniform(n, draw_budgets(n, n_mixes - n_half, rng), rng),
        ]
    )
    target, share = people
    labels = np.where(human, target, ai).T
    labels = np.column_stack([ai, labels])
    folds = folds_of(group, N_ROTATIONS, rng)
    targets = []
    for fold in range(folds.max() + 1):
        inside, outside = folds != fold, folds == fold
        theta = fit_mixes(x[inside], labels[inside], ridge)
        likelihood, _ = score_margins(share[outside], x[outside] @ theta)
        targets.append(likelihood[1:] - likelihood[0])
    shares = human.astype(np.float64) @ tags.has.astype(np.float64) / n
    return Trials(shares, human.mean(axis=1), np.mean(targets, axis=0))


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
    fit = figures_of(trials, guesses[best], folds)
    penalty = float(PENALTIES[best])
    model = Ridge(slopes[:-1], low[:-1], high[:-1], penalty, float(slopes[-1]))
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


def figures_of(trials: Trials, guess: Floats, folds: Ints) -> Fit:
    """Hold guesses out of fold against the targets, and against the budget alone."""
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
