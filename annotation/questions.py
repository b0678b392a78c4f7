"""PURE: the questions that a project asks, parsed and checked.

Steps set-up and annotate. The answers to them are in annotation.answers.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from annotation.words import gettext as _

QuestionType = Literal[
    "comparison",
    "ranking",
    "rating",
    "choice",
    "rationale",
    "text",
    "tags",
    "confidence",
    "spans",
]
QUESTION_TYPES: tuple[QuestionType, ...] = get_args(QuestionType)
MAX_STEPS = 100

# What a rule can ask of an answer besides the words that its question offers. None of
# them names a side, so a rule means the same in every order of completions.
STATES: Mapping[str, tuple[str, ...]] = {
    "comparison": ("better", "strongest", "slightest", "tie", "both_bad"),
    "ranking": ("tie", "unacceptable"),
    "rating": ("lowest", "highest", "na"),
}
RULES = ("show_if", "required_if")

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
class Condition:
    """A rule on an answer given before: `question` has one of these `answers`.

    Without any, every answer will do. They are words that the question offers, or
    states of its type (`STATES`).
    """

    question: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question of a project, as it is frozen in a questions version.

    `strength`: grades on each side of a comparison (1 = forced choice, 3 = much,
    better, slightly). `low`, `high`: the scale of a rating, both included.
    `n_places`: how many places a ranking gives, 0 = all. `allow_partial`: completions
    may stay out of a ranking as not judged. `warn_unchanged`: a ranking that repeats
    the order shown is asked about once.
    `reasons`, `levels`: offered inside a comparison, or the options of `tags` and
    `confidence`; the tags that a mark of `spans` may carry. `options`: of a choice.
    `min_chars`, `max_chars`: shortest and longest text accepted, 0 = no limit.
    `low_label`, `high_label`: words at the ends of a scale. `show_if`: not asked
    elsewhere; `required_if`: may stay open elsewhere.
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
    max_chars: int = 0
    options: tuple[str, ...] = ()
    per_completion: bool = False
    is_multiline: bool = False
    low_label: str = ""
    high_label: str = ""
    show_if: Condition | None = None
    required_if: Condition | None = None

    @property
    def offered(self) -> tuple[str, ...]:
        """Return what a rule can ask of an answer to this question."""
        words = {
            "choice": self.options,
            "tags": self.reasons,
            "confidence": self.levels,
        }
        offers = {
            "tie": self.allow_tie,
            "both_bad": self.allow_both_bad,
            "unacceptable": self.allow_unacceptable,
            "na": self.allow_na,
        }
        states = STATES.get(self.type, ())
        return words.get(self.type) or tuple(
            state for state in states if offers.get(state, True)
        )


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


def _condition(raw: object) -> Condition | None:
    if not raw:
        return None
    if not isinstance(raw, Mapping) or not isinstance(raw.get("answers", []), list):
        raise ValueError('a rule is written {"question": "name", "answers": ["tie"]}')
    answers = tuple(str(answer) for answer in raw.get("answers", []))
    return Condition(str(raw.get("question", "")), answers)


_PLAIN: Mapping[str, type] = {
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
    "max_chars": int,
    "per_completion": bool,
    "is_multiline": bool,
    "low_label": str,
    "high_label": str,
}


def _question(raw: Mapping[str, Any]) -> Question:
    options: dict[str, Any] = {
        key: kind(raw[key]) for key, kind in _PLAIN.items() if key in raw
    }
    for key in ("reasons", "levels", "options"):
        options[key] = tuple(str(value) for value in raw.get(key, ()))
    for key in RULES:
        options[key] = _condition(raw.get(key))
    options["criteria"] = tuple(_criterion(value) for value in raw.get("criteria", ()))
    return Question(
        name=str(raw["name"]),
        type=raw["type"],
        title=str(raw.get("title") or raw["name"]),
        **options,
    )


def _question_problems(index: int, question: Question) -> list[Problem]:
    found = _CHECKS.get(question.type, _no_problems)(question)
    if not question.name.isidentifier():
        text = _("{name!r} is not a name. Use letters, digits and _.").format(
            name=question.name
        )
        found = [("name", text), *found]
    return [Problem(f"questions[{index}].{field}", text) for field, text in found]


Found = list[tuple[str, str]]


def _no_problems(question: Question) -> Found:
    return []


def _comparison_problems(question: Question) -> Found:
    if not 1 <= question.strength <= 3:
        return [("strength", _("Strength must be 1, 2 or 3."))]
    return []


def _ranking_problems(question: Question) -> Found:
    if not 0 <= question.n_places <= MAX_PLACES:
        text = _("The number of places must be from 0 (all) to {max_places}.").format(
            max_places=MAX_PLACES
        )
        return [("n_places", text)]
    return []


def _rating_problems(question: Question) -> Found:
    found = []
    names = [criterion.name for criterion in question.criteria]
    if not names:
        found.append(("criteria", _("A rating needs a criterion.")))
    if not all(names):
        found.append(("criteria", _("A criterion has no name. Write or remove it.")))
    if len(set(names)) < len(names):
        found.append(("criteria", _("Two criteria have one name. Rename one.")))
    if not question.low < question.high:
        found.append(("high", _("The scale's end must exceed its low.")))
    if question.high - question.low > MAX_STEPS:
        found.append(
            ("high", _("A scale has at most {most} steps.").format(most=MAX_STEPS + 1))
        )
    return found


def _choice_problems(question: Question) -> Found:
    if len(question.options) < 2:
        return [("options", _("A choice needs two options. Write each on its line."))]
    twice = [word for word in question.options if question.options.count(word) > 1]
    return (
        [("options", _("“{twice}” stands here twice.").format(twice=twice[0]))]
        if twice
        else []
    )


def _text_problems(question: Question) -> Found:
    if question.max_chars and question.max_chars < question.min_chars:
        return [("max_chars", _("The most characters must not be below the fewest."))]
    return []


def _tags_problems(question: Question) -> Found:
    if not question.reasons:
        return [("reasons", _("Tags need at least one option."))]
    return []


def _confidence_problems(question: Question) -> Found:
    if len(question.levels) < 2:
        return [("levels", _("Confidence needs two levels."))]
    return []


_CHECKS: Mapping[QuestionType, Callable[[Question], Found]] = {
    "comparison": _comparison_problems,
    "ranking": _ranking_problems,
    "rating": _rating_problems,
    "choice": _choice_problems,
    "rationale": _text_problems,
    "text": _text_problems,
    "tags": _tags_problems,
    "confidence": _confidence_problems,
}


def _rule_problems(
    before: Mapping[str, Question], question: Question, path: str
) -> list[Problem]:
    """Say which rules ask for what was not asked before, or cannot be answered."""
    problems = []
    for rule in RULES:
        condition: Condition | None = getattr(question, rule)
        if condition is None:
            continue
        asked = before.get(condition.question)
        where = f"{path}.{rule}"
        if asked is None:
            text = _("No question called {question!r} is asked before this.").format(
                question=condition.question
            )
            problems.append(
                Problem(where, _("{text} Choose an earlier one.").format(text=text))
            )
            continue
        wrong = [value for value in condition.answers if value not in asked.offered]
        if wrong:
            known = ", ".join(asked.offered) or _("none; leave the list empty")
            text = _("{wrong!r} is no answer to “{title}”. Those are: {known}.").format(
                wrong=wrong[0], title=asked.title, known=known
            )
            problems.append(Problem(where, text))
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
            [
                Problem(
                    "questions", _("Questions must be a list with at least one entry.")
                )
            ]
        )
    problems: list[Problem] = []
    questions: list[Question] = []
    before: dict[str, Question] = {}
    for index, entry in enumerate(raw):
        if not isinstance(entry, Mapping) or entry.get("type") not in QUESTION_TYPES:
            kinds = ", ".join(QUESTION_TYPES)
            problems.append(
                Problem(
                    f"questions[{index}].type",
                    _("Type must be one of {kinds}.").format(kinds=kinds),
                )
            )
            continue
        try:
            question = _question(entry)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(
                Problem(
                    f"questions[{index}]",
                    _("This question is malformed: {error}.").format(error=error),
                )
            )
            continue
        problems += _question_problems(index, question)
        if question.name in before:
            text = _("Two questions are called {name!r}. Rename one.").format(
                name=question.name
            )
            problems.append(Problem(f"questions[{index}].name", text))
        problems += _rule_problems(before, question, f"questions[{index}]")
        before[question.name] = question
        questions.append(question)
    if problems:
        raise InvalidQuestionsError(problems)
    return tuple(questions)


@lru_cache(maxsize=512)
def questions_from(text: str) -> tuple[Question, ...]:
    """Return the questions of a stored JSON text; the same text is parsed once."""
    return parse_questions(json.loads(text))


def main_question(questions: Sequence[Question]) -> Question:
    """Return the question that stands for the whole: `preference`, else the first.

    The order of search is comparison, ranking, rating, choice.
    """
    for kind in ("comparison", "ranking", "rating", "choice"):
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
