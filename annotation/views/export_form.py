"""The options of an export as a form: which choices a format has, in which words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from annotation.answers import Problem, Question
from annotation.formats.exports.catalogue import FORMATS, Format, parse_options
from annotation.formats.exports.options import (
    FILE_TYPES,
    SETTLED,
    ExportOptions,
    InvalidOptionsError,
    choices_of,
    describe,
)
from annotation.words import gettext as _
from annotation.words import translated

CHOICE_WORDS = {
    "labels_from": gettext_lazy("Labels from"),
    "audit": gettext_lazy("Items of the audit"),
    "style": gettext_lazy("Form of the texts"),
    "unit": gettext_lazy("Answers to the same item"),
    "ties": gettext_lazy("Ties"),
    "both_bad": gettext_lazy("Both bad"),
    "conflicts": gettext_lazy("Answers that contradict each other"),
}
NUMBER_WORDS = {
    "min_difference": (
        gettext_lazy("Least difference of two marks that makes a pair"),
        "0",
    ),
    "good_from": (
        gettext_lazy("A mark is good from"),
        gettext_lazy("upper quarter of the scale"),
    ),
    "bad_to": (
        gettext_lazy("A mark is bad up to"),
        gettext_lazy("lower quarter of the scale"),
    ),
}
SCOPE_WORDS = {
    "include_imported": (gettext_lazy("Labels that came with imported files"), ""),
    "include_machine": (
        gettext_lazy("Labels by machines"),
        gettext_lazy("Each row says who made it."),
    ),
    "include_surplus": (
        gettext_lazy("Surplus answers"),
        gettext_lazy("Those that came after the last place."),
    ),
    "include_superseded": (
        gettext_lazy("Answers that were replaced or taken back"),
        gettext_lazy("Only for research on how people change their minds."),
    ),
    "adjudicated_wins": (
        gettext_lazy("Adjudicated answers win"),
        gettext_lazy(
            "Where answers are put together: on an item that the team has "
            "settled, its answer stands for those of people."
        ),
    ),
    "only_publishable": (
        gettext_lazy("Only people who agreed to publication"),
        gettext_lazy(
            "Answers of people who withdrew their consent are never included."
        ),
    ),
    "leave_out_blocked": (
        gettext_lazy("Leave out people whom the project has blocked"),
        gettext_lazy(
            "All their answers; the card counts them. Say so where you report results."
        ),
    ),
}


# Of one label for each item it is settled whose it is.
NOT_HYBRID = ("include_machine", "include_superseded")


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
    if form_of and not form_of.takes_hybrid:
        raw.pop("labels_from", None)
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
    options: ExportOptions,
    questions: tuple[Question, ...],
    machines: Collection[str],
) -> dict[str, object]:
    """Return what the template of the form needs; `machines`: their names."""
    chosen = FORMATS[options.format]
    readable = [question for question in questions if question.type in chosen.kinds]
    return {
        "options": options,
        "formats": [translated(one, "title", "help") for one in FORMATS.values()],
        "chosen": translated(chosen, "title", "help", "row"),
        "file_types": {name: FILE_TYPES[name] for name in chosen.file_types},
        "choices": _choices(options, chosen),
        "numbers": _numbers(options, chosen),
        "scopes": [
            Scope(name, str(title), str(text), getattr(options, name))
            for name, (title, text) in SCOPE_WORDS.items()
            if not (options.is_hybrid and name in NOT_HYBRID)
        ],
        "machines": list(machines) if options.is_hybrid else [],
        "questions": readable if "question" in chosen.options else [],
        "criteria": _criteria(readable) if "criterion" in chosen.options else [],
        "is_unreadable": bool(chosen.kinds) and not readable,
        "kinds": _(" or a ").join(chosen.kinds),
        "sentences": describe(options, chosen.options),
    }


def _choices(options: ExportOptions, chosen: Format) -> list[Choice]:
    return [
        Choice(
            name,
            str(title),
            getattr(options, name),
            {value: _(words) for value, words in choices_of(name, options).items()},
        )
        for name, title in CHOICE_WORDS.items()
        if name in _asked(options, chosen)
    ]


def _asked(options: ExportOptions, chosen: Format) -> list[str]:
    """Return the choices that this format has, with these labels."""
    if not options.is_hybrid:
        return [*chosen.options, *(["labels_from"] if chosen.takes_hybrid else [])]
    kept = [name for name in chosen.options if name not in SETTLED]
    return ["labels_from", "audit", *kept]


def _numbers(options: ExportOptions, chosen: Format) -> list[Number]:
    return [
        Number(name, str(title), str(empty), _text(getattr(options, name)))
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
