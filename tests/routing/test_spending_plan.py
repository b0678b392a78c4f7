"""A budget is spent by score for cost and by lot, and never beyond its end."""

import numpy as np
import pytest

from annotation.agreement.intervals import wilson_interval
from routing.curve import (
    BETTER,
    UNDECIDED,
    WORSE,
    Point,
    chances,
    over_random,
    points_of,
    share_of_all,
)
from routing.spending_plan import Room, chance_at, places_of, spend

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


def test_a_stop_rule_leaves_the_rest_of_the_budget_unspent() -> None:
    score, _cost, lots = drawn()
    worth = score > 0.9
    spent = spend(score, np.ones(200), worth, lots, Room(100.0, 0.1), RNG)
    assert spent.is_reserve.sum() == 10
    assert spent.human.sum() == 10 + (worth & ~spent.is_reserve).sum() < 100


def test_the_lowest_lots_are_the_reserve_whatever_their_score() -> None:
    score, _, lots = drawn()
    every, cost = np.ones(200, dtype=bool), np.ones(200)
    spent = spend(score, cost, every, lots, Room(50.0, 0.2), RNG)
    assert spent.is_reserve.sum() == 10
    assert lots[spent.is_reserve].max() < lots[~spent.is_reserve].min()
    assert spent.reserve is not None
    assert set(spent.propensity[~spent.human]) == {spent.reserve.propensity} == {0.05}
    other = spend(-score, cost, every, lots, Room(50.0, 0.2), RNG)
    assert (other.is_reserve == spent.is_reserve).all()


def test_later_runs_keep_to_the_lots_and_new_items_join_them() -> None:
    score, _, lots = drawn(400)
    every, cost = np.ones(400, dtype=bool), np.ones(400)
    first = spend(
        score[:200], cost[:200], every[:200], lots[:200], Room(100.0, 0.2), RNG
    )
    left = np.concatenate([~first.human, every[200:]])
    again = spend(
        score[left],
        cost[left],
        every[left],
        lots[left],
        Room(60.0, 0.2, first.reserve),
        RNG,
    )
    assert first.reserve is not None
    new = lots[left] <= first.reserve.threshold
    assert (again.is_reserve == new).all()
    assert again.reserve == first.reserve
    few = spend(
        score[left],
        cost[left],
        every[left],
        lots[left],
        Room(3, 0.2, first.reserve),
        RNG,
    )
    assert few.is_reserve.sum() == few.human.sum() == 3
    # Of all whose lot was drawn only these were paid for.
    paid = first.reserve.propensity * 3 / new.sum()
    assert few.propensity == pytest.approx(np.full(len(new), paid))
    assert set(again.propensity[~again.human]) == {first.reserve.propensity}


def test_one_dear_item_does_not_eat_up_the_reserve() -> None:
    score, _, lots = drawn()
    cost = np.full(200, 0.2)
    cost[7] = 20.0
    every = np.ones(200, dtype=bool)
    spent = spend(score, cost, every, lots, Room(40.0, 0.1), RNG)
    assert spent.is_reserve.sum() == int(4 / cost.mean()) == 13
    assert cost[spent.human].sum() <= 40.0
    # Whoever is drawn: the number does not depend on whose lot it is.
    other = spend(score, cost[::-1], every, lots, Room(40.0, 0.1), RNG)
    assert (other.is_reserve == spent.is_reserve).all()


def test_all_by_lot_goes_on_to_the_end_of_the_budget() -> None:
    score, cost, lots = drawn()
    every = np.ones(200, dtype=bool)
    spent = spend(score, cost, every, lots, Room(10.0, 1.0), RNG)
    assert (spent.human == spent.is_reserve).all()
    assert 9.6 <= cost[spent.human].sum() <= 10.0


@pytest.mark.parametrize("n_runs", [1, 4])
def test_the_reserve_is_unbiased_however_often_it_is_learned_anew(n_runs: int) -> None:
    """Scores move from run to run, and people take what is first in each order."""
    rng = np.random.default_rng(9)
    value = rng.random(300) < 0.4
    sums = []
    for _ in range(400):
        lots, is_taken = rng.random(300), np.zeros(300, dtype=bool)
        drawn_by_lot, reserve, left = is_taken.copy(), None, 120.0
        for _run in range(n_runs):
            rows = np.flatnonzero(~is_taken)
            score = value[rows] + rng.normal(size=len(rows))
            room = Room(left, 0.25, reserve)
            every = np.ones(len(rows), dtype=bool)
            spent = spend(score, np.ones(len(rows)), every, lots[rows], room, rng)
            reserve = spent.reserve
            n_taken = len(spent.order) if _run == n_runs - 1 else 120 // n_runs
            taken = spent.order[:n_taken]
            is_taken[rows[taken]] = True
            drawn_by_lot[rows[taken]] = spent.is_reserve[taken]
            left = 120.0 - is_taken.sum()
        assert reserve is not None
        sums.append(value[drawn_by_lot].sum() / reserve.propensity)
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - value.sum()) < 4 * error


# --- what would have become of an item ----------------------------------------------


def test_place_in_an_order_and_the_chance_to_be_reached() -> None:
    among = np.array([5.0, 3.0, 3.0, 3.0, 1.0])
    first, last = places_of(np.array([6.0, 3.0, 2.0]), among)
    assert (first.tolist(), last.tolist()) == ([0, 1, 4], [0, 4, 4])
    assert chance_at(first, last, 2).tolist() == pytest.approx([1, 1 / 3, 0])
    assert chance_at(first, last, 0).tolist() == [0, 0, 0]
    assert chance_at(first, last, 5).tolist() == [1, 1, 1]
    none = places_of(np.array([1.0]), np.zeros(0))
    assert chance_at(*none, 0).tolist() == [0]


