"""Rules of a form: what is asked, what is required, and what is stored."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.answers import parse_questions, to_canonical, to_presented, validate
from annotation.conditions import asked, states
from annotation.questions import InvalidQuestionsError, Question
from tests.answers.forms import FORM, random_answers

QUESTIONS = parse_questions(FORM)
BY_NAME = {question.name: question for question in QUESTIONS}


def whys(rule: str, *answers: str) -> tuple[Question, ...]:
    """Return a comparison and a rationale under a rule on it."""
    return parse_questions(
        [
            {"name": "p", "type": "comparison", "strength": 2, "allow_both_bad": True},
            {
                "name": "why",
                "type": "rationale",
                "is_required": False,
                rule: {"question": "p", "answers": list(answers)},
            },
        ]
    )


@pytest.mark.parametrize(
    ("answers", "given", "is_needed"),
    [
        (("tie",), {"value": 0}, True),
        (("tie",), {"value": 0, "both_bad": True}, False),
        (("both_bad",), {"value": 0, "both_bad": True}, True),
        (("strongest",), {"value": -2}, True),
        (("strongest",), {"value": 1}, False),
        (("slightest", "tie"), {"value": -1}, True),
        (("better",), {"value": 0}, False),
        ((), {"value": 0}, True),
        ((), None, False),
    ],
)
def test_a_rationale_is_required_by_the_answer_before(
    answers: tuple[str, ...], given: Mapping[str, Any] | None, is_needed: bool
) -> None:
    found = validate(whys("required_if", *answers), {"p": given}, 2)
    assert ("answers.why" in [problem.path for problem in found]) == is_needed


def test_an_answer_that_is_not_asked_is_refused_and_never_stored() -> None:
    questions = whys("show_if", "tie")
    (problem,) = validate(questions, {"p": {"value": 1}, "why": "So."}, 2)
    assert problem.path == "answers.why"
    assert "not asked" in problem.message
    empty = {"p": {"value": 1}, "why": " "}
    assert validate(questions, empty, 2) == []
    assert to_canonical(questions, empty, [1, 0]) == {"p": {"value": -1}}


def test_what_is_hidden_answers_no_rule_after_it() -> None:
    questions = parse_questions(
        [
            {"name": "a", "type": "choice", "options": ["x", "y"]},
            {
                "name": "b",
                "type": "choice",
                "options": ["x", "y"],
                "show_if": {"question": "a", "answers": ["x"]},
            },
            {"name": "c", "type": "text", "show_if": {"question": "b"}},
        ]
    )
    shown, hidden = asked(questions, {"a": "y", "b": "x", "c": "z"})
    assert [question.name for question in shown] == ["a"]
    assert hidden == {"b", "c"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"question": "b"}, "No question called 'b' is asked before this."),
        ({"question": "c"}, "No question called 'c' is asked before this."),
        ({"question": "a", "answers": ["z"]}, "'z' is no answer to “A”."),
        ({"question": "a", "answers": "x"}, "malformed"),
        ("a", "malformed"),
    ],
)
def test_a_rule_that_cannot_hold_is_named(rule: object, said: str) -> None:
    form = [
        {"name": "a", "title": "A", "type": "choice", "options": ["x", "y"]},
        {"name": "b", "type": "text", "show_if": rule},
        {"name": "c", "type": "text"},
    ]
    with pytest.raises(InvalidQuestionsError) as caught:
        parse_questions(form)
    (problem,) = caught.value.problems
    assert problem.path.startswith("questions[1]")
    assert said in problem.message


@given(st.integers(0, 2**32), st.booleans())
def test_both_orders_ask_and_refuse_the_same(seed: int, is_swapped: bool) -> None:
    answers = random_answers(random.Random(seed))
    order = [1, 0] if is_swapped else [0, 1]
    # A hidden answer is dropped on the way, so only what is asked is compared.
    _, hidden = asked(QUESTIONS, answers)
    kept = {name: value for name, value in answers.items() if name not in hidden}
    stored = to_canonical(QUESTIONS, answers, order)
    assert not set(stored) & hidden
    assert asked(QUESTIONS, stored) == asked(QUESTIONS, kept)
    assert len(validate(QUESTIONS, stored, 2)) == len(validate(QUESTIONS, kept, 2))
    assert to_canonical(QUESTIONS, to_presented(QUESTIONS, stored, order), order) == (
        stored
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "tiers", "unacceptable", "clear", "x"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from([question.name for question in QUESTIONS]), JSON)
def test_no_answer_however_malformed_breaks_a_rule(name: str, value: Any) -> None:
    states(BY_NAME[name], value)
    asked(QUESTIONS, {name: value})
    validate(QUESTIONS, {name: value}, 2)


# --- the types ----------------------------------------------------------------------

CHOICE = {"name": "c", "type": "choice", "title": "Kind", "options": ["x", "y"]}
TEXT = {"name": "t", "type": "text", "title": "Topic", "min_chars": 2, "max_chars": 4}


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        (CHOICE, "x", ""),
        (CHOICE, "z", "'z' is not offered by “Kind”."),
        (CHOICE, ["x"], "is not offered"),
        (CHOICE, None, "“Kind” has no answer yet. Choose one."),
        ({**CHOICE, "per_completion": True}, ["x", "y"], ""),
        ({**CHOICE, "per_completion": True}, ["x", None], "not chosen for B."),
        ({**CHOICE, "per_completion": True}, ["x"], "needs a list of 2 choices."),
        ({**CHOICE, "per_completion": True}, "x", "needs a list of 2 choices."),
        ({**CHOICE, "per_completion": True}, ["x", "z"], "'z' is not offered"),
        (TEXT, "abc", ""),
        (TEXT, " a ", "“Topic” is too short. Write 1 more character."),
        (TEXT, "abcde", "“Topic” is too long. Take 1 character away."),
        (TEXT, "a\nb", "“Topic” takes a single line."),
        ({**TEXT, "is_multiline": True}, "a\nb", ""),
        (TEXT, 3, "“Topic” must be text."),
        (TEXT, "a\x00", "contains a NUL character."),
        (TEXT, "", "“Topic” is empty. Write an answer."),
    ],
)
def test_choices_and_texts_are_accepted_or_refused_in_words(
    question: dict[str, Any], answer: object, said: str
) -> None:
    (parsed,) = parse_questions([question])
    found = validate([parsed], {parsed.name: answer}, 2)
    assert len(found) == bool(said)
    assert said in "".join(problem.message for problem in found)


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ({**CHOICE, "options": ["x"]}, "questions[0].options"),
        ({**CHOICE, "options": ["x", "x"]}, "questions[0].options"),
        ({**TEXT, "max_chars": 1}, "questions[0].max_chars"),
    ],
)
def test_faults_of_the_new_types_are_told_at_their_field(
    question: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidQuestionsError) as caught:
        parse_questions([question])
    assert [problem.path for problem in caught.value.problems] == [path]


def test_choices_for_each_completion_follow_it() -> None:
    (question,) = parse_questions([{**CHOICE, "per_completion": True}])
    stored = to_canonical([question], {"c": ["x", None, "y"]}, [2, 0, 1])
    assert stored == {"c": [None, "y", "x"]}
