"""PURE: rated replies and pairs with a strength, in the columns of HelpSteer.

Its sign is the opposite of ours: -3 means that response 1 is much better.
"""

from collections.abc import Sequence
from functools import partial
from math import floor, fsum
from typing import Any

from annotation.answers import NOT_APPLICABLE
from annotation.formats.exports import hybrid, provenance
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import (
    Judge,
    Outcome,
    Part,
    Reading,
    question_of,
)
from annotation.formats.exports.prompts import steer_text
from annotation.formats.exports.types import (
    INT,
    MESSAGES,
    TEXT,
    Column,
    ListOf,
    Row,
    StoredItem,
    Struct,
    Version,
)
from annotation.formats.exports.votes import side_of

RATING_KINDS = ("rating",)
RATING_OPTIONS = ("unit", "question")
PAIR_KINDS = ("comparison",)
PAIR_OPTIONS = ("unit", "question", "both_bad")
# By strength of the question, what its grades are called in HelpSteer's scale, where
# 1 is slightly better, 2 better and 3 much better.
GRADES = {1: (0, 2), 2: (0, 1, 3), 3: (0, 1, 2, 3)}


# --- ratings ----------------------------------------------------------------------


def ratings(
    options: ExportOptions, versions: Sequence[Version]
) -> tuple[tuple[Column, ...], Judge]:
    """Return the columns of rated replies, one per criterion, and their judge."""
    texts = (
        Column("prompt", TEXT, "what was asked; later turns follow `<extra_id_1>`"),
        Column("response", TEXT, "the reply"),
    )
    facts = (
        Column("n_votes", INT, "answers behind the row"),
        Column("model", TEXT, "which model wrote the reply"),
        Column("completion_index", INT, "its place in the stored order, from 0"),
    )
    others = (*facts, *provenance.columns(options))
    more = hybrid.COLUMNS if options.is_hybrid else ()
    taken = {column.name for column in (*texts, *others, *more)}
    criteria = _criteria(options, versions)
    marks = tuple(
        Column(f"rating_{name}" if name in taken else name, INT, about)
        for name, about in criteria.items()
    )
    return (*texts, *marks, *others), partial(_judge_ratings, tuple(criteria))


def _criteria(options: ExportOptions, versions: Sequence[Version]) -> dict[str, str]:
    """Return what each criterion of any version is called, in order of appearance."""
    found: dict[str, str] = {}
    for version in versions:
        question = question_of(version, RATING_KINDS, options)
        for criterion in question.criteria if question else ():
            scale = f"from {question.low} to {question.high}" if question else ""
            found.setdefault(criterion.name, f"{criterion.title}, {scale}")
    return found


def _judge_ratings(
    criteria: Sequence[str],
    item: StoredItem,
    readings: Sequence[Reading],
    options: ExportOptions,
) -> Outcome:
    outcome = Outcome()
    for index in range(len(item.completions)):
        rated: list[tuple[Reading, list[int | None]]] = []
        for reading in readings:
            marks = [_mark(reading.value.get(name), index) for name in criteria]
            is_rated = any(mark is not None for mark in marks)
            reason = "" if is_rated else "not_rated"
            outcome.parts.append(Part(reading.answer.id, reason))
            if is_rated:
                rated.append((reading, marks))
        groups = [rated] if options.is_aggregated and rated else [[r] for r in rated]
        outcome.rows += [_rating_row(item, index, group, options) for group in groups]
    return outcome


def _mark(marks: Any, index: int) -> int | None:
    if not isinstance(marks, list) or index >= len(marks):
        return None
    mark = marks[index]
    return None if mark is None or mark == NOT_APPLICABLE else int(mark)


