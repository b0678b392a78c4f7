"""PURE: known answers of gold items and attention checks, and how answers are graded.

Steps import, set-up and annotate. All completions are named by canonical index. An
item's `gold` is a JSON object, either the accepted answers alone or

`{"use": "monitoring", "answers": {...}, "explanation": "...", "in_pool": false}`

=============  ======================================================================
question type  accepted answer
=============  ======================================================================
comparison     `{"accept": [int | "both_bad", ...]}`; or an answer as it is stored,
               which accepts every strength on its side
ranking        `{"pairs": [[better, worse], ...], "unacceptable"?: [int, ...]}`; or an
               answer as it is stored, whose strict pairs must hold
rating         `{"marks": {criterion: [int | "na" | null, ...]}, "tolerance": int}`;
               or an answer as it is stored, with the tolerance 1
tags           `{"accept": [str, ...]}` or `[str, ...]`: all of them must be chosen
confidence     `{"accept": [str, ...]}` or `str`: one of them
=============  ======================================================================

The name `preference` stands for the project's main comparison where no question has
that name, so that a column of verdicts fits any project.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, TypeAlias, get_args

from annotation.answers import NOT_APPLICABLE, Problem, Question, main_question
from annotation.words import gettext as _

Use: TypeAlias = Literal["training", "qualification", "monitoring", "attention"]
USES: tuple[Use, ...] = get_args(Use)
BOTH_BAD = "both_bad"
MAX_EXPLANATION = 10_000
DEFAULT_TOLERANCE = 1
_WRAPPED = frozenset(("use", "answers", "explanation", "in_pool"))


class InvalidGoldError(ValueError):
    """A known answer does not fit its item or questions; `problems` names each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Gold:
    """A known answer. `use`: "" where the item is no check (yet).

    `answers`: accepted answers by name of question, in the full forms above.
    `is_in_pool`: the item is judged as data too, and its answers are graded as they
    come; else it is a check alone and never counts.
    """

    answers: Mapping[str, Mapping[str, Any]]
    use: Use | Literal[""] = ""
    explanation: str = ""
    is_in_pool: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what `read_gold` reads back as an equal value."""
        answers = {name: dict(accepted) for name, accepted in self.answers.items()}
        stored: dict[str, Any] = {"answers": answers}
        if self.use:
            stored = {"use": self.use, **stored}
        if self.explanation:
            stored["explanation"] = self.explanation
        if self.is_in_pool:
            stored["in_pool"] = True
        return stored


@dataclass(frozen=True)
class Graded:
    """Whether an answer is right: as a whole, and question by question."""

    is_correct: bool
    parts: Mapping[str, bool]


def use_of(raw: object) -> str:
    """Return the use that a stored `gold` names, "" for none."""
    use = raw.get("use") if isinstance(raw, Mapping) else None
    return use if use in USES else ""


def use_problem(raw: Mapping[str, Any]) -> str:
    """Return what is wrong with the use that a file names; "" where nothing is."""
    use = raw.get("use")
    if use in (None, "") or use in USES:
        return ""
    return _("The use of gold is {use!r}. Use one of {uses}.").format(
        use=use, uses=", ".join(USES)
    )


def read_gold(raw: object, questions: Sequence[Question], n_completions: int) -> Gold:
    """Read a known answer and check it against the questions and the item.

    Raises
    ------
    InvalidGoldError
        With every fault found.
    """
    if not isinstance(raw, Mapping):
        raise InvalidGoldError([Problem("gold", _("Gold must be an object."))])
    is_wrapped = isinstance(raw.get("answers"), Mapping) and set(raw) <= _WRAPPED
    given = raw["answers"] if is_wrapped else raw
    problems: list[Problem] = []
    if is_wrapped and (fault := use_problem(raw)):
        problems.append(Problem("gold.use", fault))
    explanation = raw.get("explanation", "") if is_wrapped else ""
    if not isinstance(explanation, str) or len(explanation) > MAX_EXPLANATION:
        text = _(
            "The explanation is a text of at most {max_explanation:,} characters."
        ).format(max_explanation=MAX_EXPLANATION)
        problems.append(Problem("gold.explanation", text))
    answers = _read_answers(given, questions, n_completions, problems)
    if not answers and not problems:
        text = _("Nothing is right yet. Say for one question at least what is right.")
        problems.append(Problem("gold.answers", text))
    if problems:
        raise InvalidGoldError(problems)
    return Gold(
        answers=answers,
        use=raw.get("use") or "" if is_wrapped else "",
        explanation=explanation.strip(),
        is_in_pool=is_wrapped and raw.get("in_pool") is True,
    )


def _read_answers(
    given: Mapping[str, Any],
    questions: Sequence[Question],
    n_completions: int,
    problems: list[Problem],
) -> dict[str, Mapping[str, Any]]:
    by_name = {question.name: question for question in questions}
    main = main_question(questions)
    if main.type == "comparison":
        by_name.setdefault("preference", main)
    answers: dict[str, Mapping[str, Any]] = {}
    for name, value in given.items():
        path = f"gold.answers.{name}"[:80]
        question = by_name.get(name)
        if question is None:
            text = _("There is no question called {name!r}.").format(
                name=str(name)[:60]
            )
            problems.append(Problem(path, text))
        elif question.type not in READERS:
            text = _("“{title}” is free text, so no answer to it is known.").format(
                title=question.title
            )
            problems.append(Problem(path, text))
        else:
            try:
                read = READERS[question.type](question, value, n_completions)
            except ValueError as error:
                problems.append(Problem(path, str(error)))
            else:
                answers[question.name] = read
    return answers


def grade(gold: Gold, answers: Mapping[str, Any]) -> Graded:
    """Grade a stored answer; right as a whole where every graded question is."""
    parts = {
        name: GRADERS[_kind(accepted)](accepted, answers.get(name))
        for name, accepted in gold.answers.items()
    }
    return Graded(bool(parts) and all(parts.values()), parts)


def _kind(accepted: Mapping[str, Any]) -> str:
    if "marks" in accepted:
        return "marks"
    if "pairs" in accepted:
        return "pairs"
    is_words = any(isinstance(v, str) and v != BOTH_BAD for v in accepted["accept"])
    return "words" if is_words else "grades"


# --- reading ----------------------------------------------------------------------


def _read_comparison(question: Question, value: Any, n: int) -> Mapping[str, Any]:
    if n != 2:
        raise ValueError(_("A comparison needs an item with two completions."))
    allowed = grades_of(question)
    if isinstance(value, Mapping) and isinstance(value.get("accept"), list):
        accept = value["accept"]
    elif isinstance(value, Mapping) and value.get("both_bad"):
        accept = [BOTH_BAD]
    elif isinstance(value, Mapping) and type(value.get("value")) is int:
        sign = (value["value"] > 0) - (value["value"] < 0)
        accept = [g for g in allowed if g != BOTH_BAD and _sign(g) == sign]
    else:
        text = _("“{title}” needs a list `accept` of grades, or a `value`.").format(
            title=question.title
        )
        raise ValueError(text)
    wrong = [v for v in accept if isinstance(v, bool) or v not in allowed]
    if wrong:
        raise ValueError(
            _("“{title}” does not offer {wrong!r}.").format(
                title=question.title, wrong=wrong[0]
            )
        )
    if not accept:
        raise ValueError(
            _("“{title}” accepts nothing. Name a grade.").format(title=question.title)
        )
    return {"accept": [v for v in allowed if v in accept]}


def grades_of(question: Question) -> list[int | str]:
    """Return what a comparison offers, from “A much better” to “both bad”."""
    grades: list[int | str] = [
        grade
        for grade in range(question.strength, -question.strength - 1, -1)
        if grade != 0 or question.allow_tie
    ]
    return [*grades, BOTH_BAD] if question.allow_both_bad else grades


def _sign(value: int | str) -> int:
    return (value > 0) - (value < 0) if isinstance(value, int) else 0


def _read_ranking(question: Question, value: Any, n: int) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(
            _("“{title}” needs `pairs` of better and worse.").format(
                title=question.title
            )
        )
    out = value.get("unacceptable") or []
    pairs = value.get("pairs")
    if pairs is None and isinstance(value.get("tiers"), list):
        pairs = _pairs_of(value["tiers"])
    is_sound = isinstance(pairs, list) and isinstance(out, list)
    if not is_sound or not all(
        isinstance(p, list) and len(p) == 2 and p[0] != p[1] for p in pairs or ()
    ):
        raise ValueError(
            _("“{title}” needs `pairs` of better and worse.").format(
                title=question.title
            )
        )
    named = [index for pair in pairs or () for index in pair] + out
    if not all(type(index) is int and 0 <= index < n for index in named):
        raise ValueError(
            _("“{title}” names a completion that is not there.").format(
                title=question.title
            )
        )
    if not named:
        raise ValueError(
            _("“{title}” asks for no order. Name a pair.").format(title=question.title)
        )
    read: dict[str, Any] = {"pairs": [list(pair) for pair in pairs or ()]}
    return {**read, "unacceptable": sorted(out)} if out else read


def _pairs_of(tiers: Sequence[Any]) -> list[list[int]]:
    lists = [tier for tier in tiers if isinstance(tier, list)]
    return [[a, b] for up, down in combinations(lists, 2) for a in up for b in down]


def _read_rating(question: Question, value: Any, n: int) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(
            _("“{title}” needs marks by criterion.").format(title=question.title)
        )
    has_marks = isinstance(value.get("marks"), Mapping)
    marks = value["marks"] if has_marks else value
    tolerance = value.get("tolerance", DEFAULT_TOLERANCE) if has_marks else 1
    if type(tolerance) is not int or tolerance < 0:
        raise ValueError(_("The tolerance is a whole number of steps, 0 or more."))
    names = {criterion.name for criterion in question.criteria}
    read: dict[str, list[Any]] = {}
    for name, row in marks.items():
        if name not in names:
            raise ValueError(
                _("There is no criterion {name!r}.").format(name=str(name)[:60])
            )
        if not isinstance(row, list) or len(row) > n:
            raise ValueError(
                _("{name} needs a list of {n} marks.").format(name=name, n=n)
            )
        for mark in row:
            is_mark = type(mark) is int and question.low <= mark <= question.high
            if not is_mark and mark not in (None, NOT_APPLICABLE):
                text = _("{mark!r} is not from {low} to {high}.").format(
                    mark=mark, low=question.low, high=question.high
                )
                raise ValueError(text)
        if any(mark is not None for mark in row):
            read[name] = [*row, *[None] * (n - len(row))]
    if not read:
        raise ValueError(
            _("“{title}” has no known mark. Name one.").format(title=question.title)
        )
    return {"marks": read, "tolerance": tolerance}


def _read_words(question: Question, value: Any, n: int) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        value = value.get("accept")
    words = [value] if isinstance(value, str) else value
    offered = question.levels if question.type == "confidence" else question.reasons
    if not isinstance(words, list) or not words:
        raise ValueError(
            _("“{title}” accepts nothing. Name an option.").format(title=question.title)
        )
    wrong = [word for word in words if word not in offered]
    if wrong:
        raise ValueError(
            _("“{title}” does not offer {wrong!r}.").format(
                title=question.title, wrong=wrong[0]
            )
        )
    # All tags must be chosen, and one level of confidence can be.
    return {"accept": list(words), "all": question.type == "tags"}


READERS: Mapping[str, Callable[[Question, Any, int], Mapping[str, Any]]] = {
    "comparison": _read_comparison,
    "ranking": _read_ranking,
    "rating": _read_rating,
    "tags": _read_words,
    "confidence": _read_words,
}


# --- grading ----------------------------------------------------------------------


def _grade_grades(accepted: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    said = BOTH_BAD if value.get("both_bad") else value.get("value")
    return said in accepted["accept"]


def _grade_pairs(accepted: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    tiers = value.get("tiers") or []
    out = set(value.get("unacceptable") or [])
    places = {index: place for place, tier in enumerate(tiers) for index in tier}
    # The rest stands below all that has a place, and what is not acceptable lowest.
    places.update(dict.fromkeys(value.get("below") or [], len(tiers)))
    places.update(dict.fromkeys(out, len(tiers) + 1))
    holds = all(
        better in places and worse in places and places[better] < places[worse]
        for better, worse in accepted["pairs"]
    )
    return holds and set(accepted.get("unacceptable", ())) <= out


def _grade_marks(accepted: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    for name, row in accepted["marks"].items():
        said = value.get(name) or []
        for index, mark in enumerate(row):
            got = said[index] if index < len(said) else None
            if mark is not None and not _is_near(mark, got, accepted["tolerance"]):
                return False
    return True


def _is_near(wanted: int | str, got: Any, tolerance: int) -> bool:
    if isinstance(wanted, str) or not isinstance(got, int):
        return bool(wanted == got)
    return abs(wanted - got) <= tolerance


def _grade_words(accepted: Mapping[str, Any], value: Any) -> bool:
    said = {value} if isinstance(value, str) else set(value or ())
    wanted = set(accepted["accept"])
    return wanted <= said if accepted.get("all") else bool(wanted & said)


GRADERS: Mapping[str, Callable[[Mapping[str, Any], Any], bool]] = {
    "grades": _grade_grades,
    "pairs": _grade_pairs,
    "marks": _grade_marks,
    "words": _grade_words,
}
