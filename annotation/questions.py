"""PURE: the questions that a project asks, parsed and checked.

Steps set-up and annotate. The answers to them are in annotation.answers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

QuestionType = Literal[
    "comparison", "ranking", "rating", "rationale", "tags", "confidence"
]
QUESTION_TYPES: tuple[QuestionType, ...] = (
    "comparison",
    "ranking",
    "rating",
    "rationale",
    "tags",
    "confidence",
)

MAX_PLACES = 100


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where it is, and a sentence that says what to do."""

    path: str
    message: str


@dataclass(frozen=True)
class Criterion:
    """One row of a rating: its name, title and what the numbers mean."""

    name: str
    title: str
    help: str = ""
    anchors: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Question:
    """One question of a project, as it is frozen in a questions version.

    `strength`: grades on each side of a comparison (1 = forced choice, 3 = much,
    better, slightly). `low`, `high`: the scale of a rating, both included.
    `n_places`: how many places a ranking gives, 0 = all. `allow_partial`: completions
    may stay out of a ranking as not judged. `warn_unchanged`: a ranking that repeats
    the order shown is asked about once.
    `reasons`, `levels`: offered inside a comparison, or the options of `tags` and
    `confidence`. `min_chars`: shortest rationale accepted once one is required.
    """

    name: str
    type: QuestionType
    title: str
    help: str = ""
    is_required: bool = True
    strength: int = 3
    allow_tie: bool = True
    allow_both_bad: bool = False
    allow_unacceptable: bool = True
    allow_na: bool = True
    n_places: int = 0
    allow_partial: bool = False
    warn_unchanged: bool = False
    low: int = 0
    high: int = 4
    criteria: tuple[Criterion, ...] = ()
    reasons: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    min_chars: int = 0


class InvalidQuestionsError(ValueError):
    """The list of questions is malformed; `problems` names each fault."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = list(problems)


def _criterion(raw: Mapping[str, Any]) -> Criterion:
    anchors = raw.get("anchors") or {}
    pairs = anchors.items() if isinstance(anchors, Mapping) else anchors
    return Criterion(
        name=str(raw["name"]),
        title=str(raw.get("title") or raw["name"]),
        help=str(raw.get("help", "")),
        anchors=tuple(sorted((int(key), str(value)) for key, value in pairs)),
    )


def _question(raw: Mapping[str, Any]) -> Question:
    known = {
        "help": str,
        "is_required": bool,
        "strength": int,
        "allow_tie": bool,
        "allow_both_bad": bool,
        "allow_unacceptable": bool,
        "allow_na": bool,
        "n_places": int,
        "allow_partial": bool,
        "warn_unchanged": bool,
        "low": int,
        "high": int,
        "min_chars": int,
    }
    options: dict[str, Any] = {
        key: kind(raw[key]) for key, kind in known.items() if key in raw
    }
    for key in ("reasons", "levels"):
        options[key] = tuple(str(value) for value in raw.get(key, ()))
    options["criteria"] = tuple(_criterion(value) for value in raw.get("criteria", ()))
    return Question(
        name=str(raw["name"]),
        type=raw["type"],
        title=str(raw.get("title") or raw["name"]),
        **options,
    )


def _question_problems(index: int, question: Question) -> list[Problem]:
    path = f"questions[{index}]"
    problems = []
    if not question.name.isidentifier():
        problems.append(
            Problem(
                f"{path}.name",
                f"{question.name!r} is not a name. Use letters, digits and _.",
            )
        )
    if question.type == "comparison" and not 1 <= question.strength <= 3:
        problems.append(Problem(f"{path}.strength", "Strength must be 1, 2 or 3."))
    if not 0 <= question.n_places <= MAX_PLACES:
        text = f"The number of places must be from 0 (all) to {MAX_PLACES}."
        problems.append(Problem(f"{path}.n_places", text))
    if question.type == "rating" and not question.criteria:
        problems.append(Problem(f"{path}.criteria", "A rating needs a criterion."))
    names = [criterion.name for criterion in question.criteria]
    if not all(names):
        problems.append(
            Problem(f"{path}.criteria", "A criterion has no name. Write or remove it.")
        )
    if len(set(names)) < len(names):
        problems.append(
            Problem(f"{path}.criteria", "Two criteria have one name. Rename one.")
        )
    if question.type == "rating" and not question.low < question.high:
        problems.append(Problem(f"{path}.high", "The scale's end must exceed its low."))
    if question.type == "rating" and question.high - question.low > 100:
        problems.append(Problem(f"{path}.high", "A scale has at most 101 steps."))
    if question.type in ("tags",) and not question.reasons:
        problems.append(Problem(f"{path}.reasons", "Tags need at least one option."))
    if question.type == "confidence" and len(question.levels) < 2:
        problems.append(Problem(f"{path}.levels", "Confidence needs two levels."))
    return problems


def parse_questions(raw: object) -> tuple[Question, ...]:
    """Turn the stored JSON list into questions.

    Raises
    ------
    InvalidQuestionsError
        With every fault found, so that a form can show them all at once.
    """
    if not isinstance(raw, (list, tuple)) or not raw:
        raise InvalidQuestionsError(
            [Problem("questions", "Questions must be a list with at least one entry.")]
        )
    problems: list[Problem] = []
    questions: list[Question] = []
    for index, entry in enumerate(raw):
        if not isinstance(entry, Mapping) or entry.get("type") not in QUESTION_TYPES:
            kinds = ", ".join(QUESTION_TYPES)
            problems.append(
                Problem(f"questions[{index}].type", f"Type must be one of {kinds}.")
            )
            continue
        try:
            question = _question(entry)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(
                Problem(f"questions[{index}]", f"This question is malformed: {error}.")
            )
            continue
        problems += _question_problems(index, question)
        questions.append(question)
    names = [question.name for question in questions]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem("questions", f"Two questions are called {name!r}."))
    if problems:
        raise InvalidQuestionsError(problems)
    return tuple(questions)


@lru_cache(maxsize=512)
def questions_from(text: str) -> tuple[Question, ...]:
    """Return the questions of a stored JSON text; the same text is parsed once."""
    return parse_questions(json.loads(text))


def main_question(questions: Sequence[Question]) -> Question:
    """Return the question that stands for the whole: `preference`, else the first.

    The order of search is comparison, ranking, rating.
    """
    for kind in ("comparison", "ranking", "rating"):
        found = [question for question in questions if question.type == kind]
        if found:
            named = [question for question in found if question.name == "preference"]
            return (named or found)[0]
    return questions[0]


def letter(index: int) -> str:
    """Return the letter of a completion on the screen: 0 is A, 25 Z, 26 AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name
