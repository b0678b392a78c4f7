"""The questions of a survey as a page shows them, for people and in the preview."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from annotation.countries import named_countries
from annotation.surveys import (
    DECLINED,
    NOT_APPLICABLE,
    Option,
    SurveyQuestion,
    options_in_order,
    questions_in_order,
)

PREFIX = "q-"
# How long people take, for a sentence that says it beforehand.
SECONDS_EACH, SECONDS_LONG_TEXT = 10, 90


@dataclass(frozen=True)
class Asked:
    """A question as the page shows it, with what was given and what is missing."""

    question: SurveyQuestion
    options: tuple[Option, ...]
    given: tuple[str, ...]
    problem: str

    @property
    def is_declined(self) -> bool:
        """Tell whether the person prefers not to say."""
        return DECLINED in self.given

    @property
    def is_not_applicable(self) -> bool:
        """Tell whether the question does not apply to the person."""
        return NOT_APPLICABLE in self.given

    @property
    def text(self) -> str:
        """Return the one value given, of a slider, a text or a country."""
        is_apart = self.is_declined or self.is_not_applicable
        return "" if is_apart else "".join(self.given[:1])

    @property
    def rules(self) -> str:
        """Return as JSON, for the script, what lets the question be shown."""
        if not self.question.show_if:
            return ""
        rules = [
            {
                "question": rule.question,
                "values": list(rule.values),
                "isAnyOf": rule.is_any_of,
            }
            for rule in self.question.show_if
        ]
        return json.dumps({"needsAll": self.question.needs_all, "rules": rules})


@dataclass(frozen=True)
class Block:
    """One question, or grouped sliders under their stem."""

    group: str
    stem: str
    help: str
    entries: tuple[Asked, ...]


@dataclass(frozen=True)
class Section:
    """The questions under one heading."""

    title: str
    help: str
    blocks: tuple[Block, ...]


def show_survey(
    questions: Sequence[SurveyQuestion],
    seed: str,
    given: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
) -> list[Section]:
    """Return the sections of a survey, in the orders that one person sees."""
    given, problems = given or {}, problems or {}
    asked = [
        Asked(
            question,
            options_in_order(question, seed),
            tuple(given.get(question.name, ())),
            problems.get(question.name, ""),
        )
        for question in questions_in_order(questions, seed)
    ]
    return [
        Section(title, entries[0].question.section_help, _blocks(entries))
        for title, entries in _runs(asked, "section")
    ]


def _blocks(asked: Sequence[Asked]) -> tuple[Block, ...]:
    blocks = []
    for group, entries in _runs(asked, "group"):
        if group:
            first = entries[0].question
            blocks.append(Block(group, first.stem, first.help, tuple(entries)))
        else:
            blocks += [Block("", "", "", (entry,)) for entry in entries]
    return tuple(blocks)


def _runs(asked: Sequence[Asked], key: str) -> list[tuple[str, list[Asked]]]:
    runs = groupby(asked, key=lambda entry: str(getattr(entry.question, key)))
    return [(name, list(entries)) for name, entries in runs]


def survey_context(sections: Sequence[Section]) -> dict[str, Any]:
    """Return what the templates of the questions need."""
    entries = [
        entry for part in sections for block in part.blocks for entry in block.entries
    ]
    return {
        "sections": sections,
        "missing": [entry for entry in entries if entry.problem],
        "countries": named_countries(),
        "declined": DECLINED,
        "not_applicable": NOT_APPLICABLE,
        "n_minutes": _minutes([entry.question for entry in entries]),
    }


def _minutes(questions: Sequence[SurveyQuestion]) -> int:
    seconds = sum(
        SECONDS_LONG_TEXT if question.is_long else SECONDS_EACH
        for question in questions
    )
    return 1 + round(seconds / 60)
