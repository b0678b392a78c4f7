"""PURE: the rules of a form: which questions are asked, and which need an answer.

Step annotate. Called by annotation.answers on the server; conditions.js says the same
at the desk. A rule looks at answers given before its question, and never at a side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotation.questions import Condition, Question

NOTHING: frozenset[str] = frozenset()
States = frozenset[str] | None


def is_empty(value: object) -> bool:
    """Tell whether an answer says nothing."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == [] or value == {}


def asked(
    questions: Sequence[Question], answers: Mapping[str, Any]
) -> tuple[tuple[Question, ...], frozenset[str]]:
    """Return the questions as these answers ask them, and the names not asked.

    A question that a rule requires comes back as required. What is not asked counts
    as not answered for the rules after it.
    """
    if not any(question.show_if or question.required_if for question in questions):
        return tuple(questions), NOTHING
    before: dict[str, States] = {}
    shown, hidden = [], set()
    for question in questions:
        if question.show_if and not _holds(question.show_if, before):
            hidden.add(question.name)
            before[question.name] = None
            continue
        before[question.name] = states(question, answers.get(question.name))
        is_forced = question.required_if and _holds(question.required_if, before)
        shown.append(replace(question, is_required=True) if is_forced else question)
    return tuple(shown), frozenset(hidden)


def _holds(condition: Condition, before: Mapping[str, States]) -> bool:
    found = before.get(condition.question)
    if found is None:
        return False
    return not condition.answers or not found.isdisjoint(condition.answers)


def states(question: Question, value: object) -> States:
    """Return what rules can ask of an answer; None where there is no answer.

    Malformed answers, which validation refuses elsewhere, say what can be read in them.
    """
    if is_empty(value):
        return None
    read = _READERS.get(question.type)
    return NOTHING if read is None else read(question, value)


def _of_comparison(question: Question, value: Any) -> States:
    grade = value.get("value") if isinstance(value, Mapping) else None
    if type(grade) is not int:
        return None
    if grade == 0:
        return frozenset({"both_bad" if value.get("both_bad") is True else "tie"})
    found = {"better"}
    if abs(grade) == question.strength:
        found.add("strongest")
    if abs(grade) == 1:
        found.add("slightest")
    return frozenset(found)


def _of_ranking(question: Question, value: Any) -> States:
    tiers = value.get("tiers") if isinstance(value, Mapping) else None
    out = value.get("unacceptable") if isinstance(value, Mapping) else None
    tiers = tiers if isinstance(tiers, list) else []
    found = set()
    if any(isinstance(tier, list) and len(tier) > 1 for tier in tiers):
        found.add("tie")
    if isinstance(out, list) and out:
        found.add("unacceptable")
    return frozenset(found) if tiers or found else None


def _of_rating(question: Question, value: Any) -> States:
    rows = value.values() if isinstance(value, Mapping) else ()
    marks = [mark for row in rows if isinstance(row, list) for mark in row]
    given = [mark for mark in marks if type(mark) is int or mark == "na"]
    words = {question.low: "lowest", question.high: "highest", "na": "na"}
    found = frozenset(words[mark] for mark in given if mark in words)
    return found if given else None


def _of_words(question: Question, value: Any) -> States:
    words = value if isinstance(value, list) else [value]
    return frozenset(word for word in words if isinstance(word, str)) or None


_READERS: Mapping[str, Callable[[Question, Any], States]] = {
    "comparison": _of_comparison,
    "ranking": _of_ranking,
    "rating": _of_rating,
    "choice": _of_words,
    "tags": _of_words,
    "confidence": _of_words,
}
