"""What an answer says, so that two can be held alike: by type of question."""

from typing import Any

import numpy as np
import pytest

from annotation.questions import Question, QuestionType
from models_service.agreeing import MIN_OTHERS, said, with_others


def of(kind: QuestionType, value: Any, n: int = 2) -> Any:
    return said(Question("q", kind, "Q"), value, n)


def test_strengths_of_one_side_say_the_same() -> None:
    assert of("comparison", {"value": 1}) == of("comparison", {"value": 3})
    assert of("comparison", {"value": 1}) != of("comparison", {"value": -1})
    assert of("comparison", {"value": 0}) == of("comparison", {"both_bad": True})
    assert of("comparison", {"value": 0}) != of("comparison", {"value": 1})


def test_rankings_say_the_same_where_the_same_stand_first() -> None:
    one = of("ranking", {"tiers": [[2], [0], [1]]}, 3)
    assert one == of("ranking", {"tiers": [[2], [1], [0]]}, 3)
    assert one != of("ranking", {"tiers": [[0], [1], [2]]}, 3)
    assert one != of("ranking", {"tiers": [[2, 0], [1]]}, 3)
    tied = of("ranking", {"tiers": [[0, 2], [1]]}, 3)
    assert tied == of("ranking", {"tiers": [[2, 0], [1]]}, 3)
    nobody = of("ranking", {"tiers": [], "unacceptable": [0, 1, 2]}, 3)
    assert nobody == ()


def test_ratings_say_the_same_where_they_order_alike() -> None:
    one = of("rating", {"help": [3, 1]})
    assert one == of("rating", {"help": [4, 0], "tone": [2, 2]})
    assert one != of("rating", {"help": [1, 3]})
    assert one != of("rating", {"help": [2, 2]})


def test_a_single_completion_is_rated_alike_by_its_rounded_mean() -> None:
    assert of("rating", {"help": [3], "tone": [4]}, 1) == of("rating", {"help": [4]}, 1)
    assert of("rating", {"help": [3]}, 1) != of("rating", {"help": [4]}, 1)


@pytest.mark.parametrize(
    ("kind", "value", "n"),
    [
        ("comparison", {}, 2),
        ("comparison", None, 2),
        ("comparison", {"value": 1}, 3),
        ("ranking", {"tiers": [[0]], "not_judged": [1]}, 2),
        ("ranking", {"tiers": None}, 2),
        ("rating", {"help": [3, None]}, 2),
        ("rating", {"help": [None]}, 1),
        ("text", "words", 2),
        ("choice", {"value": 1}, 2),
    ],
)
def test_what_says_too_little_says_nothing(
    kind: QuestionType, value: Any, n: int
) -> None:
    assert of(kind, value, n) is None


def test_most_others_leave_out_the_person_and_what_is_shared() -> None:
    blind = [(1, 10, 1), (1, 11, 1), (1, 12, 0), (2, 10, 1), (2, 11, 0), (3, 10, 1)]
    entries = [(1, 10, 1), (1, 12, 1), (1, 12, 0), (2, 99, 1), (3, 99, 1), (4, 99, 1)]
    told = with_others(entries, blind)
    # Without person 10 one says 1 and one says 0; without 12 both say 1.
    assert np.isnan(told[[0, 3, 4, 5]]).all()
    assert told[[1, 2]].tolist() == [1, 0]
    assert MIN_OTHERS == 2
