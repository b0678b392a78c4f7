"""What is owed: by hand, against brute force, and whatever the order of people."""

from decimal import Decimal
from statistics import median

import numpy as np
import pytest

from annotation.pay import PayRule, Work, base_pay, pay_table
from annotation.pay_plot import pay_plot

D = Decimal
RULE = PayRule("fixed", D(6), D("0.50"), True, 10, D(9), "median")
HOUR = 3600


def work(
    state: str = "completed",
    n_items: int = 10,
    seconds: float = HOUR,
    status: str = "",
    n_checks: int = 0,
) -> Work:
    return Work(state, status, n_items, seconds, n_checks)


@pytest.mark.parametrize(
    ("rule", "done", "owed"),
    [
        (RULE, work(), "6.00"),
        (RULE, work("working", 9), "0"),
        (RULE, work("screened_out", 0), "0.50"),
        (RULE, work("timed_out", 4), "2.40"),
        # 4 + 2 of 10 + 2; all the checks and nothing else are 2 of 12.
        (RULE, work("timed_out", 4, n_checks=2), "3.00"),
        (RULE, work("timed_out", 0, n_checks=2), "1.00"),
        (RULE, work(n_checks=2), "6.00"),
        (RULE, work("returned", 12), "6.00"),
        (RULE, work("withdrawn", 0), "0"),
        (RULE, work(status="rejected"), "0"),
        (PayRule("fixed", D(6), D(0), False, 10, D(9), "none"), work("timed_out"), "0"),
        (PayRule("fixed", D(6), D(0), True, 0, D(9), "none"), work("timed_out"), "0"),
        (PayRule("per_item", D("0.125"), D(1), True, 0, D(0), "none"), work(), "1.25"),
        (
            PayRule("per_item", D("0.125"), D(1), True, 0, D(0), "none"),
            work(n_checks=4),
            "1.75",
        ),
        (
            PayRule("per_item", D("0.125"), D(1), True, 0, D(0), "none"),
            work("screened_out", 3),
            "1.38",
        ),
        (
            PayRule("per_item", D("0.125"), D(1), False, 0, D(0), "none"),
            work("returned", 3),
            "0",
        ),
    ],
)
def test_base_pay_by_hand(rule: PayRule, done: Work, owed: str) -> None:
    assert base_pay(rule, done) == D(owed)


def test_the_median_is_lifted_to_the_floor_by_hand() -> None:
    # 6 for 30, 60 and 90 minutes: 12, 6 and 4 an hour; the middle one needs 3 more.
    works = [work(seconds=minutes * 60) for minutes in (30, 60, 90)]
    table = pay_table(RULE, [*works, work("screened_out", 0, 60)])
    assert (table.median_hourly, table.median_top_up) == (D("6.00"), D("3.00"))
    assert [pay.bonus for pay in table.pays] == [D("3.00")] * 3 + [D(0)]
    assert [pay.to_floor for pay in table.pays] == [D(0), D("3.00"), D("7.50"), D(0)]
    assert [pay.is_below for pay in table.pays] == [False, True, True, False]


def test_each_is_lifted_where_the_rule_says_so() -> None:
    rule = PayRule("fixed", D(6), D(0), True, 10, D(9), "each")
    works = [work(seconds=minutes * 60) for minutes in (30, 60, 90)]
    pays = pay_table(rule, works).pays
    assert [pay.total for pay in pays] == [D(6), D(9), D("13.50")]


def test_nobody_below_means_no_top_up() -> None:
    table = pay_table(RULE, [work(seconds=600)] * 3)
    assert table.median_top_up == 0
    assert not any(pay.is_below for pay in table.pays)


def test_no_time_is_no_hourly_pay() -> None:
    table = pay_table(RULE, [work(seconds=0)])
    assert table.median_hourly is None
    assert table.pays[0].hourly is None


@pytest.mark.parametrize("seed", range(20))
def test_the_top_up_is_the_least_that_lifts_the_median(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    works = [
        work(n_items=int(rng.integers(1, 30)), seconds=float(rng.integers(60, 9000)))
        for _ in range(n)
    ]
    rule = PayRule("per_item", D("0.20"), D(0), True, 0, D(9), "median")
    lift = pay_table(rule, works).median_top_up

    def middle(bonus: Decimal) -> Decimal:
        return median(
            (base_pay(rule, one) + bonus) * HOUR / D(one.seconds) for one in works
        )

    assert middle(lift) >= rule.floor
    assert lift == 0 or middle(lift - D("0.01")) < rule.floor


def test_pay_does_not_depend_on_the_order_of_people() -> None:
    rng = np.random.default_rng(5)
    works = [work(seconds=float(s)) for s in rng.integers(600, 9000, 9)]
    forward, backward = pay_table(RULE, works), pay_table(RULE, works[::-1])
    assert forward.pays == backward.pays[::-1]
    assert forward.median_top_up == backward.median_top_up


@pytest.mark.parametrize("n", [0, 1, 400])
def test_every_point_of_the_plot_lies_inside(n: int) -> None:
    rates = [D(k) / 7 for k in range(n)]
    plot = pay_plot(rates, D(9))
    assert len(plot.points) == n
    assert all(plot.left <= p.x <= plot.right for p in plot.points)
    assert all(0 <= p.y <= plot.bottom for p in plot.points)
    assert [p.is_below for p in plot.points] == [rate < 9 for rate in rates]
    assert plot.floor_y is not None
    assert 0 < plot.floor_y < plot.bottom
    assert plot.ticks[0].amount == 0
    assert plot.ticks[-1].amount >= max([*rates, D(9)])
