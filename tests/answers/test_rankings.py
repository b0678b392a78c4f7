"""Top-k and partial rankings: what is accepted, written out, and told."""

from typing import Any

import pytest

from annotation.answers import (
    InvalidQuestionsError,
    filled,
    parse_questions,
    to_canonical,
    to_presented,
    unchanged_rankings,
    validate,
)

ORDER = {"name": "order", "type": "ranking", "title": "Your order"}
BEST_TWO = {**ORDER, "n_places": 2}
PARTIAL = {**ORDER, "allow_partial": True}
BEST_OF_SOME = {**ORDER, "n_places": 1, "allow_partial": True}


def said(question: dict[str, Any], answer: dict[str, Any], n: int = 4) -> list[str]:
    found = validate(parse_questions([question]), {"order": answer}, n)
    return [problem.message for problem in found]


def stored(question: dict[str, Any], answer: dict[str, Any], n: int = 4) -> Any:
    return filled(parse_questions([question]), {"order": answer}, n)["order"]


@pytest.mark.parametrize(
    "answer",
    [
        {"tiers": [[2], [0]]},
        {"tiers": [[2], [0, 1]]},
        {"tiers": [[2], [0]], "below": [1, 3]},
        {"tiers": [[2]], "unacceptable": [0, 1, 3]},
        {"tiers": [], "unacceptable": [0, 1, 2, 3]},
        {"tiers": [[0, 1], [2, 3]]},
    ],
)
def test_best_two_are_enough(answer: dict[str, Any]) -> None:
    assert said(BEST_TWO, answer) == []


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        (
            BEST_TWO,
            {"tiers": [[2]]},
            "There is one place left. Give the best of A, B, D a place.",
        ),
        (
            BEST_TWO,
            {"tiers": []},
            "There are 2 places left. Give the best of A, B, C, D a place.",
        ),
        (
            BEST_TWO,
            {"tiers": [[0], [1], [2]]},
            "This ranking has 2 places, and 3 are given.",
        ),
        (
            BEST_TWO,
            {"tiers": [[0], [1]], "not_judged": [2]},
            "Every answer must be judged here.",
        ),
        (
            ORDER,
            {"tiers": [[0], [1], [2]], "below": [3]},
            "D has no place yet. Give it one, or mark it as not acceptable.",
        ),
        (
            PARTIAL,
            {"tiers": [[1]]},
            "Give at least two answers a place, so that they are compared.",
        ),
        (BEST_TWO, {"tiers": [[0], [1]], "below": [0]}, "A has two places. Keep one."),
        (ORDER, {"tiers": [[0]], "rest": []}, "“Your order” has no field 'rest'."),
        (
            BEST_TWO,
            {"tiers": [[0], [1]], "below": [9]},
            "The ranking names a completion that is not there.",
        ),
    ],
)
def test_wrong_ranking_is_refused_in_words(
    question: dict[str, Any], answer: dict[str, Any], words: str
) -> None:
    assert words in said(question, answer)


def test_partial_ranking_may_leave_answers_out_and_reject_one() -> None:
    assert said(PARTIAL, {"tiers": [[1], [3]]}) == []
    assert said(PARTIAL, {"tiers": [], "unacceptable": [2]}) == []


def test_below_the_best_is_written_out() -> None:
    assert stored(BEST_TWO, {"tiers": [[2], [0]]}) == {
        "tiers": [[2], [0]],
        "unacceptable": [],
        "below": [1, 3],
    }


def test_not_judged_is_written_out_and_is_not_below() -> None:
    assert stored(BEST_OF_SOME, {"tiers": [[2]], "below": [0]}) == {
        "tiers": [[2]],
        "unacceptable": [],
        "below": [0],
        "not_judged": [1, 3],
    }


def test_complete_ranking_is_stored_as_ever() -> None:
    answer = {"tiers": [[2], [0, 1]], "unacceptable": [3]}
    assert stored(ORDER, answer) == answer
    assert stored(BEST_TWO, answer) == answer


def test_every_set_follows_the_order_of_presentation() -> None:
    questions = parse_questions([BEST_OF_SOME])
    shown = {"order": stored(BEST_OF_SOME, {"tiers": [[2]], "below": [0]})}
    kept = to_canonical(questions, shown, [3, 1, 0, 2])
    assert kept["order"] == {
        "tiers": [[0]],
        "unacceptable": [],
        "below": [3],
        "not_judged": [1, 2],
    }
    assert to_presented(questions, kept, [3, 1, 0, 2]) == shown


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ({"tiers": [[0], [1], [2]]}, ["order"]),
        ({"tiers": [[0], [1]], "below": [2]}, ["order"]),
        ({"tiers": [[1], [0], [2]]}, []),
        ({"tiers": [[0, 1], [2]]}, []),
        ({"tiers": [[0], [1]], "unacceptable": [2]}, []),
        ({"tiers": [[0]], "below": [1, 2]}, []),
    ],
)
def test_order_that_nobody_changed_is_noticed(
    answer: dict[str, Any], names: list[str]
) -> None:
    asked = parse_questions([{**ORDER, "warn_unchanged": True}])
    assert unchanged_rankings(asked, {"order": answer}) == names
    assert unchanged_rankings(parse_questions([ORDER]), {"order": answer}) == []


def test_number_of_places_is_checked() -> None:
    with pytest.raises(InvalidQuestionsError, match="number of places"):
        parse_questions([{**ORDER, "n_places": -1}])


@pytest.mark.parametrize("places", [2, 3])
def test_as_many_places_as_answers_are_all_places(places: int) -> None:
    question = {**ORDER, "n_places": places}
    assert said(question, {"tiers": [[1], [0]]}, 2) == []
    words = "A has no place yet. Give it one, or mark it as not acceptable."
    assert said(question, {"tiers": [[1]]}, 2) == [words]
    empty = validate(parse_questions([question]), {}, 2)
    assert empty[0].message == "No answer has a place yet. Give each one a place."
