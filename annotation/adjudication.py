"""PURE: which questions an adjudication answers, and what makes it complete."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from annotation.answers import Problem, Question, filled, main_question, validate

SETTLED_TYPES = ("comparison", "ranking", "rating", "choice")


def to_settle(
    questions: Sequence[Question], n_completions: int
) -> tuple[Question, ...]:
    """Return the questions that an adjudication may answer; the main one it must.

    Reasons, texts and how sure somebody is are a person's own. Rules of the form are
    left out, since whoever settles an item answers what there is to settle.
    """
    main = main_question(questions)
    return tuple(
        replace(
            question,
            is_required=question.name == main.name,
            show_if=None,
            required_if=None,
        )
        for question in questions
        if question.type in SETTLED_TYPES
        and (question.type != "comparison" or n_completions == 2)
    )


def check(
    questions: Sequence[Question], answers: object, n_completions: int
) -> list[Problem]:
    """Return what must be mended before these answers can settle an item."""
    return validate(to_settle(questions, n_completions), answers, n_completions)


def complete(
    questions: Sequence[Question], answers: dict[str, Any], n_completions: int
) -> dict[str, Any]:
    """Return valid answers with what they leave to infer written out."""
    return filled(to_settle(questions, n_completions), answers, n_completions)
