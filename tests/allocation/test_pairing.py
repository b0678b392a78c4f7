"""Which items are asked under two protocols, and which protocol comes first."""

import random
from collections import Counter

import pytest

from annotation.allocation.pairing import (
    Firsts,
    ProtocolRules,
    first_protocol,
    fits,
    is_chosen,
    n_twice,
    read_rules,
)


def test_off_stores_nothing() -> None:
    assert ProtocolRules().to_json() == {}
    rules = ProtocolRules(share_percent=30, after_items=5)
    assert read_rules(rules.to_json()) == rules
    assert read_rules({}).is_off


@pytest.mark.parametrize("share", [0, 25, 100])
def test_the_share_of_items_is_kept(share: int) -> None:
    rules = ProtocolRules(share_percent=share)
    n = sum(is_chosen(rules, item, "seed") for item in range(4000))
    assert n == pytest.approx(40 * share, abs=120 if 0 < share < 100 else 0)


def test_a_greater_share_only_adds_items() -> None:
    few, many = ProtocolRules(share_percent=20), ProtocolRules(share_percent=60)
    for item in range(500):
        assert is_chosen(many, item, "s") or not is_chosen(few, item, "s")


def test_a_comparison_needs_two_completions() -> None:
    assert [fits("comparison", n) for n in (1, 2, 3)] == [False, True, False]
    assert [fits("rating", n) for n in (1, 2, 3)] == [False, True, True]


def test_both_orders_come_equally_often_by_person_and_by_item() -> None:
    """Each item has four people, who take the items in orders of their own."""
    chance = random.Random(5)
    person: dict[int, Counter[str]] = {p: Counter() for p in range(40)}
    item: dict[int, Counter[str]] = {i: Counter() for i in range(60)}
    seats = [(p, i) for i in item for p in chance.sample(range(40), 4)]
    chance.shuffle(seats)
    for p, i in seats:
        before = Firsts(
            person[p]["main"],
            person[p]["second_protocol"],
            item[i]["main"],
            item[i]["second_protocol"],
        )
        first = first_protocol(before, f"{p}:{i}")
        person[p][first] += 1
        item[i][first] += 1
    total = sum(item.values(), Counter())
    assert abs(total["main"] - total["second_protocol"]) <= 0.1 * len(seats)
    for counts in (*person.values(), *item.values()):
        assert abs(counts["main"] - counts["second_protocol"]) <= 4


def test_a_coin_decides_where_both_were_equally_often() -> None:
    drawn = Counter(first_protocol(Firsts(), f"seed:{n}") for n in range(1000))
    assert 430 < drawn["main"] < 570


def test_who_has_one_order_more_gets_the_other() -> None:
    assert first_protocol(Firsts(person_main=1), "s") == "second_protocol"
    assert first_protocol(Firsts(item_second=1), "s") == "main"


def test_the_number_of_items_asked_twice_is_expected() -> None:
    assert n_twice(ProtocolRules(share_percent=50), 20) == 10
    assert n_twice(ProtocolRules(), 20) == 0
