"""Known answers: what can be read, and which answers are right."""

from collections.abc import Mapping
from typing import Any

import pytest

from annotation.gold import InvalidGoldError, grade, read_gold, use_of
from annotation.questions import parse_questions

QUESTIONS = parse_questions(
    [
        {
            "name": "best",
            "type": "comparison",
            "title": "?",
            "allow_both_bad": True,
        },
        {"name": "order", "type": "ranking", "title": "Order"},
        {
            "name": "marks",
            "type": "rating",
            "title": "Marks",
            "criteria": [{"name": "clear"}, {"name": "true"}],
        },
        {"name": "tags", "type": "tags", "title": "Tags", "reasons": ["x", "y", "z"]},
        {"name": "sure", "type": "confidence", "title": "Sure?", "levels": ["a", "b"]},
        {"name": "why", "type": "rationale", "title": "Why?"},
    ]
)


def is_right(answers: Mapping[str, Any], given: Mapping[str, Any], n: int = 2) -> bool:
    return grade(read_gold(answers, QUESTIONS, n), given).is_correct


@pytest.mark.parametrize(
    ("gold", "given", "right"),
    [
        ({"accept": [3, 2]}, {"value": 2}, True),
        ({"accept": [3, 2]}, {"value": 1}, False),
        ({"accept": ["both_bad", 0]}, {"value": 0, "both_bad": True}, True),
        ({"accept": [0]}, {"value": 0, "both_bad": True}, False),
        ({"value": 1}, {"value": 3}, True),
        ({"value": 1}, {"value": -1}, False),
        ({"value": 0}, {"value": 0}, True),
        ({"value": 0, "both_bad": True}, {"value": 0, "both_bad": True}, True),
    ],
)
def test_comparison_is_right_at_an_accepted_grade(
    gold: dict[str, Any], given: dict[str, Any], right: bool
) -> None:
    assert is_right({"best": gold}, {"best": given}) is right


@pytest.mark.parametrize(
    ("gold", "tiers", "out", "right"),
    [
        ({"pairs": [[0, 2]]}, [[0, 1], [2]], [], True),
        ({"pairs": [[0, 2]]}, [[0, 2], [1]], [], False),
        ({"pairs": [[0, 2]]}, [[0], [1]], [2], True),
        ({"pairs": [], "unacceptable": [2]}, [[0], [1]], [2], True),
        ({"pairs": [], "unacceptable": [2]}, [[0], [1], [2]], [], False),
        ({"tiers": [[1], [0, 2]]}, [[1], [2], [0]], [], True),
        ({"tiers": [[1], [0, 2]]}, [[2], [1], [0]], [], False),
    ],
)
def test_ranking_is_right_where_the_known_pairs_hold(
    gold: dict[str, Any], tiers: list[list[int]], out: list[int], right: bool
) -> None:
    given = {"tiers": tiers, "unacceptable": out}
    assert is_right({"order": gold}, {"order": given}, 3) is right


@pytest.mark.parametrize(
    ("gold", "given", "right"),
    [
        ({"clear": [4, 1]}, {"clear": [3, 2], "true": [0, 0]}, True),
        ({"clear": [4, 1]}, {"clear": [2, 1]}, False),
        ({"marks": {"clear": [4, None]}, "tolerance": 0}, {"clear": [4, 0]}, True),
        ({"marks": {"clear": [4, None]}, "tolerance": 0}, {"clear": [3, 0]}, False),
        ({"clear": ["na", None]}, {"clear": ["na", 2]}, True),
        ({"clear": ["na", None]}, {"clear": [2, 2]}, False),
        ({"clear": [4]}, {"clear": ["na", 2]}, False),
        ({"clear": [4]}, {}, False),
    ],
)
def test_rating_is_right_within_the_tolerance(
    gold: dict[str, Any], given: dict[str, Any], right: bool
) -> None:
    assert is_right({"marks": gold}, {"marks": given}) is right


def test_words_are_right_where_all_tags_or_one_level_fits() -> None:
    assert is_right({"tags": ["x", "y"]}, {"tags": ["y", "z", "x"]})
    assert not is_right({"tags": ["x", "y"]}, {"tags": ["x"]})
    assert is_right({"sure": {"accept": ["a", "b"]}}, {"sure": "b"})
    assert not is_right({"sure": "a"}, {"sure": "b"})


def test_answer_is_right_only_where_every_graded_question_is() -> None:
    gold = read_gold({"best": {"value": 1}, "sure": "a"}, QUESTIONS, 2)
    graded = grade(gold, {"best": {"value": 2}, "sure": "b", "why": "so"})
    assert graded.is_correct is False
    assert graded.parts == {"best": True, "sure": False}


def test_missing_answer_is_not_right() -> None:
    assert not is_right({"best": {"value": 1}}, {})
    assert not is_right({"order": {"pairs": [[0, 1]]}}, {"order": {"tiers": [[0]]}})


@pytest.mark.parametrize(
    "gold",
    [
        {"best": {"value": -2}},
        {"order": {"pairs": [[0, 1]], "unacceptable": [1]}},
        {"marks": {"marks": {"clear": [4, "na"]}, "tolerance": 2}},
        {"tags": ["x"], "sure": "a"},
    ],
)
@pytest.mark.parametrize("use", ["", "training", "attention"])
def test_stored_gold_is_read_back_the_same(gold: dict[str, Any], use: str) -> None:
    wrapped = {"answers": gold, "use": use, "explanation": "Because.", "in_pool": True}
    read = read_gold(wrapped, QUESTIONS, 2)
    assert (read.use, read.explanation, read.is_in_pool) == (use, "Because.", True)
    assert read_gold(read.to_json(), QUESTIONS, 2) == read


def test_verdict_column_fits_a_comparison_of_any_name() -> None:
    read = read_gold({"preference": {"value": 1}}, QUESTIONS, 2)
    assert read.answers == {"best": {"accept": [3, 2, 1]}}


@pytest.mark.parametrize(
    ("gold", "words"),
    [
        ({}, "Nothing is right yet"),
        ({"none": {"value": 1}}, "no question called 'none'"),
        ({"why": "so"}, "is free text"),
        ({"best": {"value": "A"}}, "needs a list `accept`"),
        ({"best": {"accept": [4]}}, "does not offer 4"),
        ({"best": {"accept": [True]}}, "does not offer True"),
        ({"best": {"accept": []}}, "accepts nothing"),
        ({"order": {"pairs": [[0, 5]]}}, "not there"),
        ({"order": {"pairs": [[0, 0]]}}, "needs `pairs`"),
        ({"order": {"pairs": []}}, "asks for no order"),
        ({"marks": {"clear": [9]}}, "9 is not from 0 to 4"),
        ({"marks": {"loud": [1]}}, "no criterion 'loud'"),
        ({"marks": {"marks": {"clear": [1]}, "tolerance": -1}}, "tolerance"),
        ({"marks": {"clear": [None]}}, "no known mark"),
        ({"tags": ["q"]}, "does not offer 'q'"),
        ({"answers": {"sure": "a"}, "use": "spy"}, "Use one of training"),
        ({"answers": {"sure": "a"}, "explanation": 3}, "explanation"),
    ],
)
def test_gold_that_does_not_fit_says_what_is_wrong(
    gold: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidGoldError, match=words):
        read_gold(gold, QUESTIONS, 2)


def test_use_is_read_from_what_is_stored() -> None:
    assert use_of({"use": "monitoring", "answers": {}}) == "monitoring"
    assert use_of({"use": "spy"}) == use_of(None) == use_of({"best": {}}) == ""
