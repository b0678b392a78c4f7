"""PURE: the best simulated mix of a budget, and the performance model that is chosen.

Mixes are drawn by Algorithm 1 and the one that the performance prediction values most
is taken: the paper's choice, with either model.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from routing.features.bins import Tags, percentile_of
from routing.mixes import draw_by_tags
from routing.pairs import Bools, Floats
from routing.performance import Fit, Trials, fit_ridge
from routing.quadratic import judge_quadratic

RIDGE, QUADRATIC = "ridge", "quadratic"
KINDS = (RIDGE, QUADRATIC)
N_SIMULATED = 500
# So many items times mixes are held at once.
CHUNK = 5_000_000


class Model(Protocol):
    """A performance prediction model; `slopes`, `low`, `high`: float64 [n_tags]."""

    @property
    def slopes(self) -> Floats:
        """Return nats for a share of 1 of each tag."""

    @property
    def low(self) -> Floats:
        """Return the lower ends of their 95 % intervals."""

    @property
    def high(self) -> Floats:
        """Return the upper ends."""

    def gains(self, tags: Tags) -> Floats:
        """Return the predicted gain of each item: float64 [n]."""

    def predict(self, shares: Floats, budget: Floats) -> Floats:
        """Return the predicted target of mixes, but for a constant."""


@dataclass(frozen=True)
class Performance:
    """The performance prediction model of the seed, and how well it predicts."""

    model: Model
    fit: Fit
    kind: str = RIDGE


def fit_performance(
    trials: Trials, n_items: int, kind: str, rng: np.random.Generator
) -> Performance:
    """Fit the model of a kind; `n_items`: of the seed that the trials were made of."""
    if kind == QUADRATIC:
        return Performance(*judge_quadratic(trials, n_items, rng), kind)
    return Performance(*fit_ridge(trials, rng), kind)


def best_simulated(
    model: Model,
    tags: Tags,
    budget: float,
    rng: np.random.Generator,
    *,
    cost: Floats | None = None,
    n_simulated: int = N_SIMULATED,
) -> Bools:
    """Return the best predicted of many mixes of one budget: bool [n].

    Parameters
    ----------
    budget : float
        In items, or in the unit of `cost`.
    cost : float64 [n], optional
        What each item costs; without it each costs one.
    """
    n = len(tags.has)
    has = tags.has.astype(np.float64)
    n_at_once = max(1, CHUNK // max(n, 1))
    best, highest = np.zeros(n, dtype=bool), -np.inf
    for start in range(0, n_simulated, n_at_once):
        n_now = min(n_at_once, n_simulated - start)
        human = draw_by_tags(tags, np.full(n_now, budget), rng, cost)
        shares = human.astype(np.float64) @ has / max(n, 1)
        guess = model.predict(shares, human.mean(axis=1))
        at = int(guess.argmax())
        if guess[at] > highest:
            best, highest = human[at], float(guess[at])
    return best


def mix_score(mix: Bools, gains: Floats, cost: Floats) -> Floats:
    """Return a score that, for its cost, spends on a mix first, then by gain.

    Above 0: float64 [n]. For its cost an item of the mix has 1, and any other the
    percentile rank of its gain, from 0 to 0.5.
    """
    after = np.maximum(percentile_of(gains) / 2, 1e-9)
    return np.asarray(cost * np.where(mix, 1.0, after))
