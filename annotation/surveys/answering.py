"""PURE: what a person sent, as replies with a state, or as problems to mend."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from annotation.answers import Problem
from annotation.countries import COUNTRIES
from annotation.surveys.showing import order_shown
from annotation.surveys.types import (
    DECLINED,
    HIGH,
    LOW,
    NOT_APPLICABLE,
    Reply,
    Rule,
    SurveyQuestion,
    SurveyType,
)
from annotation.words import gettext as _
from annotation.words import gettext_noop


def read_replies(
    questions: Sequence[SurveyQuestion],
    given: Mapping[str, Sequence[str]],
    *,
    seed: str = "",
) -> tuple[list[Reply], list[Problem]]:
    """Read what a person sent, as lists of strings by question name.

    DECLINED and NOT_APPLICABLE among the values overrule the others.

    Returns
    -------
    replies : list of Reply
        One per question without a problem.
    problems : list of Problem
        `path` is the name of the question.
    """
    replies: list[Reply] = []
    problems: list[Problem] = []
    shown = shown_names(questions, given)
    for question in questions:
        if question.name not in shown:
            replies.append(Reply(question.name, "not_shown"))
            continue
        values = _values(given, question.name)
        found = _read(question, values, order_shown(question, questions, seed))
        if isinstance(found, Reply):
            replies.append(found)
        else:
            problems.append(found)
    return replies, problems


def shown_names(
    questions: Sequence[SurveyQuestion], given: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return the questions that the answers to earlier ones let a person see."""
    shown: set[str] = set()
    for question in questions:
        met = [_is_met(rule, given, shown) for rule in question.show_if]
        if not met or (all(met) if question.needs_all else any(met)):
            shown.add(question.name)
    return frozenset(shown)


def _is_met(rule: Rule, given: Mapping[str, Sequence[str]], shown: set[str]) -> bool:
    if rule.question not in shown:
        return False
    is_chosen = bool(set(_values(given, rule.question)) & set(rule.values))
    return is_chosen == rule.is_any_of


def _values(given: Mapping[str, Sequence[str]], name: str) -> list[str]:
    values = (value.replace("\r\n", "\n").strip() for value in given.get(name, ()))
    return [value for value in values if value]


def _read(
    question: SurveyQuestion, values: list[str], order: tuple[str, ...] | None
) -> Reply | Problem:
    if DECLINED in values:
        return Reply(question.name, "prefer_not", None, order)
    if NOT_APPLICABLE in values and question.offers_na:
        return Reply(question.name, "not_applicable", None, order)
    if not values:
        if question.is_required:
            return Problem(question.name, _(MISSING[question.type]))
        return Reply(question.name, "skipped", None, order)
    try:
        value = READERS[question.type](question, values)
    except ValueError as error:
        return Problem(question.name, str(error))
    return Reply(question.name, "answered", value, order)


MISSING: dict[SurveyType, str] = {
    "single": gettext_noop("Choose one, or say that you prefer not to."),
    "several": gettext_noop("Choose at least one, or say that you prefer not to."),
    "slider": gettext_noop(
        "Choose a point on the line, or say that you prefer not to."
    ),
    "number": gettext_noop("Write a number, or say that you prefer not to."),
    "text": gettext_noop("Write a few words, or say that you prefer not to."),
    "country": gettext_noop("Choose a country, or say that you prefer not to."),
}


def _read_single(question: SurveyQuestion, values: list[str]) -> str:
    if len(values) != 1 or values[0] not in question.options:
        raise ValueError(_("Choose one of the options that are offered."))
    return values[0]


def _read_several(question: SurveyQuestion, values: list[str]) -> list[str]:
    if not set(values) <= set(question.options):
        raise ValueError(_("Choose among the options that are offered."))
    chosen = [choice for choice in question.choices if choice.value in values]
    alone = next((choice for choice in chosen if choice.is_exclusive), None)
    if alone is not None and len(chosen) > 1:
        raise ValueError(
            _("“{label}” stands alone. Untick it, or the others.").format(
                label=alone.label
            )
        )
    return [choice.value for choice in chosen]


def _read_slider(question: SurveyQuestion, values: list[str]) -> int:
    if not values[0].isdecimal() or not LOW <= int(values[0]) <= HIGH:
        raise ValueError(
            _("Choose a whole number from {low} to {high}.").format(low=LOW, high=HIGH)
        )
    return int(values[0])


def _read_number(question: SurveyQuestion, values: list[str]) -> int:
    low, high = question.smallest, question.largest
    is_number = values[0].isascii() and values[0].isdecimal() and len(values[0]) < 10
    if not is_number or not low <= int(values[0]) <= high:
        raise ValueError(
            _("Write a whole number from {low} to {high}.").format(low=low, high=high)
        )
    return int(values[0])


def _read_text(question: SurveyQuestion, values: list[str]) -> str:
    if len(values[0]) > question.max_chars:
        raise ValueError(
            _("Write at most {max_chars:,} characters.").format(
                max_chars=question.max_chars
            )
        )
    if len(values[0]) < question.min_chars:
        raise ValueError(
            _(
                "Write at least {min_chars:,} characters, or say that you "
                "prefer not to."
            ).format(min_chars=question.min_chars)
        )
    if "\x00" in values[0]:
        raise ValueError(_("The text contains a character that cannot be stored."))
    return values[0]


def _read_country(question: SurveyQuestion, values: list[str]) -> str:
    if values[0] not in COUNTRIES:
        raise ValueError(_("Choose a country of the list."))
    return values[0]


READERS: dict[SurveyType, Callable[[SurveyQuestion, list[str]], Any]] = {
    "single": _read_single,
    "several": _read_several,
    "slider": _read_slider,
    "number": _read_number,
    "text": _read_text,
    "country": _read_country,
}
