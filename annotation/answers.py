"""PURE: the questions a project asks and the answers they accept.

Steps annotate, import and export. Knows nothing of Django, assignments or screens.

A completion is named by its index. On the screen the index counts the presented
order; everything stored counts the canonical (storage) order. `to_canonical` and
`to_presented` are the only translations between the two.

Stored answers are a JSON object: one entry per question name.

=============  ======================================================================
question type  answer
=============  ======================================================================
comparison     `{"value": int, "both_bad"?: true, "reasons"?: [str],
               "confidence"?: str}`; value in [-strength, strength];
               > 0 prefers completion 0 (A), 0 = tie
ranking        `{"tiers": [[int, ...], ...], "unacceptable": [int, ...],
               "below"?: [int, ...], "not_judged"?: [int, ...]}`, best first
rating         `{criterion: [int | "na", ...]}`, one entry per completion
choice         `str`, or one `str | null` per completion: `[str | null, ...]`
rationale      `str`
text           `str`
tags           `[str, ...]`
confidence     `str`
spans          `[{"completion": int, "start": int, "end": int, "polarity": "for" |
               "against", "tag"?: str, "note"?: str, "quote": str, "text_sha256":
               str}, ...]`; in characters of the completion's text, `end` excluded
=============  ======================================================================

In a ranking, `tiers` > `below` > `unacceptable`. Two in one tier are tied. Two that are
both `below` (the question has `n_places`, and they have none) share the rank after the
last place, and were not compared. `not_judged` (the question has `allow_partial`) says
nothing about a completion: it is in no pair and has no rank.

What a rule of the form (annotation.conditions) does not ask is not stored.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from annotation import rankings
from annotation.conditions import asked, is_empty
from annotation.questions import (
    Criterion,
    InvalidQuestionsError,
    Problem,
    Question,
    QuestionType,
    letter,
    main_question,
    parse_questions,
    questions_from,
)
from annotation.spans import check_spans, move_spans
from annotation.words import gettext as _
from annotation.words import gettext_noop, ngettext

__all__ = [
    "NOT_APPLICABLE",
    "Answers",
    "Criterion",
    "InvalidQuestionsError",
    "Problem",
    "Question",
    "QuestionType",
    "filled",
    "letter",
    "main_question",
    "parse_questions",
    "questions_from",
    "to_canonical",
    "to_presented",
    "unchanged_rankings",
    "validate",
]
Answers: TypeAlias = Mapping[str, Any]
NOT_APPLICABLE = "na"
MAX_TEXT = 100_000
MAX_PROBLEMS = 50


# --- validation -----------------------------------------------------------------


def validate(
    questions: Sequence[Question], answers: object, n_completions: int
) -> list[Problem]:
    """Return what must be mended before `answers` can be submitted; [] = nothing.

    Works in either order of completions, since it only counts them.
    """
    if not isinstance(answers, Mapping):
        return [Problem("answers", _("Answers must be an object with one entry each."))]
    known = {question.name for question in questions}
    strangers = [name for name in answers if name not in known]
    problems = [
        Problem(
            f"answers.{name[:60]}",
            _("There is no question called {name!r}.").format(name=name[:60]),
        )
        for name in strangers[:MAX_PROBLEMS]
    ]
    shown, hidden = asked(questions, answers)
    problems += [
        Problem(f"answers.{name}", _(_NOT_ASKED))
        for name in sorted(hidden)
        if not is_empty(answers.get(name))
    ]
    for wanted in shown:
        question = rankings.asked(wanted, n_completions)
        path = f"answers.{question.name}"
        value = answers.get(question.name)
        if is_empty(value):
            if question.is_required:
                problems.append(Problem(path, MISSING[question.type](question)))
            continue
        problems += VALIDATORS[question.type](question, value, n_completions, path)
    return problems


_NOT_ASKED = gettext_noop(
    "This question is not asked after these answers. Leave it out."
)

MISSING: dict[QuestionType, Callable[[Question], str]] = {
    "comparison": lambda q: _("“{title}” has no answer yet. Choose one.").format(
        title=q.title
    ),
    "ranking": rankings.missing,
    "rating": lambda q: _("No criterion is rated yet. Rate each answer."),
    "choice": lambda q: _("“{title}” has no answer yet. Choose one.").format(
        title=q.title
    ),
    "rationale": lambda q: _("“{title}” is empty. Write your reasons.").format(
        title=q.title
    ),
    "text": lambda q: _("“{title}” is empty. Write an answer.").format(title=q.title),
    "tags": lambda q: _("“{title}” has no answer yet. Choose at least one.").format(
        title=q.title
    ),
    "confidence": lambda q: _("“{title}” has no answer yet. Choose one.").format(
        title=q.title
    ),
    "spans": lambda q: _("“{title}” has no mark yet. Mark words in an answer.").format(
        title=q.title
    ),
}


def _check_choices(
    values: object, allowed: Sequence[str], path: str, title: str
) -> list[Problem]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        return [
            Problem(path, _("“{title}” must be a list of words.").format(title=title))
        ]
    wrong = [value for value in values if value not in allowed]
    if wrong:
        return [
            Problem(
                path,
                _("{wrong!r} is not offered by “{title}”.").format(
                    wrong=wrong[0], title=title
                ),
            )
        ]
    if len(set(values)) < len(values):
        return [
            Problem(
                path, _("“{title}” names the same option twice.").format(title=title)
            )
        ]
    return []


def _check_comparison(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    if n_completions != 2:
        return [Problem(path, _("A comparison needs an item with two completions."))]
    if not isinstance(value, Mapping) or not isinstance(value.get("value"), int):
        text = _("“{title}” needs a whole number as value.")
        return [Problem(path, text.format(title=question.title))]
    extra = set(value) - {"value", "both_bad", "reasons", "confidence"}
    if extra:
        text = _("“{title}” has no field {extra!r}.")
        return [Problem(path, text.format(title=question.title, extra=min(extra)))]
    problems = []
    grade = value["value"]
    if isinstance(grade, bool) or abs(grade) > question.strength:
        text = _("{grade!r} is not from -{strength} to {strength}.")
        text = text.format(grade=grade, strength=question.strength)
        problems.append(Problem(path, text))
    is_both_bad = value.get("both_bad", False)
    if not isinstance(is_both_bad, bool):
        problems.append(Problem(path, _("both_bad must be true or false.")))
    elif is_both_bad and (grade != 0 or not question.allow_both_bad):
        problems.append(Problem(path, _("“Both bad” does not fit this answer.")))
    elif grade == 0 and not is_both_bad and not question.allow_tie:
        text = _("“{title}” does not allow a tie.")
        problems.append(Problem(path, text.format(title=question.title)))
    if value.get("reasons") is not None:
        problems += _check_choices(
            value["reasons"], question.reasons, f"{path}.reasons", question.title
        )
    confidence = value.get("confidence")
    if confidence not in (None, "") and confidence not in question.levels:
        text = _("{confidence!r} is not a confidence level.")
        problems.append(
            Problem(f"{path}.confidence", text.format(confidence=confidence))
        )
    return problems


def _check_rating(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    if not isinstance(value, Mapping):
        return [
            Problem(
                path,
                _("“{title}” needs one entry per criterion.").format(
                    title=question.title
                ),
            )
        ]
    names = {criterion.name for criterion in question.criteria}
    strangers = [name for name in value if name not in names]
    problems = [
        Problem(
            f"{path}.{name[:60]}",
            _("There is no criterion {name!r}.").format(name=name[:60]),
        )
        for name in strangers[:MAX_PROBLEMS]
    ]
    for criterion in question.criteria:
        marks = value.get(criterion.name)
        where = f"{path}.{criterion.name}"
        if marks is None:
            marks = [None] * n_completions
        if not isinstance(marks, list) or len(marks) > n_completions:
            text = _("{title} needs a list of {n_completions} marks.").format(
                title=criterion.title, n_completions=n_completions
            )
            problems.append(Problem(where, text))
            continue
        marks = marks + [None] * (n_completions - len(marks))
        problems += _check_marks(question, criterion, marks, where)
    return problems


def _check_marks(
    question: Question, criterion: Criterion, marks: list[Any], path: str
) -> list[Problem]:
    problems = []
    for index, mark in enumerate(marks):
        where = f"{path}[{index}]"
        if mark is None:
            if question.is_required:
                problems.append(
                    Problem(
                        where,
                        _("{title} is not rated for {letter}.").format(
                            title=criterion.title, letter=letter(index)
                        ),
                    )
                )
        elif mark == NOT_APPLICABLE:
            if not question.allow_na:
                problems.append(Problem(where, _("“Not applicable” is not offered.")))
        elif type(mark) is not int or not question.low <= mark <= question.high:
            problems.append(
                Problem(
                    where,
                    _("{mark!r} is not from {low} to {high}.").format(
                        mark=mark, low=question.low, high=question.high
                    ),
                )
            )
    return problems


def _check_choice(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    if not question.per_completion:
        return _check_one(question.options, question, value, path)
    if not isinstance(value, list) or len(value) != n_completions:
        text = _("“{title}” needs a list of {n_completions} choices.").format(
            title=question.title, n_completions=n_completions
        )
        return [Problem(path, text)]
    problems = []
    for index, option in enumerate(value):
        where = f"{path}[{index}]"
        if option is not None:
            problems += _check_one(question.options, question, option, where)
        elif question.is_required:
            text = _("“{title}” is not chosen for {letter}.").format(
                title=question.title, letter=letter(index)
            )
            problems.append(Problem(where, text))
    return problems


def _check_one(
    offered: Sequence[str], question: Question, value: Any, path: str
) -> list[Problem]:
    if not isinstance(value, str) or value not in offered:
        return [
            Problem(
                path,
                _("{value!r} is not offered by “{title}”.").format(
                    value=value, title=question.title
                ),
            )
        ]
    return []


def _check_text(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    if not isinstance(value, str):
        return [
            Problem(path, _("“{title}” must be text.").format(title=question.title))
        ]
    n_chars = len(value.strip())
    most = question.max_chars or MAX_TEXT
    if n_chars < question.min_chars:
        n = question.min_chars - n_chars
        text = ngettext(
            "“{title}” is too short. Write {n:,} more character.",
            "“{title}” is too short. Write {n:,} more characters.",
            n,
        ).format(title=question.title, n=n)
    elif n_chars > most:
        n = n_chars - most
        text = ngettext(
            "“{title}” is too long. Take {n:,} character away.",
            "“{title}” is too long. Take {n:,} characters away.",
            n,
        ).format(title=question.title, n=n)
    elif "\x00" in value:
        text = _("“{title}” contains a NUL character.").format(title=question.title)
    elif question.type == "text" and not question.is_multiline and "\n" in value:
        text = _("“{title}” takes a single line.").format(title=question.title)
    else:
        return []
    return [Problem(path, text)]


def _check_tags(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    return _check_choices(value, question.reasons, path, question.title)


def _check_confidence(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    return _check_one(question.levels, question, value, path)


VALIDATORS: dict[QuestionType, Callable[[Question, Any, int, str], list[Problem]]] = {
    "comparison": _check_comparison,
    "ranking": rankings.check_ranking,
    "rating": _check_rating,
    "choice": _check_choice,
    "rationale": _check_text,
    "text": _check_text,
    "tags": _check_tags,
    "confidence": _check_confidence,
    "spans": check_spans,
}


def filled(
    questions: Sequence[Question], answers: Answers, n_completions: int
) -> dict[str, Any]:
    """Return valid answers with what they leave to infer written out.

    Only rankings leave something: who stands below the places, and who is not judged.
    """
    result = dict(answers)
    for question in questions:
        value = result.get(question.name)
        if question.type == "ranking" and isinstance(value, Mapping) and value:
            result[question.name] = rankings.fill(question, value, n_completions)
    return result


def unchanged_rankings(questions: Sequence[Question], answers: Answers) -> list[str]:
    """Return the rankings that ask, and that repeat the presented order, by name.

    `answers` are in the presented order.
    """
    return [
        question.name
        for question in questions
        if question.warn_unchanged and rankings.is_unchanged(answers.get(question.name))
    ]


# --- presented order <-> canonical order ------------------------------------------


def to_canonical(
    questions: Sequence[Question], answers: Answers, order: Sequence[int]
) -> dict[str, Any]:
    """Translate answers from the presented to the canonical order of completions.

    Parameters
    ----------
    order : int, shape [n_completions]
        `order[k]` = canonical index of the completion presented at place k.

    What a rule does not ask is left out, also where it is empty.
    """
    return _reorder(questions, answers, list(order))


def to_presented(
    questions: Sequence[Question], answers: Answers, order: Sequence[int]
) -> dict[str, Any]:
    """Translate stored answers back to the presented order; inverse of the above."""
    inverse = [0] * len(order)
    for place, canonical in enumerate(order):
        inverse[canonical] = place
    return _reorder(questions, answers, inverse)


def _reorder(
    questions: Sequence[Question], answers: Answers, order: list[int]
) -> dict[str, Any]:
    kinds = {question.name: question.type for question in questions}
    _, hidden = asked(questions, answers)
    result: dict[str, Any] = {}
    for name, value in answers.items():
        kind = kinds.get(name)
        if name in hidden:
            continue
        if kind == "comparison" and isinstance(value, Mapping):
            result[name] = dict(value)
            if order[:1] == [1] and type(value.get("value")) is int:
                result[name]["value"] = -value["value"]
        elif kind == "ranking" and isinstance(value, Mapping):
            result[name] = rankings.move(value, order)
        elif kind == "rating" and isinstance(value, Mapping):
            result[name] = {
                key: _move(marks or (), order) for key, marks in value.items()
            }
        elif kind == "choice" and isinstance(value, list):
            result[name] = _move(value, order)
        elif kind == "spans":
            result[name] = move_spans(value, order)
        else:
            result[name] = value
    return result


def _move(marks: Sequence[Any], order: list[int]) -> list[Any]:
    moved: list[Any] = [None] * len(order)
    for place, mark in enumerate(marks[: len(order)]):
        moved[order[place]] = mark
    return moved
