"""The part of a draft that is sound: what a preview shows beside what needs mending."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from annotation.answers import InvalidQuestionsError
from annotation.surveys import InvalidSurveyError

T = TypeVar("T")
Entries = Sequence[Mapping[str, Any]]


def sound_part(
    entries: Entries, parse: Callable[[Entries], tuple[T, ...]]
) -> tuple[tuple[T, ...], int]:
    """Return the questions that can be asked, and how many entries are left out.

    A rule about a question that is left out takes its own question along.
    """
    kept = list(entries)
    while kept:
        try:
            return parse(kept), len(entries) - len(kept)
        except (InvalidQuestionsError, InvalidSurveyError) as error:
            faulty = {_place(problem.path) for problem in error.problems}
            kept = [entry for place, entry in enumerate(kept) if place not in faulty]
    return (), len(entries)


def _place(path: str) -> int:
    found = re.search(r"\[(\d+)\]", path)
    return int(found[1]) if found else 0
