"""What the answer types accept, and what each refusal says."""

from collections.abc import Mapping

import pytest

from annotation.answers import (
    InvalidQuestionsError,
    Question,
    letter,
    main_question,
    parse_questions,
    to_canonical,
    validate,
)

COMPARISON = {
    "name": "preference",
    "type": "comparison",
    "title": "Better?",
    "strength": 2,
    "allow_both_bad": True,
    "reasons": ["clear", "true"],
    "levels": ["guess", "certain"],
}
RANKING = {"name": "order", "type": "ranking", "title": "Your order"}
RATING = {
    "name": "ratings",
    "type": "rating",
    "title": "How good?",
    "low": 1,
    "high": 5,
    "criteria": [
        {"name": "clear", "title": "Clear"},
        {"name": "true", "title": "True"},
    ],
}
RATIONALE = {"name": "why", "type": "rationale", "title": "Why?", "min_chars": 5}


def problems(question: Mapping[str, object], answer: object, n: int = 2) -> list[str]:
    found = validate(parse_questions([question]), {question["name"]: answer}, n)
    return [f"{problem.path}: {problem.message}" for problem in found]


@pytest.mark.parametrize("value", [-2, -1, 0, 1, 2])
def test_every_grade_of_the_scale_is_accepted(value: int) -> None:
    assert problems(COMPARISON, {"value": value}) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"value": 3}, "not from -2 to 2"),
        ({"value": True}, "not from -2 to 2"),
        ({"value": "2"}, "needs a whole number"),
        ({"value": 1, "both_bad": True}, "does not fit"),
        ({"value": 1, "reasons": ["long"]}, "'long' is not offered"),
        ({"value": 1, "reasons": ["true", "true"]}, "same option twice"),
        ({"value": 1, "reasons": False}, "must be a list of words"),
        ({"value": 1, "confidence": 0}, "not a confidence level"),
        ({"value": 1, "confidence": "maybe"}, "not a confidence level"),
        ({"value": 1, "model": "x"}, "no field 'model'"),
        (2, "needs a whole number"),
    ],
)
def test_wrong_comparison_is_refused_in_words(answer: object, said: str) -> None:
    (found,) = problems(COMPARISON, answer)
    assert said in found


def test_tie_is_refused_where_the_question_forces_a_choice() -> None:
    forced = {**COMPARISON, "allow_tie": False}
    assert "does not allow a tie" in problems(forced, {"value": 0})[0]
    assert problems(forced, {"value": 0, "both_bad": True}) == []


def test_comparison_needs_two_completions() -> None:
    assert "two completions" in problems(COMPARISON, {"value": 1}, n=3)[0]


def test_ranking_with_ties_and_an_unacceptable_one_is_accepted() -> None:
    assert problems(RANKING, {"tiers": [[2], [0, 3]], "unacceptable": [1]}, n=4) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"tiers": [[0], [2]]}, "B has no place yet. Give it one"),
        ({"tiers": [[0]]}, "B, C have no place yet. Give each one"),
        ({"tiers": [[0], [1], [2]], "unacceptable": [1]}, "B has two places"),
        ({"tiers": [[0, 1, 2, 3]]}, "not there"),
        ({"tiers": [[True, 1, 2]]}, "not there"),
        ({"tiers": [[0, 1, 2], []]}, "not empty"),
        ([0, 1, 2], "list of tiers"),
    ],
)
def test_wrong_ranking_is_refused_in_words(answer: object, said: str) -> None:
    assert said in problems(RANKING, answer, n=3)[0]


def test_each_missing_mark_is_named() -> None:
    found = problems(RATING, {"clear": [1, None], "true": [5]})
    assert found == [
        "answers.ratings.clear[1]: Clear is not rated for B.",
        "answers.ratings.true[1]: True is not rated for B.",
    ]


def test_not_applicable_is_an_answer_unless_it_is_not_offered() -> None:
    marks = {"clear": ["na", 3], "true": [1, 5]}
    assert problems(RATING, marks) == []
    assert "not offered" in problems({**RATING, "allow_na": False}, marks)[0]


@pytest.mark.parametrize("mark", [0, 6, 2.5, "3", True])
def test_mark_outside_the_scale_is_refused(mark: object) -> None:
    assert problems(RATING, {"clear": [mark, 1], "true": [1, 1]})


def test_short_rationale_says_how_much_is_missing() -> None:
    assert "Write 2 more characters" in problems(RATIONALE, "abc")[0]
    assert problems({**RATIONALE, "is_required": False}, "") == []


def test_unknown_question_is_named() -> None:
    found = validate(parse_questions([RANKING]), {"other": 1}, 2)
    assert found[0].path == "answers.other"


def test_all_faults_of_the_questions_are_told_at_once() -> None:
    with pytest.raises(InvalidQuestionsError) as caught:
        parse_questions(
            [
                {"name": "a b", "type": "comparison"},
                {"name": "r", "type": "rating", "low": 3, "high": 3},
                {"name": "x", "type": "stars"},
            ]
        )
    paths = [problem.path for problem in caught.value.problems]
    assert paths == [
        "questions[0].name",
        "questions[1].criteria",
        "questions[1].high",
        "questions[2].type",
    ]


def test_main_question_is_the_one_called_preference() -> None:
    helpful = {**COMPARISON, "name": "helpful"}
    questions = parse_questions([RATING, helpful, COMPARISON])
    assert main_question(questions).name == "preference"


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]


def test_question_is_hashable() -> None:
    (question,) = parse_questions([RATING])
    assert isinstance(question, Question)
    assert {question: 1}[question] == 1


@pytest.mark.parametrize("marks", [5, "45", {"0": 4}, [4, 4, 4], False])
def test_marks_that_are_no_list_of_one_per_answer_are_refused(marks: object) -> None:
    optional = {**RATING, "is_required": False}
    (said,) = problems(optional, {"clear": marks, "true": [4, 5]})
    assert said == "answers.ratings.clear: Clear needs a list of 2 marks."


def test_optional_criterion_without_marks_is_accepted_and_reordered() -> None:
    questions = parse_questions([{**RATING, "is_required": False}])
    answers = {"ratings": {"clear": None, "true": [4, 5]}}
    assert validate(questions, answers, 2) == []
    assert to_canonical(questions, answers, [1, 0]) == {
        "ratings": {"clear": [None, None], "true": [5, 4]}
    }


def test_strange_names_are_told_in_short() -> None:
    strange = {f"{'x' * 500}{number}": 1 for number in range(1000)}
    assert len(validate(parse_questions([RATIONALE]), strange, 2)) < 100