# --- the curve ----------------------------------------------------------------------


def test_ties_share_their_chance() -> None:
    score = np.array([3.0, 1.0, 1.0, 1.0])
    fold = np.zeros(4, dtype=np.int64)
    assert chances(score, fold, 0.5) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])


def curve_of(
    score: np.ndarray,
    wrong: np.ndarray,
    fold: np.ndarray,
    group: np.ndarray,
    shares: tuple[float, ...],
) -> list[Point]:
    asked = [chances(score, fold, share) for share in shares]
    return points_of(shares, asked, wrong, group)


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
    wrong, asked = np.tile([0.0, 1.0], 50), np.tile([0.0, 1.0, 0.0, 0.0], 25)
    alone = over_random(asked, 0.25, wrong, np.arange(100))
    together = over_random(asked, 0.25, wrong, np.arange(100) % 10)
    assert alone.mean == together.mean == 0.125
    assert together.high - together.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize(("n", "n_wrong", "share"), [(60, 9, 0.1), (150, 15, 0.05)])
def test_what_chooses_by_chance_is_hardly_ever_called_worse(
    n: int, n_wrong: int, share: float
) -> None:
    """Mostly none of the few errors is among the few that are asked about."""
    rng = np.random.default_rng(6)
    wrong = (np.arange(n) < n_wrong).astype(float)
    said = [
        curve_of(rng.random(n), wrong, rng.permutation(n) % 5, np.arange(n), (share,))[
            0
        ].words
        for _ in range(300)
    ]
    assert said.count(WORSE) + said.count(BETTER) <= 0.05 * len(said)


def test_what_meets_most_errors_is_called_better_with_few_of_them() -> None:
    wrong = (np.arange(100) < 12).astype(float)
    met = np.where(np.arange(100) % 20 < 5, 1.0, 0.0)
    assert met[:12].sum() == 5
    point = points_of((0.05,), [0.2 * met], wrong, np.arange(100))[0]
    assert point.gain.low < 0 < point.gain.mean
    clear = np.where(np.arange(100) < 10, 1.0, 0.0)
    assert points_of((0.1,), [clear], wrong, np.arange(100))[0].words == BETTER


def test_without_errors_the_gain_is_open_and_for_all_alike_it_is_known() -> None:
    none, group = np.zeros(50), np.arange(50)
    asked = np.where(group < 5, 1.0, 0.0)
    open_gain = over_random(asked, 0.1, none, group)
    assert open_gain.low < open_gain.mean == 0 < open_gain.high
    wrong = (group < 10).astype(float)
    flat = over_random(np.full(50, 0.1), 0.1, wrong, group)
    assert (flat.low, flat.mean, flat.high) == (0, 0, 0)
    every, rate = np.ones(50), share_of_all(wrong, group)
    people = over_random(every, 0.5, wrong, group)
    assert (people.mean, people.low) == pytest.approx((0.1, 0.5 * rate.low))


# --- shares of all items ------------------------------------------------------------


def test_nothing_seen_is_not_nothing_there() -> None:
    one = share_of_all(np.ones(25), np.arange(25))
    assert (one.mean, one.high) == (1.0, 1.0)
    assert one.low == pytest.approx(25 / (25 + 1.96**2))
    together = share_of_all(np.ones(25), np.arange(25) // 5)
    assert together.low == pytest.approx(5 / (5 + 1.96**2))


def test_single_items_have_the_interval_of_a_share() -> None:
    found = share_of_all(np.repeat([1.0, 0.0], [30, 10]), np.arange(40))
    expected = wilson_interval(30, 40)
    assert found.mean == 0.75
    assert found.low == pytest.approx(expected.low, abs=0.01)
    assert found.high == pytest.approx(expected.high, abs=0.01)


def test_weights_undo_the_chance_to_be_drawn() -> None:
    values, weight = np.repeat([1.0, 0.0], [20, 20]), np.repeat([1.0, 3.0], [20, 20])
    assert share_of_all(values, np.arange(40), weight).mean == pytest.approx(0.25)


@pytest.mark.parametrize(("share", "size"), [(0.9, 1), (0.9, 4), (0.6, 4), (0.97, 2)])
def test_intervals_hold_the_truth(share: float, size: int) -> None:
    rng = np.random.default_rng(3)
    group, n_held, n_worlds = np.arange(80) // size, 0, 400
    for _ in range(n_worlds):
        each = rng.beta(3 * share, 3 * (1 - share), 80 // size)[group]
        found = share_of_all((rng.random(80) < each).astype(float), group)
        n_held += found.low <= share <= found.high
    assert n_held / n_worlds > 0.92


def test_what_cannot_be_drawn_by_lot_leaves_its_place_to_the_next_lot() -> None:
    score, _, lots = drawn()
    every, cost = np.ones(200, dtype=bool), np.ones(200)
    may_draw = np.random.default_rng(8).random(200) > 0.3
    nothing = np.zeros(200)
    plan = spend(nothing, cost, ~every, lots, Room(50.0, 0.2), RNG, may_draw)
    assert plan.is_reserve.sum() == 10
    assert not (plan.is_reserve & ~may_draw).any()
    left = may_draw & ~plan.is_reserve
    assert lots[plan.is_reserve].max() < lots[left].min()
    assert set(plan.propensity[~may_draw]) == {0.0}
    assert set(plan.propensity[may_draw]) == {10 / may_draw.sum()}
    # What nobody may draw can still be chosen for its gain.
    chosen = spend(score, cost, every, lots, Room(50.0, 0.2), RNG, ~every)
    assert (chosen.human.sum(), chosen.is_reserve.sum()) == (50, 0)
