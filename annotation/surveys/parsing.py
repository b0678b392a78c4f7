"""PURE: the stored list of a survey as questions, each fault named at its place.

An entry is mostly one question. Grouped sliders become a slider for each statement,
and an option with own words brings a text question along, so that every single answer
has a name and a state.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotation.answers import Problem
from annotation.surveys.checks import entry_problems, list_problems
from annotation.surveys.types import (
    LARGEST,
    MAX_CHARS,
    SMALLEST,
    SURVEY_TYPES,
    USUAL_SENSITIVITY,
    Category,
    InvalidSurveyError,
    Option,
    Rule,
    SurveyQuestion,
)
from annotation.words import gettext as _


def parse_survey(raw: object) -> tuple[SurveyQuestion, ...]:
    """Turn the stored JSON list into questions; an empty list asks nothing.

    Raises
    ------
    InvalidSurveyError
        With every fault found; a path such as `survey[2].options[0].value`.
    """
    if not isinstance(raw, (list, tuple)):
        raise InvalidSurveyError([Problem("survey", _("A survey is a list."))])
    problems: list[Problem] = []
    places: list[tuple[str, SurveyQuestion]] = []
    for index, entry in enumerate(raw):
        path = f"survey[{index}]"
        if not isinstance(entry, Mapping) or entry.get("type") not in SURVEY_TYPES:
            kinds = ", ".join(SURVEY_TYPES)
            problems.append(
                Problem(
                    f"{path}.type",
                    _("Type must be one of {kinds}.").format(kinds=kinds),
                )
            )
            continue
        found = entry_problems(path, entry)
        problems += found
        if not found:
            places += [(path, question) for question in _questions(entry)]
    problems += list_problems(places)
    if problems:
        raise InvalidSurveyError(problems)
    return tuple(question for _, question in places)


def _questions(raw: Mapping[str, Any]) -> Iterator[SurveyQuestion]:
    if raw["type"] == "sliders":
        yield from _statements(raw)
        return
    question = _question(raw)
    yield question
    for choice in question.choices:
        if choice.has_text:
            yield _own_words(
                question,
                name=f"{question.name}_{as_name(choice.value)}_text",
                title=_("{label}: in your own words").format(label=choice.label),
                show_if=(Rule(question.name, (choice.value,)),),
                companion_of=question.name,
            )


def _question(raw: Mapping[str, Any]) -> SurveyQuestion:
    name = str(raw.get("name", ""))
    return SurveyQuestion(
        name=name,
        type=raw["type"],
        title=str(raw.get("title") or name),
        help=str(raw.get("help", "")),
        section=str(raw.get("section", "")),
        section_help=str(raw.get("section_help", "")),
        is_required=bool(raw.get("is_required", True)),
        offers_na=bool(raw.get("offers_na", False)),
        choices=tuple(map(_option, raw.get("options") or ())),
        is_shuffled=bool(raw.get("is_shuffled", False)),
        low_label=str(raw.get("low_label", "")),
        high_label=str(raw.get("high_label", "")),
        smallest=int(raw.get("smallest", SMALLEST)),
        largest=int(raw.get("largest", LARGEST)),
        min_chars=int(raw.get("min_chars") or 0),
        max_chars=int(raw.get("max_chars") or MAX_CHARS),
        is_long=bool(raw.get("is_long", False)),
        show_if=_rules(raw),
        needs_all=bool(raw.get("needs_all", True)),
        is_categorised=bool(raw.get("is_categorised", False)),
        categories=tuple(map(_category, raw.get("categories") or ())),
        sensitivity=raw.get("sensitivity") or USUAL_SENSITIVITY[raw["type"]],
    )


def _statements(raw: Mapping[str, Any]) -> Iterator[SurveyQuestion]:
    """Yield a slider for each statement of grouped sliders, and texts they ask for."""
    shared = replace(_question({**raw, "type": "slider"}), group=str(raw["name"]))
    shared = replace(shared, stem=shared.title, title="")
    for statement in raw["statements"]:
        has_text = bool(statement.get("has_text"))
        slider = replace(
            shared,
            name=f"{shared.group}_{statement['name']}",
            title=str(statement["title"]),
            is_last=bool(statement.get("is_last")),
            is_required=shared.is_required and not has_text,
        )
        yield slider
        if has_text:
            text = _own_words(
                slider,
                name=f"{slider.name}_text",
                title=_("{title}: in your own words").format(
                    title=slider.title.lstrip("… ")
                ),
                show_if=slider.show_if,
                companion_of=slider.name,
            )
            yield replace(text, needs_all=slider.needs_all)


def _own_words(
    question: SurveyQuestion,
    *,
    name: str,
    title: str,
    show_if: tuple[Rule, ...],
    companion_of: str,
) -> SurveyQuestion:
    is_special = question.sensitivity == "special"
    return SurveyQuestion(
        name=name,
        type="text",
        title=title,
        section=question.section,
        section_help=question.section_help,
        is_required=question.is_required,
        show_if=show_if,
        group=question.group,
        companion_of=companion_of,
        sensitivity="special" if is_special else "free_text",
    )


def as_name(text: str) -> str:
    """Return a text as part of a name: letters, digits and _."""
    return re.sub(r"\W+", "_", text.lower()).strip("_")[:30]


def _option(raw: Any) -> Option:
    if not isinstance(raw, Mapping):
        return Option(str(raw), str(raw))
    label = str(raw.get("label") or raw.get("value") or "")
    return Option(
        value=str(raw.get("value") or label),
        label=label,
        is_last=bool(raw.get("is_last")),
        is_exclusive=bool(raw.get("is_exclusive")),
        has_text=bool(raw.get("has_text")),
    )


def _category(raw: Mapping[str, Any]) -> Category:
    value = str(raw["value"])
    return Category(value, str(raw.get("simplified") or value))


def _rules(raw: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read the rules; `depends_on` and `hidden_for` are how one was written before."""
    rules = [
        Rule(
            str(rule.get("question", "")),
            tuple(map(str, rule.get("values") or ())),
            rule.get("is", "any_of") == "any_of",
        )
        for rule in raw.get("show_if") or ()
    ]
    hidden = tuple(map(str, raw.get("hidden_for") or ()))
    if raw.get("depends_on") and hidden:
        rules.append(Rule(str(raw["depends_on"]), hidden, is_any_of=False))
    return tuple(rules)


def entries_by_question(raw: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return for each question the place of its entry in the stored list."""
    return {
        question.name: place
        for place, entry in enumerate(raw)
        for question in _questions(entry)
    }