def _rating_row(
    item: StoredItem,
    index: int,
    rated: Sequence[tuple[Reading, Sequence[int | None]]],
    options: ExportOptions,
) -> Row:
    columns = zip(*(marks for _, marks in rated), strict=True)
    return (
        steer_text(item),
        item.completions[index].text,
        *(_mean([mark for mark in marks if mark is not None]) for marks in columns),
        len(rated),
        item.completions[index].model,
        index,
        *provenance.values(item, [reading for reading, _ in rated], options),
    )


def _mean(marks: Sequence[int]) -> int | None:
    """Return the mean as a whole mark, halves rounded up."""
    return floor(fsum(marks) / len(marks) + 0.5) if marks else None


# --- pairs ------------------------------------------------------------------------


def pairs(
    options: ExportOptions, versions: Sequence[Version]
) -> tuple[tuple[Column, ...], Judge]:
    """Return the columns of pairs with a strength, and their judge."""
    each = Struct(
        (
            ("score", INT),
            ("reasoning", TEXT),
            ("annotation_id", TEXT),
            ("annotator", TEXT),
        )
    )
    sign = "-3 (response 1 much better) to 3 (response 2 much better), 0 = the same"
    return (
        Column("context", MESSAGES, "what was asked"),
        Column("response1", TEXT, "the first completion in the stored order"),
        Column("response2", TEXT, "the second"),
        Column("overall_preference", INT, f"{sign}; the mean, halves towards 0"),
        Column("individual_preference", ListOf(each), "each answer, by the same scale"),
        Column("n_votes", INT, "answers behind the row"),
        Column("model1", TEXT, "which model wrote response 1"),
        Column("model2", TEXT, "which model wrote response 2"),
        *provenance.columns(options),
    ), judge_pairs


def steer_score(reading: Reading) -> int:
    """Return a comparison in HelpSteer's sign and grades: -3 = response 1 is best."""
    grade = int(reading.value["value"])
    grades = GRADES[reading.question.strength]
    size = grades[min(abs(grade), len(grades) - 1)]
    return -size if grade > 0 else size


def judge_pairs(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write the comparisons of an item; “both bad” by the policy, else as 0."""
    outcome = Outcome()
    any_bad = any(reading.value.get("both_bad") for reading in readings)
    kept: list[Reading] = []
    for reading in readings:
        reason = _refusal(item, reading, options, any_bad=any_bad)
        outcome.parts.append(Part(reading.answer.id, reason))
        if not reason:
            kept.append(reading)
    groups = [kept] if options.is_aggregated and kept else [[one] for one in kept]
    outcome.rows = [_pair_row(item, group, options) for group in groups]
    return outcome


def _refusal(
    item: StoredItem, reading: Reading, options: ExportOptions, *, any_bad: bool
) -> str:
    if len(item.completions) != 2:
        return "not_two"
    if type(reading.value.get("value")) is not int:
        return "no_answer"
    if options.is_hybrid:
        return ""
    if reading.value.get("both_bad") and options.both_bad != "as_tie":
        return "both_bad"
    return "pair_both_bad" if any_bad and options.both_bad == "drop_pair" else ""


def _overall(scores: Sequence[int], options: ExportOptions) -> float:
    """Return the mean; of a label, that of the answers on the side most name."""
    if options.is_hybrid:
        side = side_of(scores)
        scores = [score for score in scores if score * side > 0] or [0]
    return sum(scores) / len(scores)


def _pair_row(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Row:
    scores = [steer_score(reading) for reading in readings]
    mean = _overall(scores, options)
    size = -floor(0.5 - abs(mean))
    each = [
        {
            "score": score,
            "reasoning": provenance.rationale_of(reading) or "",
            "annotation_id": reading.answer.id,
            "annotator": reading.answer.annotator,
        }
        for score, reading in zip(scores, readings, strict=True)
    ]
    first, second = item.completions
    return (
        [{"role": m["role"], "content": m["content"]} for m in item.messages],
        first.text,
        second.text,
        size if mean > 0 else -size,
        each,
        len(readings),
        first.model,
        second.model,
        *provenance.values(item, readings, options),
    )
