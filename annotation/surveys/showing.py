"""PURE: the orders in which a person sees options and grouped sliders."""

import random
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from annotation.surveys.types import Option, SurveyQuestion


def options_in_order(question: SurveyQuestion, seed: str) -> tuple[Option, ...]:
    """Return the options as one person sees them; the same again for the same seed."""
    free = [choice for choice in question.choices if not choice.is_last]
    if question.is_shuffled:
        _shuffle(free, f"{seed}:{question.name}")
    return (*free, *(choice for choice in question.choices if choice.is_last))


def questions_in_order(
    questions: Sequence[SurveyQuestion], seed: str
) -> tuple[SurveyQuestion, ...]:
    """Return the questions as one person sees them: grouped sliders are drawn anew.

    A text that belongs to a question follows it.
    """
    shown: list[SurveyQuestion] = []
    for group, part in groupby(questions, key=lambda question: question.group):
        members = list(part)
        shown += _group_in_order(members, seed) if group else members
    return tuple(shown)


def _group_in_order(members: list[SurveyQuestion], seed: str) -> list[SurveyQuestion]:
    sliders = [member for member in members if not member.companion_of]
    free = [slider for slider in sliders if not slider.is_last]
    if sliders[0].is_shuffled:
        _shuffle(free, f"{seed}:{sliders[0].group}")
    shown = []
    for slider in (*free, *(one for one in sliders if one.is_last)):
        shown.append(slider)
        shown += [one for one in members if one.companion_of == slider.name]
    return shown


def order_shown(
    question: SurveyQuestion, questions: Sequence[SurveyQuestion], seed: str
) -> tuple[str, ...] | None:
    """Return what is stored of the order: of options, or of the group's statements."""
    if question.group and not question.companion_of:
        group = [one for one in questions if one.group == question.group]
        return tuple(
            one.name.removeprefix(f"{one.group}_")
            for one in questions_in_order(group, seed)
            if not one.companion_of
        )
    return tuple(choice.value for choice in options_in_order(question, seed)) or None


def _shuffle(values: list[Any], seed: str) -> None:
    # Not for secrets: the order must be the same when the page comes back.
    random.Random(seed).shuffle(values)  # noqa: S311
