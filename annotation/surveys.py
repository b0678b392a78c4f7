"""PURE: the questions of a profile survey, and what counts as an answer.

Step consent and profile. Knows nothing of Django or of the screen. A question is never
left to a default: it is answered, declined, or said to be missing.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotation.answers import Problem
from annotation.countries import COUNTRIES

SurveyType = Literal["single", "several", "slider", "text", "country"]
SURVEY_TYPES: tuple[SurveyType, ...] = (
    "single",
    "several",
    "slider",
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
USUAL_SENSITIVITY: dict[SurveyType, Sensitivity] = {
    "single": "demographic",
    "several": "demographic",
    "slider": "plain",
    "text": "free_text",
    "country": "demographic",
}
State = Literal["answered", "prefer_not", "skipped", "not_shown", "not_applicable"]
DECLINED = "__prefer_not"
NOT_APPLICABLE = "__not_applicable"
LOW, HIGH = 0, 100
MAX_CHARS = 500


@dataclass(frozen=True)
class SurveyQuestion:
    """One question of a survey.

    `options`: offered by single and several, in the order written; `is_shuffled`
    draws an order per person. `low_label`, `high_label`: the ends of a slider.
    `depends_on`, `hidden_for`: the question is shown unless the single choice named
    first has one of the values named second. `section`: the heading it stands under.
    `sensitivity`: how carefully an answer is to be handled; `special` is for what
    the law protects most, such as religion.
    """

    name: str
    type: SurveyType
    title: str
    help: str = ""
    section: str = ""
    is_required: bool = True
    offers_na: bool = False
    options: tuple[str, ...] = ()
    is_shuffled: bool = False
    low_label: str = ""
    high_label: str = ""
    max_chars: int = MAX_CHARS
    depends_on: str = ""
    hidden_for: tuple[str, ...] = ()
    sensitivity: Sensitivity = "demographic"


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


# --- reading the questions ----------------------------------------------------------


def parse_survey(raw: object) -> tuple[SurveyQuestion, ...]:
    """Turn the stored JSON list into questions; an empty list asks nothing.

    Raises
    ------
    InvalidSurveyError
        With every fault found.
    """
    if not isinstance(raw, (list, tuple)):
        raise InvalidSurveyError([Problem("survey", "A survey is a list.")])
    problems: list[Problem] = []
    questions: list[SurveyQuestion] = []
    for index, entry in enumerate(raw):
        path = f"survey[{index}]"
        if not isinstance(entry, Mapping) or entry.get("type") not in SURVEY_TYPES:
            kinds = ", ".join(SURVEY_TYPES)
            problems.append(Problem(f"{path}.type", f"Type must be one of {kinds}."))
            continue
        question = _question(entry)
        problems += _question_problems(path, question)
        questions.append(question)
    problems += _list_problems(questions)
    if problems:
        raise InvalidSurveyError(problems)
    return tuple(questions)


def _question(raw: Mapping[str, Any]) -> SurveyQuestion:
    name = str(raw.get("name", ""))
    return SurveyQuestion(
        name=name,
        type=raw["type"],
        title=str(raw.get("title") or name),
        help=str(raw.get("help", "")),
        section=str(raw.get("section", "")),
        is_required=bool(raw.get("is_required", True)),
        offers_na=bool(raw.get("offers_na", False)),
        options=_words(raw.get("options")),
        is_shuffled=bool(raw.get("is_shuffled", False)),
        low_label=str(raw.get("low_label", "")),
        high_label=str(raw.get("high_label", "")),
        depends_on=str(raw.get("depends_on", "")),
        hidden_for=_words(raw.get("hidden_for")),
        sensitivity=raw.get("sensitivity") or USUAL_SENSITIVITY[raw["type"]],
    )


def _words(raw: object) -> tuple[str, ...]:
    return tuple(str(word) for word in raw) if isinstance(raw, (list, tuple)) else ()


def _question_problems(path: str, question: SurveyQuestion) -> list[Problem]:
    problems = []
    if not question.name.isidentifier() or len(question.name) > 60:
        problems.append(
            Problem(
                f"{path}.name",
                f"{question.name!r} is not a name. Use letters, digits and _.",
            )
        )
    if question.sensitivity not in SENSITIVITIES:
        known = ", ".join(SENSITIVITIES)
        problems.append(
            Problem(f"{path}.sensitivity", f"Sensitivity must be one of {known}.")
        )
    if question.type in ("single", "several"):
        if len(question.options) < 2:
            problems.append(
                Problem(f"{path}.options", f"“{question.title}” needs two options.")
            )
        if len(set(question.options)) < len(question.options):
            problems.append(
                Problem(f"{path}.options", f"“{question.title}” offers one twice.")
            )
    return problems


def _list_problems(questions: Sequence[SurveyQuestion]) -> list[Problem]:
    problems = []
    before: dict[str, SurveyQuestion] = {}
    for index, question in enumerate(questions):
        if question.name in before:
            problems.append(
                Problem("survey", f"Two questions are called {question.name!r}.")
            )
        asked = before.get(question.depends_on)
        if question.depends_on and (asked is None or asked.type != "single"):
            problems.append(
                Problem(
                    f"survey[{index}].depends_on",
                    f"{question.depends_on!r} is not a single choice asked before.",
                )
            )
        before[question.name] = question
    return problems


# --- showing --------------------------------------------------------------------------


def options_in_order(question: SurveyQuestion, seed: str) -> tuple[str, ...]:
    """Return the options as one person sees them; the same again for the same seed."""
    options = list(question.options)
    if question.is_shuffled:
        # Not for secrets: the order must be the same when the page comes back.
        random.Random(f"{seed}:{question.name}").shuffle(options)  # noqa: S311
    return tuple(options)


# --- answering ----------------------------------------------------------------------


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
    for question in questions:
        values = [value.strip() for value in given.get(question.name, ())]
        if not is_shown(question, given):
            replies.append(Reply(question.name, "not_shown"))
            continue
        found = _read(question, [value for value in values if value], seed)
        if isinstance(found, Reply):
            replies.append(found)
        else:
            problems.append(found)
    return replies, problems


def is_shown(question: SurveyQuestion, given: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the answer on which a question depends lets it be shown."""
    if not question.depends_on:
        return True
    return not set(given.get(question.depends_on, ())) & set(question.hidden_for)


