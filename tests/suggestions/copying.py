"""Simulated people who copy a suggestion with a known probability when they see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.suggestions import ARMS
from models_service.anchoring import Effect, Exposures, effect_of

Ints = NDArray[Any]
Floats = NDArray[Any]
HALF = (0.5, 0.0, 0.0, 0.5)


@dataclass(frozen=True)
class World:
    """People, items, and how they answer.

    A person agrees of themselves on an item with probability `base`, more or less by
    `item_spread`. Who sees the suggestion copies it with a probability of their own: a
    draw of mean `copying` from a beta distribution, the flatter the larger
    `person_spread`. `shares`: the probability of each arm, by policy.
    """

    n_people: int = 20
    n_items: int = 200
    overlap: int = 3
    copying: float = 0.3
    person_spread: float = 0.3
    base: float = 0.6
    item_spread: float = 0.3
    shares: Sequence[Sequence[float]] = (HALF,)

    @property
    def effect(self) -> float:
        """Return the anchoring effect: c (1 - base agreement)."""
        return self.copying * (1 - self.base)

    def drawn(self, rng: np.random.Generator) -> Exposures:
        """Return one outcome. Items of the two halves come under different policies."""
        drawn = [
            rng.choice(self.n_people, self.overlap, replace=False)
            for _ in range(self.n_items)
        ]
        people = np.concatenate(drawn).astype(np.int64)
        items = np.repeat(np.arange(self.n_items), self.overlap)
        policies = items * len(self.shares) // self.n_items
        shares = np.array(self.shares)
        arms = np.array([rng.choice(4, p=shares[k]) for k in policies])
        base = self.base + self.item_spread * rng.choice([-1, 1], self.n_items)
        is_seen = np.isin(arms, (ARMS.index("hedged"), ARMS.index("shown")))
        copies = is_seen & (rng.random(items.size) < self._people(rng)[people])
        agrees = (rng.random(items.size) < base[items]) | copies
        return exposures(items, people, arms, agrees, policies, self.shares)

    def _people(self, rng: np.random.Generator) -> Floats:
        if not 0 < self.copying < 1 or not self.person_spread:
            return np.full(self.n_people, float(self.copying))
        a = self.copying / self.person_spread
        b = (1 - self.copying) / self.person_spread
        return rng.beta(a, b, self.n_people)


def exposures(
    items: Sequence[int] | Ints,
    people: Sequence[int] | Ints,
    arms: Sequence[int] | Ints,
    agrees: Sequence[float] | Floats,
    policies: Sequence[int] | Ints | None = None,
    shares: Sequence[Sequence[float]] = (HALF,),
) -> Exposures:
    """Return entries of which only these are known."""
    n = len(items)
    said = np.asarray(agrees, float)
    return Exposures(
        items=np.asarray(items, np.int64),
        people=np.asarray(people, np.int64),
        policies=np.asarray(np.zeros(n) if policies is None else policies, np.int64),
        arms=np.asarray(arms, np.int64),
        agrees=said,
        last_agrees=said,
        is_changed=np.zeros(n, bool),
        with_others=np.full(n, np.nan),
        active_ms=np.full(n, np.nan),
        shares=np.asarray(shares, float),
    )


def shown_less_blind(found: Exposures) -> Effect:
    """Return the effect over all entries."""
    return effect_of(found, "shown", "blind", np.ones(found.arms.size, bool))


def share_covered(world: World, n_runs: int, seed: int) -> tuple[float, float]:
    """Return how often the interval holds the truth, and the mean estimate."""
    rng = np.random.default_rng(seed)
    values = [shown_less_blind(world.drawn(rng)).value for _ in range(n_runs)]
    hits = [one.low <= world.effect <= one.high for one in values]
    return float(np.mean(hits)), float(np.mean([one.value for one in values]))
