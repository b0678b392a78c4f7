"""PURE: a stored answer in words, as a place between A and B, and as a choice.

Used by the pages and figures of managers, where completions stand in canonical order.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from annotation.answers import NOT_APPLICABLE, Question, letter, main_question
from annotation.words import gettext as _
from annotation.words import gettext_noop

BOTH_BAD = "both bad"
TIE = "tie"
GRADES: dict[int, tuple[str, ...]] = {
    1: (gettext_noop("better"),),
    2: (gettext_noop("slightly better"), gettext_noop("much better")),
    3: (
        gettext_noop("slightly better"),
        gettext_noop("better"),
        gettext_noop("much better"),
    ),
}


MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class RatingTable:
    """The marks of one answer: a row per criterion, a cell per completion."""

    title: str
    letters: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Aspect:
    """The answer to a question beside the main one, with the reasons inside it."""

    title: str
    verdict: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """Words marked in a completion: `polarity` is for or against it."""

    letter: str
    polarity: str
    text: str
    tag: str = ""
    note: str = ""

    @property
    def sign(self) -> str:
        """Return the sign that the polarity has on the screen."""
        return "+" if self.polarity == "for" else MINUS


@dataclass(frozen=True)
class Answered:
    """One answer in words. `verdict` stands for the whole, `others` for the rest."""

    verdict: str
    at: float | None
    others: tuple[Aspect, ...] = ()
    tags: tuple[str, ...] = ()
    rationales: tuple[str, ...] = ()
    tables: tuple[RatingTable, ...] = ()
    quotes: tuple[Quote, ...] = ()


def verdict_words(question: Question, value: Any) -> str:
    """Say an answer in words, such as “A is much better” or “C > A = D”.

    Returns an empty string where the answer is missing or malformed: labels from
    files may leave questions out.
    """
    if question.type == "comparison" and isinstance(value, Mapping):
        return _comparison_words(question, value)
    if question.type == "ranking" and isinstance(value, Mapping):
        return _ranking_words(value)
    if question.type == "rating" and isinstance(value, Mapping):
        return _rating_words(value)
    if question.type == "choice" and isinstance(value, list):
        return _choice_words(value)
    if question.type == "spans" and isinstance(value, list):
        return "; ".join(f"{q.letter} {q.sign} “{q.text}”" for q in quotes_of(value))
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)
    return value if isinstance(value, str) else ""


def _comparison_words(question: Question, value: Mapping[str, Any]) -> str:
    grade = value.get("value")
    if value.get("both_bad"):
        return _("Both are bad")
    if type(grade) is not int:
        return ""
    if grade == 0:
        return _("Tie")
    grades = GRADES[question.strength]
    return _("{letter} is {words}").format(
        letter="A" if grade > 0 else "B",
        words=_(grades[min(abs(grade), len(grades)) - 1]),
    )


def _ranking_words(value: Mapping[str, Any]) -> str:
    tiers = value.get("tiers") or []
    words = [" > ".join(" = ".join(letter(i) for i in tier) for tier in tiers)]
    for name, said in (
        ("below", _("below")),
        ("unacceptable", _("not acceptable")),
        ("not_judged", _("not judged")),
    ):
        if value.get(name):
            words.append(f"{said}: {', '.join(letter(i) for i in value[name])}")
    text = "; ".join(word for word in words if word)
    return text if tiers else text[:1].upper() + text[1:]


def _rating_words(value: Mapping[str, Any]) -> str:
    means = rating_means(value)
    return " · ".join(
        f"{letter(index)} {mean:.1f}" if mean is not None else f"{letter(index)} n/a"
        for index, mean in enumerate(means)
    )


def quotes_of(value: Sequence[Mapping[str, Any]]) -> tuple[Quote, ...]:
    """Return the marked words of an answer, in their order."""
    return tuple(
        Quote(
            letter=letter(span["completion"]),
            polarity=span["polarity"],
            text=str(span.get("quote", "")),
            tag=str(span.get("tag", "")),
            note=str(span.get("note", "")),
        )
        for span in value
    )


def _choice_words(value: Sequence[Any]) -> str:
    """Say the choice made for each completion, such as “A: Yes · B: No”."""
    return " · ".join(
        f"{letter(index)}: {option}"
        for index, option in enumerate(value)
        if option is not None
    )


def rating_means(value: Mapping[str, Any]) -> list[float | None]:
    """Return the mean mark of each completion over the criteria that apply to it."""
    rows = [marks for marks in value.values() if isinstance(marks, list)]
    means: list[float | None] = []
    for index in range(max(map(len, rows), default=0)):
        marks = [row[index] for row in rows if index < len(row)]
        numbers = [mark for mark in marks if mark not in (None, NOT_APPLICABLE)]
        means.append(sum(numbers) / len(numbers) if numbers else None)
    return means


def lean(question: Question, value: Any) -> float | None:
    """Return where a comparison lies between A (0) and B (100); None for others.

    “Both bad” has no place on the line, because it says nothing of A against B.
    """
    if question.type != "comparison" or not isinstance(value, Mapping):
        return None
    grade = value.get("value")
    if type(grade) is not int or value.get("both_bad"):
        return None
    # The ends stay inside the line, so that a dot is never cut.
    return round(50 - 46 * max(-1.0, min(1.0, grade / question.strength)), 1)


def choice(question: Question, value: Any) -> str:
    """Return what an answer chooses, without its strength: the unit of agreement.

    A comparison chooses “A”, “B”, “tie” or “both bad”; a ranking its first tier, unless
    a completion is not judged, since that one might have been first; a
    rating the completions with the highest mean, or where there is only one, its mean
    to the nearest whole mark; a choice its option, for each completion where it is
    made so. Empty where there is no answer.
    """
    if question.type == "choice":
        return verdict_words(question, value)
    if not isinstance(value, Mapping):
        return ""
    if question.type == "comparison":
        return _comparison_choice(value)
    if question.type == "ranking":
        tiers = value.get("tiers") or []
        if value.get("not_judged"):
            return ""
        return _names(tiers[0]) if tiers else "none"
    if question.type == "rating":
        means = rating_means(value)
        known = [mean for mean in means if mean is not None]
        best = max(known, default=None)
        if best is None:
            return ""
        if len(known) == 1:
            return str(floor(best + 0.5))
        return _names([i for i, mean in enumerate(means) if mean == best])
    return ""


def _comparison_choice(value: Mapping[str, Any]) -> str:
    grade = value.get("value")
    if value.get("both_bad"):
        return BOTH_BAD
    if type(grade) is not int:
        return ""
    return "A" if grade > 0 else "B" if grade < 0 else TIE


def _names(indexes: Sequence[int]) -> str:
    return " = ".join(letter(index) for index in sorted(indexes))


def answered(
    questions: Sequence[Question], answers: Mapping[str, Any], n_completions: int
) -> Answered:
    """Put the answers to all questions into words, the main question first."""
    main = main_question(questions)
    parts: dict[str, list[Any]] = defaultdict(list)
    for question in questions:
        value = answers.get(question.name)
        if value not in (None, "", [], {}):
            _put(parts, question, value, is_main=question is main, n=n_completions)
    return Answered(
        verdict=verdict_words(main, answers.get(main.name)),
        at=lean(main, answers.get(main.name)),
        others=tuple(parts["others"]),
        tags=tuple(parts["tags"]),
        rationales=tuple(parts["rationales"]),
        tables=tuple(parts["tables"]),
        quotes=tuple(parts["quotes"]),
    )


def _put(
    parts: dict[str, list[Any]],
    question: Question,
    value: Any,
    *,
    is_main: bool,
    n: int,
) -> None:
    if question.type == "rationale":
        parts["rationales"].append(str(value))
    elif question.type == "rating" and isinstance(value, Mapping):
        parts["tables"].append(_table(question, value, n))
    elif question.type == "spans" and isinstance(value, list):
        parts["quotes"] += quotes_of(value)
    elif question.type == "tags":
        parts["tags"] += value
    elif question.type == "confidence":
        parts["tags"].append(str(value))
    elif is_main:
        parts["tags"] += _inside(value)
    else:
        words = verdict_words(question, value)
        parts["others"].append(Aspect(question.title, words, _inside(value)))


def _inside(value: Any) -> tuple[str, ...]:
    """Return the reasons and the confidence given inside a comparison."""
    if not isinstance(value, Mapping):
        return ()
    confidence = value.get("confidence")
    return (*value.get("reasons", ()), *([confidence] if confidence else []))


def _table(question: Question, value: Mapping[str, Any], n: int) -> RatingTable:
    return RatingTable(
        title=question.title,
        letters=tuple(letter(index) for index in range(n)),
        rows=tuple(
            (criterion.title, tuple(_cell(m) for m in value.get(criterion.name, ())))
            for criterion in question.criteria
            if criterion.name in value
        ),
    )


def _cell(mark: Any) -> str:
    if mark is None:
        return _("not rated")
    return "n/a" if mark == NOT_APPLICABLE else str(mark)
