"""A budget is spent by score for cost and by lot, and never beyond its end."""

import numpy as np
import pytest

from routing.curve import (
    BETTER,
    UNDECIDED,
    chances,
    curve_of,
    mean_of,
)
from routing.spending_plan import Room, chance_of, spend

RNG = np.random.default_rng(4)


def drawn(n: int = 200) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(n)
    return rng.random(n), rng.choice([0.2, 0.4], n), rng.random(n)


@pytest.mark.parametrize("budget", [0.0, 0.19, 0.2, 5.0, 17.3, 1_000.0])
def test_never_more_than_the_budget_is_spent(budget: float) -> None:
    score, cost, lots = drawn()
    every = np.ones(200, dtype=bool)
    spent = spend(score, cost, every, lots, Room(budget, 0.1), RNG)
    assert cost[spent.human].sum() <= budget + 1e-9
    assert sorted(spent.order.tolist()) == np.flatnonzero(spent.human).tolist()


def test_what_is_not_worth_a_label_comes_by_lot_alone() -> None:
    score, cost, lots = drawn()
    worth = score > 0.9
    spent = spend(score, cost, worth, lots, Room(30.0, 0.2), RNG)
    assert not (spent.human & ~spent.is_reserve & ~worth).any()
    assert spent.is_reserve.any()


def test_lots_drawn_before_count_in_the_propensity() -> None:
    score, cost, lots = drawn()
    cost[:] = 1.0
    every = np.ones(200, dtype=bool)
    spent = spend(score, cost, every, lots, Room(50.0, 0.2, n_before=10), RNG)
    assert spent.is_reserve.sum() == 10
    assert spent.propensity[~spent.human].tolist() == [20 / 170] * 150
    reserve, rest = lots[spent.is_reserve], lots[~spent.human]
    assert reserve.max() < rest.min()


def test_reserve_estimates_are_unbiased_by_their_propensity() -> None:
    rng = np.random.default_rng(9)
    value = rng.random(300)
    score, cost = rng.random(300), np.ones(300)
    every = np.ones(300, dtype=bool)
    sums = []
    for _ in range(600):
        room = Room(90.0, 0.3)
        spent = spend(score, cost, every, rng.random(300), room, rng)
        sums.append((value / spent.propensity)[spent.human].sum())
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - value.sum()) < 4 * error


def test_items_like_those_chosen_have_their_chance() -> None:
    score, cost = np.linspace(0, 1, 10), np.ones(10)
    lots = np.linspace(0.05, 0.95, 10)
    every = np.ones(10, dtype=bool)
    spent = spend(score, cost, every, lots, Room(3.0, 0.0), RNG)
    assert chance_of(score, cost, spent).tolist() == [0.0] * 7 + [1.0] * 3
    nothing = np.zeros(0)
    none = spend(nothing, nothing, nothing > 0, nothing, Room(3.0, 0.1), RNG)
    assert none.order.size == 0


# --- the curve ----------------------------------------------------------------------


def test_ties_share_their_chance() -> None:
    score = np.array([3.0, 1.0, 1.0, 1.0])
    fold = np.zeros(4, dtype=np.int64)
    assert chances(score, fold, 0.5) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])


def test_a_perfect_score_finds_all_and_a_flat_one_is_random() -> None:
    wrong = np.repeat([1.0, 0.0], [20, 80])
    fold, group = np.arange(100) % 5, np.arange(100)
    best = curve_of(wrong, wrong, fold, group, (0.0, 0.1, 0.2, 1.0))
    assert [p.chosen.mean for p in best] == pytest.approx([0.8, 0.9, 1.0, 1.0])
    assert best[2].random.mean == pytest.approx(0.84)
    assert (best[2].words, best[0].words) == (BETTER, UNDECIDED)
    flat = curve_of(np.ones(100), wrong, fold, group, (0.2,))[0]
    assert flat.gain.mean == pytest.approx(0.0)
    assert flat.words == UNDECIDED


def test_intervals_know_that_items_of_a_prompt_go_together() -> None:
    values = np.tile([0.0, 1.0], 50)
    alone = mean_of(values, np.arange(100))
    together = mean_of(values, np.arange(100) % 10)
    assert alone.mean == together.mean == 0.5
    assert together.high - together.low > 2 * (alone.high - alone.low)
