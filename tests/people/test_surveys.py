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
    questions_in_order,
    read_replies,
    shown_names,
)

SINGLE = {"name": "use", "type": "single", "title": "Use?", "options": ["a", "b"]}
SEVERAL = {"name": "why", "type": "several", "title": "Why?", "options": list("abcdef")}
SLIDER = {"name": "truth", "type": "slider", "title": "Truth"}
COUNTRY = {"name": "country", "type": "country", "title": "Where?"}
LATER = {"question": "later", "is": "any_of", "values": ["a"]}
SLID = {"question": "truth", "is": "any_of", "values": ["1"]}
OTHER = {"question": "use", "is": "any_of", "values": ["z"]}
A = {"name": "a", "title": "It is true."}
B = {"name": "b", "title": "It is brief."}
OWN = {"name": "other", "title": "Other", "is_last": True, "has_text": True}
GROUP = {
    "name": "prefs",
    "type": "sliders",
    "title": "It matters that …",
    "is_shuffled": True,
    "statements": [OWN, A, B, {"name": "c", "title": "C"}],
}
NUMBER = {"name": "age", "type": "number", "title": "Age?", "smallest": 18}
TEXT = {"name": "field", "type": "text", "title": "Subject?"}


def reply(question: dict[str, Any], *values: str) -> Reply | str:
    """Return the reply to one question, or the sentence that says what is missing."""
    replies, problems = read_replies(
        parse_survey([question]), {question["name"]: list(values)}
    )
    return replies[0] if replies else problems[0].message


@pytest.mark.parametrize("question", [SINGLE, SEVERAL, SLIDER, NUMBER, COUNTRY, TEXT])
def test_no_answer_is_missing_and_never_a_default(question: dict[str, Any]) -> None:
    said = reply(question)
    assert isinstance(said, str)
    assert "prefer not to" in said


@pytest.mark.parametrize("question", [SINGLE, SEVERAL, SLIDER, NUMBER, COUNTRY, TEXT])
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
        (NUMBER, [" 18 "], 18),
        (NUMBER, ["120"], 120),
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
    shown = options_in_order(question, "person 3")
    assert replies[0].order_shown == tuple(option.value for option in shown)


def test_an_option_kept_last_stays_there_and_brings_its_own_words() -> None:
    other = {"value": "other", "label": "Other", "is_last": True, "has_text": True}
    raw = {**SEVERAL, "options": [other, *"abcde"], "is_shuffled": True}
    survey = parse_survey([raw])
    assert [question.name for question in survey] == ["why", "why_other_text"]
    lasts = {options_in_order(survey[0], f"person {n}")[-1].value for n in range(20)}
    assert lasts == {"other"}
    replies, _ = read_replies(survey, {"why": ["a"], "why_other_text": ["Singing"]})
    assert replies[1].state == "not_shown"
    replies, _ = read_replies(survey, {"why": ["other"], "why_other_text": ["Singing"]})
    assert (replies[1].state, replies[1].value) == ("answered", "Singing")
    _, problems = read_replies(survey, {"why": ["other"]})
    assert [problem.path for problem in problems] == ["why_other_text"]


def test_an_exclusive_option_stands_alone() -> None:
    none = {"value": "none", "label": "None of these", "is_exclusive": True}
    question = {**SEVERAL, "options": ["a", "b", none]}
    assert isinstance(reply(question, "none"), Reply)
    said = reply(question, "none", "a")
    assert isinstance(said, str)
    assert "“None of these” stands alone" in said


