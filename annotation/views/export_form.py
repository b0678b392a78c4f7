"""The options of an export as a form: which choices a format has, in which words."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.http import QueryDict

from annotation.answers import Problem, Question
from annotation.formats.exports.catalogue import FORMATS, Format, parse_options
from annotation.formats.exports.options import (
    CHOICES,
    FILE_TYPES,
    ExportOptions,
    InvalidOptionsError,
    describe,
)

CHOICE_WORDS = {
    "style": "Form of the texts",
    "unit": "Answers to the same item",
    "ties": "Ties",
    "both_bad": "Both bad",
    "conflicts": "Answers that contradict each other",
}
NUMBER_WORDS = {
    "min_difference": ("Least difference of two marks that makes a pair", "0"),
    "good_from": ("A mark is good from", "upper quarter of the scale"),
    "bad_to": ("A mark is bad up to", "lower quarter of the scale"),
}
SCOPE_WORDS = {
    "include_imported": ("Labels that came with imported files", ""),
    "include_machine": ("Labels by machines", "Each row says who made it."),
    "include_surplus": ("Surplus answers", "Those that came after the last place."),
    "include_superseded": (
        "Answers that were replaced or taken back",
        "Only for research on how people change their minds.",
    ),
    "adjudicated_wins": (
        "Adjudicated answers win",
        "Where answers are put together: on an item that the team has settled, its"
        " answer stands for those of people.",
    ),
    "only_publishable": (
        "Only people who agreed to publication",
        "Answers of people who withdrew their consent are never included.",
    ),
    "leave_out_blocked": (
        "Leave out people whom the project has blocked",
        "All their answers; the card counts them. Say so where you report results.",
    ),
}


@dataclass(frozen=True)
class Choice:
    """A policy with its possible values, each in a sentence."""

    name: str
    title: str
    value: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Number:
    """A number that may stay empty; `empty` says what that means."""

    name: str
    title: str
    empty: str
    value: str


@dataclass(frozen=True)
class Scope:
    """A kind of answer that is taken or left out."""

    name: str
    title: str
    help: str
    is_on: bool


def read_options(form: QueryDict) -> tuple[ExportOptions, list[Problem]]:
    """Read the options; where they do not fit, the defaults and what is wrong."""
    raw: dict[str, Any] = {}
    for field in fields(ExportOptions):
        if isinstance(field.default, bool):
            raw[field.name] = bool(form.get(field.name))
        elif field.name in form:
            raw[field.name] = form[field.name]
    form_of = FORMATS.get(str(raw.get("format", "")))
    # A format with one type of file has no choice, so the form does not ask.
    if form_of and raw.get("file_type") not in form_of.file_types:
        raw["file_type"] = form_of.file_types[0]
    try:
        return parse_options(raw), []
    except InvalidOptionsError as error:
        faulty = {problem.path for problem in error.problems}
        kept = {name: value for name, value in raw.items() if name not in faulty}
        return parse_options(kept), error.problems


def form_context(
    options: ExportOptions, questions: tuple[Question, ...]
) -> dict[str, object]:
    """Return what the template of the form needs."""
    chosen = FORMATS[options.format]
    readable = [question for question in questions if question.type in chosen.kinds]
    return {
        "options": options,
        "formats": list(FORMATS.values()),
        "chosen": chosen,
        "file_types": {name: FILE_TYPES[name] for name in chosen.file_types},
        "choices": _choices(options, chosen),
        "numbers": _numbers(options, chosen),
        "scopes": [
            Scope(name, title, text, getattr(options, name))
            for name, (title, text) in SCOPE_WORDS.items()
        ],
        "questions": readable if "question" in chosen.options else [],
        "criteria": _criteria(readable) if "criterion" in chosen.options else [],
        "is_unreadable": bool(chosen.kinds) and not readable,
        "kinds": " or a ".join(chosen.kinds),
        "sentences": describe(options, chosen.options),
    }


def _choices(options: ExportOptions, chosen: Format) -> list[Choice]:
    return [
        Choice(name, title, getattr(options, name), CHOICES[name])
        for name, title in CHOICE_WORDS.items()
        if name in chosen.options
    ]


def _numbers(options: ExportOptions, chosen: Format) -> list[Number]:
    return [
        Number(name, title, empty, _text(getattr(options, name)))
        for name, (title, empty) in NUMBER_WORDS.items()
        if name in chosen.options
    ]


def _text(value: float | None) -> str:
    return f"{value:g}" if value else ""


def _criteria(questions: list[Question]) -> list[tuple[str, str]]:
    return [
        (criterion.name, criterion.title)
        for question in questions
        for criterion in question.criteria
    ]
