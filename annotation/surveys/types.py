"""PURE: the questions of a profile survey and the replies to them.

Knows nothing of Django or of the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotation.answers import Problem

SurveyType = Literal["single", "several", "slider", "number", "text", "country"]
# What an entry of the stored list can be; `sliders` stands for several sliders.
EntryType = Literal[
    "single", "several", "slider", "sliders", "number", "text", "country"
]
SURVEY_TYPES: tuple[EntryType, ...] = (
    "single",
    "several",
    "slider",
    "sliders",
    "number",
    "text",
    "country",
)
# How carefully an answer is to be handled: exports leave classes out by consent.
Sensitivity = Literal["plain", "demographic", "special", "free_text"]
SENSITIVITIES: tuple[Sensitivity, ...] = (
    "plain",
    "demographic",
    "special",
    "free_text",
)
USUAL_SENSITIVITY: dict[EntryType, Sensitivity] = {
    "single": "demographic",
    "several": "demographic",
    "slider": "plain",
    "sliders": "plain",
    "number": "demographic",
    "text": "free_text",
    "country": "demographic",
}
State = Literal["answered", "prefer_not", "skipped", "not_shown", "not_applicable"]
DECLINED = "__prefer_not"
NOT_APPLICABLE = "__not_applicable"
LOW, HIGH = 0, 100
MAX_CHARS = 500
MOST_CHARS = 10_000
# What a number is asked between where the survey does not say; ages fit.
SMALLEST, LARGEST = 0, 120
MOST_NUMBER = 1_000_000


@dataclass(frozen=True)
class Option:
    """One option of a choice: what is stored, what is read, and how it behaves.

    `is_last`: keeps its place after the others in a random order. `is_exclusive`:
    cannot be chosen together with another. `has_text`: asks for own words.
    """

    value: str
    label: str
    is_last: bool = False
    is_exclusive: bool = False
    has_text: bool = False


@dataclass(frozen=True)
class Category:
    """A category that a self-description can be given, and its coarser one."""

    value: str
    simplified: str


@dataclass(frozen=True)
class Rule:
    """A condition on an earlier choice: one of the values is, or none is, chosen.

    A rule about a question that was not shown is never met.
    """

    question: str
    values: tuple[str, ...]
    is_any_of: bool = True


@dataclass(frozen=True)
class SurveyQuestion:
    """One question of a survey.

    `choices`: offered by single and several, in the order written; `is_shuffled`
    draws an order per person. `low_label`, `high_label`: the ends of a slider.
    `smallest`, `largest`: what a number can be.
    `show_if`: rules that let it be shown; all of them, or one where `needs_all` is
    false. `section`: the heading it stands under. `group`, `stem`: the name and words
    of the grouped sliders it belongs to, in whose order `is_last` keeps its place.
    `companion_of`: the question whose option or statement it gives own words to.
    `categories`: a text is categorised by researchers into these. `sensitivity`: how
    carefully an answer is to be handled; `special` is for what the law protects most,
    such as religion.
    """

    name: str
    type: SurveyType
    title: str
    help: str = ""
    section: str = ""
    section_help: str = ""
    is_required: bool = True
    offers_na: bool = False
    choices: tuple[Option, ...] = ()
    is_shuffled: bool = False
    low_label: str = ""
    high_label: str = ""
    smallest: int = SMALLEST
    largest: int = LARGEST
    min_chars: int = 0
    max_chars: int = MAX_CHARS
    is_long: bool = False
    show_if: tuple[Rule, ...] = ()
    needs_all: bool = True
    group: str = ""
    stem: str = ""
    is_last: bool = False
    companion_of: str = ""
    is_categorised: bool = False
    categories: tuple[Category, ...] = ()
    sensitivity: Sensitivity = "demographic"

    @property
    def options(self) -> tuple[str, ...]:
        """Return what the options store, in the order written."""
        return tuple(choice.value for choice in self.choices)


@dataclass(frozen=True)
class Reply:
    """One answer as it is stored: its state, its value, and the order shown."""

    question: str
    state: State
    value: Any = None
    order_shown: tuple[str, ...] | None = None


class InvalidSurveyError(ValueError):
    """The list of questions is malformed; `problems` names each fault."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = list(problems)