def test_grouped_sliders_are_answered_one_by_one_in_a_stored_order() -> None:
    survey = parse_survey([GROUP])
    names = ["prefs_other", "prefs_other_text", "prefs_a", "prefs_b", "prefs_c"]
    assert [question.name for question in survey] == names
    orders = set()
    for n in range(20):
        seed = f"person {n}"
        shown = [question.name for question in questions_in_order(survey, seed)]
        assert shown[-2:] == ["prefs_other", "prefs_other_text"]
        given = {"prefs_a": ["3"], "prefs_b": [DECLINED], "prefs_c": ["0"]}
        replies, problems = read_replies(survey, given, seed=seed)
        assert problems == []
        states = {one.question: one.state for one in replies}
        assert states["prefs_b"] == "prefer_not"
        assert states["prefs_other"] == states["prefs_other_text"] == "skipped"
        order = next(one.order_shown for one in replies if one.question == "prefs_a")
        assert order is not None
        assert [f"prefs_{key}" for key in order] == [*shown[:-2], "prefs_other"]
        orders.add(order)
    assert len(orders) > 3


def test_rules_are_met_by_one_or_by_all_and_never_by_what_is_hidden() -> None:
    first = {**SINGLE, "name": "one"}
    second = {**SINGLE, "name": "two"}
    rules = [
        {"question": "one", "is": "any_of", "values": ["a"]},
        {"question": "two", "is": "none_of", "values": ["a"]},
    ]
    one_of = {**TEXT, "name": "some", "show_if": rules, "needs_all": False}
    chain = [{"question": "some_choice", "is": "none_of", "values": ["a"]}]
    choice = {**SINGLE, "name": "some_choice", "show_if": rules}
    after = {**TEXT, "name": "after", "show_if": chain}
    survey = parse_survey([first, second, one_of, choice, after])
    asked = {"one": ["a"], "two": ["a"]}
    assert shown_names(survey, asked) == {"one", "two", "some"}
    asked = {"one": ["a"], "two": ["b"], "some_choice": ["b"]}
    assert shown_names(survey, asked) == {"one", "two", "some", "some_choice", "after"}


def test_a_text_keeps_to_its_lengths_and_its_lines() -> None:
    question = {**TEXT, "min_chars": 5, "max_chars": 1000, "is_long": True}
    assert "at least 5" in str(reply(question, "abc"))
    said = reply(question, "one\r\ntwo" + "x" * 900)
    assert isinstance(said, Reply)
    assert said.value.startswith("one\ntwo")


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("text", "survey"),
        ([{"name": "x", "type": "essay"}], "survey[0].type"),
        ([{**SINGLE, "options": ["only"]}], "survey[0].options"),
        ([{**SINGLE, "options": ["a", "a"]}], "survey[0].options[1]"),
        ([{**SINGLE, "name": "not a name"}], "survey[0].name"),
        ([SINGLE, SINGLE], "survey[1].name"),
        ([{**SEVERAL, "show_if": [LATER]}], "survey[0].show_if[0].question"),
        ([SLIDER, {**SEVERAL, "show_if": [SLID]}], "survey[1].show_if[0].question"),
        ([SINGLE, {**SEVERAL, "show_if": [OTHER]}], "survey[1].show_if[0].values"),
        ([{**TEXT, "min_chars": 9, "max_chars": 5}], "survey[0].min_chars"),
        ([{**TEXT, "max_chars": "many"}], "survey[0].max_chars"),
        ([{**GROUP, "statements": []}], "survey[0].statements"),
        ([{**GROUP, "statements": [A, A]}], "survey[0].name"),
        ([{**SINGLE, "options": ["a", {"label": ""}]}], "survey[0].options[1].label"),
        ([{**SINGLE, "options": 3}], "survey[0].options"),
        ([{**TEXT, "categories": [{"value": ""}]}], "survey[0].categories[0].value"),
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


@pytest.mark.parametrize("given", ["17", "121", "-1", "1.5", "²", "x", "9" * 5000])
def test_number_outside_its_range_is_refused(given: str) -> None:
    assert reply(NUMBER, given) == "Write a whole number from 18 to 120."


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({"smallest": 5, "largest": 5}, "not below the largest"),
        ({"largest": 10**9}, "from 0 to 1,000,000"),
        ({"smallest": "few"}, "Give a whole number."),
    ],
)
def test_ends_of_a_number_are_checked(ends: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidSurveyError) as caught:
        parse_survey([NUMBER | ends])
    assert said in caught.value.problems[0].message
