"""The survey's rules: answered, declined, or said to be missing."""

from typing import Any

import pytest

from annotation.people_templates import SURVEY
from annotation.surveys import (
    DECLINED,
    NOT_APPLICABLE,
    InvalidSurveyError,
    Reply,
    options_in_order,
    parse_survey,
    read_replies,
)

SINGLE = {"name": "use", "type": "single", "title": "Use?", "options": ["a", "b"]}
SEVERAL = {"name": "why", "type": "several", "title": "Why?", "options": list("abcdef")}
SLIDER = {"name": "truth", "type": "slider", "title": "Truth"}
COUNTRY = {"name": "country", "type": "country", "title": "Where?"}
TEXT = {"name": "field", "type": "text", "title": "Subject?"}


def reply(question: dict[str, Any], *values: str) -> Reply | str:
    """Return the reply to one question, or the sentence that says what is missing."""
    replies, problems = read_replies(
        parse_survey([question]), {question["name"]: list(values)}
    )
    return replies[0] if replies else problems[0].message


@pytest.mark.parametrize("question", [SINGLE, SEVERAL, SLIDER, COUNTRY, TEXT])
def test_no_answer_is_missing_and_never_a_default(question: dict[str, Any]) -> None:
    said = reply(question)
    assert isinstance(said, str)
    assert "prefer not to" in said


@pytest.mark.parametrize("question", [SINGLE, SEVERAL, SLIDER, COUNTRY, TEXT])
def test_every_question_may_be_declined(question: dict[str, Any]) -> None:
    said = reply(question, DECLINED)
    assert isinstance(said, Reply)
    assert (said.state, said.value) == ("prefer_not", None)


@pytest.mark.parametrize(
    ("question", "values", "stored"),
    [
        (SINGLE, ["b"], "b"),
        (SEVERAL, ["c", "a"], ["a", "c"]),
        (SLIDER, ["0"], 0),
        (SLIDER, ["100"], 100),
        (COUNTRY, ["DE"], "DE"),
        (TEXT, ["  school chemistry "], "school chemistry"),
    ],
)
def test_an_answer_is_stored_in_its_own_type(
    question: dict[str, Any], values: list[str], stored: object
) -> None:
    said = reply(question, *values)
    assert isinstance(said, Reply)
    assert (said.state, said.value) == ("answered", stored)


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (SINGLE, ["c"]),
        (SINGLE, ["a", "b"]),
        (SEVERAL, ["a", "z"]),
        (SLIDER, ["101"]),
        (SLIDER, ["-1"]),
        (SLIDER, ["4.5"]),
        (COUNTRY, ["XX"]),
        (TEXT, ["x" * 501]),
        (TEXT, ["a\x00b"]),
    ],
)
def test_what_is_not_offered_is_refused(
    question: dict[str, Any], values: list[str]
) -> None:
    assert isinstance(reply(question, *values), str)


def test_a_declined_answer_overrules_what_else_was_sent() -> None:
    said = reply(SEVERAL, "a", DECLINED)
    assert isinstance(said, Reply)
    assert said.state == "prefer_not"


def test_an_optional_question_left_empty_is_skipped() -> None:
    said = reply({**TEXT, "is_required": False})
    assert isinstance(said, Reply)
    assert said.state == "skipped"


def test_not_applicable_counts_only_where_it_is_offered() -> None:
    offered = reply({**SINGLE, "offers_na": True}, NOT_APPLICABLE)
    assert isinstance(offered, Reply)
    assert offered.state == "not_applicable"
    assert isinstance(reply(SINGLE, NOT_APPLICABLE), str)


def test_a_question_that_does_not_apply_is_stored_as_not_shown() -> None:
    dependent = {**SEVERAL, "depends_on": "use", "hidden_for": ["b"]}
    survey = parse_survey([SINGLE, dependent])
    replies, problems = read_replies(survey, {"use": ["b"], "why": ["a"]})
    assert problems == []
    assert [(r.question, r.state) for r in replies] == [
        ("use", "answered"),
        ("why", "not_shown"),
    ]
    _, problems = read_replies(survey, {"use": ["a"]})
    assert [problem.path for problem in problems] == ["why"]


def test_a_shuffled_order_is_stored_and_comes_again_for_the_same_person() -> None:
    (question,) = parse_survey([{**SEVERAL, "is_shuffled": True}])
    orders = {options_in_order(question, f"person {n}") for n in range(20)}
    assert len(orders) > 10
    replies, _ = read_replies([question], {"why": ["a"]}, seed="person 3")
    assert replies[0].order_shown == options_in_order(question, "person 3")


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("text", "survey"),
        ([{"name": "x", "type": "essay"}], "survey[0].type"),
        ([{**SINGLE, "options": ["only"]}], "survey[0].options"),
        ([{**SINGLE, "options": ["a", "a"]}], "survey[0].options"),
        ([{**SINGLE, "name": "not a name"}], "survey[0].name"),
        ([SINGLE, SINGLE], "survey"),
        ([{**SEVERAL, "depends_on": "later"}], "survey[0].depends_on"),
        ([SLIDER, {**SEVERAL, "depends_on": "truth"}], "survey[1].depends_on"),
    ],
)
def test_a_malformed_survey_names_its_fault(raw: object, path: str) -> None:
    with pytest.raises(InvalidSurveyError) as caught:
        parse_survey(raw)
    assert path in [problem.path for problem in caught.value.problems]


def test_the_built_in_survey_is_well_formed() -> None:
    kinds = {question.type for question in parse_survey(SURVEY)}
    assert kinds == {"single", "several", "slider", "text", "country"}


@pytest.mark.parametrize(
    ("question", "usual"),
    [
        (SINGLE, "demographic"),
        (SEVERAL, "demographic"),
        (COUNTRY, "demographic"),
        (TEXT, "free_text"),
        (SLIDER, "plain"),
    ],
)
def test_sensitivity_follows_the_type_unless_said(
    question: dict[str, Any], usual: str
) -> None:
    told = {**question, "sensitivity": "special"}
    assert parse_survey([question])[0].sensitivity == usual
    assert parse_survey([told])[0].sensitivity == "special"


def test_an_unknown_sensitivity_is_named() -> None:
    with pytest.raises(InvalidSurveyError) as refused:
        parse_survey([{**TEXT, "sensitivity": "secret"}])
    assert [problem.path for problem in refused.value.problems] == [
        "survey[0].sensitivity"
    ]
