"""What an annotator is told after a training item, in the order they saw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.answers import Question, letter, parse_questions, to_presented
from annotation.gold import BOTH_BAD, InvalidGoldError, grade, read_gold
from annotation.models import Assignment
from annotation.verdicts import verdict_words
from annotation.words import gettext as _
from annotation.words import join_and, join_or


@dataclass(frozen=True)
class Point:
    """One question: what was expected, what was said, whether that fits."""

    title: str
    expected: str
    own: str
    is_right: bool


@dataclass(frozen=True)
class Feedback:
    """What was expected of a training item, and why."""

    is_right: bool
    points: tuple[Point, ...]
    explanation: str


def feedback(assignment: Assignment) -> Feedback | None:
    """Return the feedback on an answered training item, else None; three queries."""
    answer, item = assignment.annotation, assignment.item
    if assignment.purpose != Assignment.Purpose.TRAINING or answer is None:
        return None
    questions = parse_questions(assignment.questions_version.questions)
    try:
        gold = read_gold(item.gold, questions, item.n_completions)
    except InvalidGoldError:
        return None
    order = assignment.order or list(range(item.n_completions))
    graded = grade(gold, answer.answers)
    said = to_presented(questions, answer.answers, order)
    points = tuple(
        Point(
            question.title,
            expected_words(question, gold.answers[question.name], order),
            verdict_words(question, said.get(question.name)) or _("No answer"),
            graded.parts[question.name],
        )
        for question in questions
        if question.name in gold.answers
    )
    return Feedback(graded.is_correct, points, gold.explanation)


def as_json(told: Feedback) -> dict[str, Any]:
    """Return the feedback as the API sends it."""
    return {
        "is_right": told.is_right,
        "explanation": told.explanation,
        "questions": [
            {
                "title": point.title,
                "expected": point.expected,
                "own": point.own,
                "is_right": point.is_right,
            }
            for point in told.points
        ],
    }


def expected_words(
    question: Question, accepted: Mapping[str, Any], order: list[int]
) -> str:
    """Say what is accepted, with the letters of the screen.

    `order[k]`: canonical index of the completion shown at place k.
    """
    letters = {index: letter(place) for place, index in enumerate(order)}
    if "pairs" in accepted:
        pairs = [
            _("{better} above {worse}").format(better=letters[a], worse=letters[b])
            for a, b in accepted["pairs"]
        ]
        out = [
            _("{letter} not acceptable").format(letter=letters[i])
            for i in accepted.get("unacceptable", ())
        ]
        return ", ".join(pairs + out)
    if "marks" in accepted:
        return _marks_words(question, accepted, letters)
    if question.type != "comparison":
        join = join_and if accepted.get("all") else join_or
        return join(accepted["accept"])
    sign = -1 if order == [1, 0] else 1
    words = [
        verdict_words(question, _value(grade, sign)) for grade in accepted["accept"]
    ]
    return join_or(words)


def _value(grade: int | str, sign: int) -> dict[str, Any]:
    if grade == BOTH_BAD:
        return {"value": 0, "both_bad": True}
    return {"value": int(grade) * sign}


def _marks_words(
    question: Question, accepted: Mapping[str, Any], letters: Mapping[int, str]
) -> str:
    titles = {criterion.name: criterion.title for criterion in question.criteria}
    parts = [
        f"{titles.get(name, name)}: {letters[index]} {mark}"
        for name, row in accepted["marks"].items()
        for index, mark in enumerate(row)
        if mark is not None
    ]
    near = (
        _(" (within {tolerance})").format(tolerance=accepted["tolerance"])
        if accepted["tolerance"]
        else ""
    )
    return ", ".join(parts) + near