def _read(question: SurveyQuestion, values: list[str], seed: str) -> Reply | Problem:
    order = options_in_order(question, seed) or None
    if DECLINED in values:
        return Reply(question.name, "prefer_not", None, order)
    if NOT_APPLICABLE in values and question.offers_na:
        return Reply(question.name, "not_applicable", None, order)
    if not values:
        if question.is_required:
            return Problem(question.name, MISSING[question.type])
        return Reply(question.name, "skipped", None, order)
    try:
        value = READERS[question.type](question, values)
    except ValueError as error:
        return Problem(question.name, str(error))
    return Reply(question.name, "answered", value, order)


MISSING: dict[SurveyType, str] = {
    "single": "Choose one, or say that you prefer not to.",
    "several": "Choose at least one, or say that you prefer not to.",
    "slider": "Choose a point on the line, or say that you prefer not to.",
    "text": "Write a few words, or say that you prefer not to.",
    "country": "Choose a country, or say that you prefer not to.",
}


def _read_single(question: SurveyQuestion, values: list[str]) -> str:
    if len(values) != 1 or values[0] not in question.options:
        raise ValueError("Choose one of the options that are offered.")
    return values[0]


def _read_several(question: SurveyQuestion, values: list[str]) -> list[str]:
    if not set(values) <= set(question.options):
        raise ValueError("Choose among the options that are offered.")
    return [option for option in question.options if option in values]


def _read_slider(question: SurveyQuestion, values: list[str]) -> int:
    if not values[0].isdecimal() or not LOW <= int(values[0]) <= HIGH:
        raise ValueError(f"Choose a whole number from {LOW} to {HIGH}.")
    return int(values[0])


def _read_text(question: SurveyQuestion, values: list[str]) -> str:
    if len(values[0]) > question.max_chars:
        raise ValueError(f"Write at most {question.max_chars} characters.")
    if "\x00" in values[0]:
        raise ValueError("The text contains a character that cannot be stored.")
    return values[0]


def _read_country(question: SurveyQuestion, values: list[str]) -> str:
    if values[0] not in COUNTRIES:
        raise ValueError("Choose a country of the list.")
    return values[0]


READERS: dict[SurveyType, Callable[[SurveyQuestion, list[str]], Any]] = {
    "single": _read_single,
    "several": _read_several,
    "slider": _read_slider,
    "text": _read_text,
    "country": _read_country,
}
