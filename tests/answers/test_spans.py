"""Marked words: what is a valid mark, whose it is, and to which text it is tied."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.answers import parse_questions, to_canonical, to_presented, validate
from annotation.consent import without_free_text
from annotation.spans import MAX_NOTE, MAX_SPANS, bind
from annotation.verdicts import answered

QUESTIONS = parse_questions(
    [
        {"name": "preference", "type": "comparison", "title": "Better?"},
        {"name": "marks", "type": "spans", "title": "Words", "reasons": ["Wrong"]},
    ]
)
TEXTS = ("Naïve 😀 words.", "Others")
SPAN = {"completion": 0, "start": 6, "end": 7, "polarity": "for"}


def problems(*spans: Any) -> list[str]:
    answers = {"preference": {"value": 1}, "marks": list(spans)}
    return [p.message for p in validate(QUESTIONS, answers, 2)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"completion": 2}, "not there"),
        ({"completion": True}, "whole numbers"),
        ({"start": 1.5}, "whole numbers"),
        ({"start": -1}, "end must come after"),
        ({"end": 6}, "end must come after"),
        ({"polarity": "neither"}, "“for” or “against”"),
        ({"tag": "Fun"}, "is not a tag"),
        ({"tag": ["Wrong"]}, "is not a tag"),
        ({"note": 5}, "must be text"),
        ({"note": "x" * (MAX_NOTE + 1)}, "exceeds 2,000"),
        ({"note": "\x00"}, "NUL"),
        ({"more": 1}, "no field 'more'"),
    ],
)
def test_faulty_mark_is_named_with_its_number(
    change: dict[str, Any], words: str
) -> None:
    (message,) = problems(SPAN, {**SPAN, **change})
    assert message.startswith("Mark 2: ")
    assert words in message


@pytest.mark.parametrize("value", ["x", {"a": 1}, [5], [None], [[]]])
def test_what_is_no_list_of_marks_is_refused(value: Any) -> None:
    answers = {"preference": {"value": 1}, "marks": value}
    assert validate(QUESTIONS, answers, 2)


def test_marks_have_a_highest_number() -> None:
    assert problems(*[SPAN] * MAX_SPANS) == []
    assert "more than" in problems(*[SPAN] * (MAX_SPANS + 1))[0]


def test_required_marks_must_be_there() -> None:
    answers: dict[str, Any] = {"preference": {"value": 1}, "marks": []}
    assert [p.path for p in validate(QUESTIONS, answers, 2)] == ["answers.marks"]


def test_mark_is_bound_to_the_hash_and_the_words_of_its_text() -> None:
    bound, faults = bind(QUESTIONS, {"marks": [{**SPAN, "note": ""}]}, TEXTS)
    assert faults == []
    assert bound["marks"] == [
        {
            **SPAN,
            "quote": "😀",
            "text_sha256": hashlib.sha256(TEXTS[0].encode()).hexdigest(),
        }
    ]
    again, faults = bind(QUESTIONS, bound, TEXTS)
    assert (again, faults) == (bound, [])


def test_mark_past_its_text_or_of_another_is_refused() -> None:
    far = {**SPAN, "end": len(TEXTS[0]) + 1}
    other = {**SPAN, "text_sha256": "0" * 64}
    _, faults = bind(QUESTIONS, {"marks": [SPAN, far, other]}, TEXTS)
    assert [(f.path, f.message[:7]) for f in faults] == [
        ("answers.marks[1]", "Mark 2:"),
        ("answers.marks[2]", "Mark 3:"),
    ]


@given(
    st.permutations(range(4)),
    st.lists(st.integers(0, 3), max_size=5),
)
def test_marks_follow_their_completion(order: list[int], places: list[int]) -> None:
    shown = {"marks": [{**SPAN, "completion": place} for place in places]}
    stored = to_canonical(QUESTIONS, shown, order)
    assert [s["completion"] for s in stored["marks"]] == [order[p] for p in places]
    assert to_presented(QUESTIONS, stored, order) == shown


def test_marks_are_said_with_their_letter_and_side() -> None:
    spans = [
        {**SPAN, "quote": "😀", "tag": "Wrong"},
        {**SPAN, "completion": 1, "polarity": "against", "quote": "Others"},
    ]
    said = answered(QUESTIONS, {"preference": {"value": 1}, "marks": spans}, 2)
    assert [(q.letter, q.sign, q.text, q.tag) for q in said.quotes] == [
        ("A", "+", "😀", "Wrong"),
        ("B", "\N{MINUS SIGN}", "Others", ""),
    ]


def test_notes_are_an_authors_own_words() -> None:
    spans = [{**SPAN, "note": "Not so.", "tag": "Wrong"}]
    types = {question.name: question.type for question in QUESTIONS}
    kept, had_any = without_free_text({"marks": spans}, types)
    assert (kept, had_any) == ({"marks": [{**SPAN, "tag": "Wrong"}]}, True)
    assert without_free_text(kept, types) == (kept, False)
