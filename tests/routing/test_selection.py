"""Spending a budget: the best choice where that is known, and never more than it."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.selection import select
from tests.counts import n_runs

GAINS = st.lists(st.integers(-5, 5), min_size=1, max_size=9)


@given(GAINS, st.integers(0, 9), st.integers(0, 100))
def test_top_k_is_the_best_of_all_choices_in_a_linear_world(
    gains: list[int], budget: int, seed: int
) -> None:
    gain = np.array(gains, dtype=float)
    n_human = min(budget, len(gain))
    best = max(
        sum(gain[list(some)]) for some in combinations(range(len(gain)), n_human)
    )
    chosen = select(gain, np.ones(len(gain)), budget, np.random.default_rng(seed))
    assert chosen.human.sum() == n_human
    assert gain[chosen.human].sum() == pytest.approx(best)


@given(GAINS, st.floats(0, 20), st.floats(0, 0.9), st.integers(0, 100))
def test_never_more_than_the_budget(
    gains: list[int], budget: float, reserve: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0.5, 3.0, len(gains))
    chosen = select(np.array(gains, float), cost, budget, rng, reserve=reserve)
    assert cost[chosen.human].sum() <= budget + 1e-6
    assert not (chosen.is_reserve & ~chosen.human).any()


def test_gain_for_its_cost_comes_first() -> None:
    gain, cost = np.array([3.0, 2.0, 2.0]), np.array([3.0, 1.0, 1.0])
    chosen = select(gain, cost, 3.0, np.random.default_rng(0))
    assert chosen.human.tolist() == [False, True, True]


def test_what_is_too_dear_is_passed_over() -> None:
    gain, cost = np.array([9.0, 5.0, 1.0]), np.array([2.0, 2.0, 1.0])
    chosen = select(gain, cost, 3.0, np.random.default_rng(0))
    assert chosen.human.tolist() == [True, False, True]


def test_stated_seed_gives_the_same_choice_and_another_another() -> None:
    gain, cost = np.zeros(50), np.ones(50)
    first, again, other = (
        select(gain, cost, 20, np.random.default_rng(seed), reserve=0.2).human.tolist()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_ties_are_drawn_by_lot() -> None:
    runs = [
        select(np.zeros(5), np.ones(5), 2, np.random.default_rng(seed)).human
        for seed in range(400)
    ]
    counts = np.sum(runs, axis=0)
    assert np.all(np.abs(counts - 160) < 50)


def test_reserve_has_the_propensity_that_it_says() -> None:
    gain = np.arange(20.0)
    runs = [
        select(gain, np.ones(20), 10, np.random.default_rng(seed), reserve=0.4)
        for seed in range(n_runs(400, 4000))
    ]
    assert runs[0].human[-6:].all()
    assert runs[0].propensity.tolist() == [4 / 14] * 14 + [1.0] * 6
    share = np.mean([run.human for run in runs], axis=0)
    assert np.all(np.abs(share - runs[0].propensity) < 0.1)


@pytest.mark.parametrize(
    ("gain", "cost", "words"),
    [
        ([1.0], [0.0], "must be above 0"),
        ([1.0], [float("nan")], "must be above 0"),
        ([float("nan")], [1.0], "must be a number"),
    ],
)
def test_costs_and_gains_that_mean_nothing_are_refused(
    gain: list[float], cost: list[float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        select(np.array(gain), np.array(cost), 1.0, np.random.default_rng(0))


def test_reserve_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="share of the budget"):
        select(np.ones(2), np.ones(2), 1.0, np.random.default_rng(0), reserve=1.0)
