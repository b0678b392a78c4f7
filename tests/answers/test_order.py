"""Presented and canonical order: each translation undoes the other."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from annotation.allocation.presentation import base_order
from annotation.answers import parse_questions, to_canonical, to_presented

QUESTIONS = parse_questions(
    [
        {"name": "preference", "type": "comparison", "title": "Better?"},
        {"name": "ranking", "type": "ranking", "title": "Order"},
        {
            "name": "ratings",
            "type": "rating",
            "title": "Marks",
            "criteria": [{"name": "clear", "title": "Clear"}],
        },
        {"name": "why", "type": "rationale", "title": "Why?"},
    ]
)


def test_swapped_sides_turn_the_sign() -> None:
    shown = {"preference": {"value": 2, "confidence": "certain"}}
    stored = to_canonical(QUESTIONS, shown, [1, 0])
    assert stored == {"preference": {"value": -2, "confidence": "certain"}}
    assert to_canonical(QUESTIONS, shown, [0, 1]) == shown


def test_ranking_and_marks_follow_their_completion() -> None:
    order = [2, 0, 1]  # the first on the screen is completion 2
    shown = {
        "ranking": {"tiers": [[0], [2]], "unacceptable": [1]},
        "ratings": {"clear": [5, 3, "na"]},
    }
    assert to_canonical(QUESTIONS, shown, order) == {
        "ranking": {"tiers": [[2], [1]], "unacceptable": [0]},
        "ratings": {"clear": [3, "na", 5]},
    }


@st.composite
def shown_answers(draw: st.DrawFn) -> tuple[dict[str, Any], list[int]]:
    n = draw(st.integers(2, 6))
    order = draw(st.permutations(range(n)))
    tiers = draw(st.lists(st.sampled_from(range(3)), min_size=n, max_size=n))
    grouped = [[i for i in range(n) if tiers[i] == tier] for tier in range(3)]
    marks = draw(st.lists(st.integers(0, 4) | st.just("na"), min_size=n, max_size=n))
    value = draw(st.integers(-3, 3))
    return {
        "preference": {"value": value if n == 2 else 0},
        "ranking": {
            "tiers": [sorted(tier) for tier in grouped[:2] if tier],
            "unacceptable": sorted(grouped[2]),
        },
        "ratings": {"clear": marks},
        "why": "Because.",
    }, list(order)


@given(shown_answers())
def test_there_and_back_changes_nothing(
    given_: tuple[dict[str, Any], list[int]],
) -> None:
    shown, order = given_
    stored = to_canonical(QUESTIONS, shown, order)
    assert to_presented(QUESTIONS, stored, order) == shown


@given(st.integers(1, 7), st.integers(0, 2**31), st.integers(0, 50))
def test_each_index_stands_once_in_each_place_over_a_block(
    n: int, seed: int, block: int
) -> None:
    orders = [base_order(n, seed, block * n + k + 1) for k in range(n)]
    for place in range(n):
        assert sorted(order[place] for order in orders) == list(range(n))


def test_base_order_is_the_same_again_from_the_same_seed() -> None:
    first = [base_order(4, 11, number) for number in range(1, 40)]
    assert first == [base_order(4, 11, number) for number in range(1, 40)]
    assert first != [base_order(4, 12, number) for number in range(1, 40)]
