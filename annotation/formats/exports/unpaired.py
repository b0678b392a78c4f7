"""PURE: single replies with a label, as KTO reads them.

The label is an absolute judgement: a mark, “both bad” or “not acceptable”. A rank
alone never makes one.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotation.answers import Question
from annotation.formats.exports import provenance
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Outcome, Part, Reading
from annotation.formats.exports.prompts import prompt_of, reply_of, text_kind
from annotation.formats.exports.types import (
    BOOL,
    FLOAT,
    INT,
    TEXT,
    Column,
    Row,
    StoredItem,
)
from annotation.formats.exports.votes import scores_of

KINDS = ("rating", "comparison", "ranking")
OPTIONS = (
    "style",
    "unit",
    "question",
    "criterion",
    "conflicts",
    "good_from",
    "bad_to",
)


class Labelled(NamedTuple):
    """What one answer says of one completion; `reason` where it has no label."""

    reading: Reading
    completion: int
    label: bool = False
    score: float | None = None
    reason: str = ""


def columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns of single replies with a label."""
    kind = text_kind(options)
    place = Column("position", INT, "its place on the screen, from 0; empty = unknown")
    return (
        Column("prompt", kind, "what was asked"),
        Column("completion", kind, "the reply"),
        Column("label", BOOL, "whether the reply is good"),
        Column("score", FLOAT, "the mark behind the label, if it was rated"),
        Column("p_good", FLOAT, "answers that call it good / answers, in [0, 1]"),
        Column("n_votes", INT, "answers behind the row"),
        Column("model", TEXT, "which model wrote the reply"),
        Column("completion_index", INT, "its place in the stored order, from 0"),
        *(() if options.is_aggregated else (place,)),
        *provenance.columns(options),
    )


def thresholds(question: Question, options: ExportOptions) -> tuple[float, float]:
    """Return the marks (bad up to, good from); the outer quarters if not chosen."""
    span = question.high - question.low
    good, bad = options.good_from, options.bad_to
    return (
        question.low + span / 4 if bad is None else bad,
        question.high - span / 4 if good is None else good,
    )


def judge(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Label each completion about which an answer says something absolute."""
    outcome = Outcome()
    by_index: dict[int, list[Labelled]] = {}
    for reading in readings:
        for labelled in _labels(reading, len(item.completions), options):
            if labelled.reason:
                part = Part(reading.answer.id, labelled.reason)
                outcome.parts.append(part)
            else:
                by_index.setdefault(labelled.completion, []).append(labelled)
    for _, labels in sorted(by_index.items()):
        if options.is_hybrid and 2 * len(labels) <= len(readings):
            # Most people say nothing of the kind.
            parts = (Part(one.reading.answer.id, "minority") for one in labels)
            outcome.parts.extend(parts)
        else:
            _settle(item, labels, options, outcome)
    return outcome


def _labels(
    reading: Reading, n_completions: int, options: ExportOptions
) -> Iterator[Labelled]:
    if reading.question.type == "rating":
        yield from _rated(reading, options)
        return
    if reading.question.type == "comparison":
        bad = set(range(n_completions)) if reading.value.get("both_bad") else set()
    else:
        bad = set(reading.value.get("unacceptable", []))
    for index in range(n_completions):
        reason = "" if index in bad else "only_relative"
        yield Labelled(reading, index, False, None, reason)


def _rated(reading: Reading, options: ExportOptions) -> Iterator[Labelled]:
    bad_to, good_from = thresholds(reading.question, options)
    for index, score in enumerate(scores_of(reading, options)):
        if score is None:
            yield Labelled(reading, index, reason="not_rated")
        elif bad_to < score < good_from:
            yield Labelled(reading, index, reason="between_thresholds")
        else:
            yield Labelled(reading, index, score >= good_from, score)


def _settle(
    item: StoredItem,
    labels: Sequence[Labelled],
    options: ExportOptions,
    outcome: Outcome,
) -> None:
    n_good = sum(labelled.label for labelled in labels)
    n_bad = len(labels) - n_good
    is_conflict = bool(n_good and n_bad)
    kept, reason = list(labels), ""
    if is_conflict and options.conflicts == "drop_pair":
        kept, reason = [], "conflict"
    elif is_conflict and (options.is_aggregated or options.conflicts == "majority"):
        if n_good == n_bad:
            kept, reason = [], "no_majority"
        elif not options.is_aggregated:
            kept = [one for one in labels if one.label == (n_good > n_bad)]
            reason = "minority"
    for labelled in labels:
        why = "" if labelled in kept else reason
        outcome.parts.append(Part(labelled.reading.answer.id, why))
    if kept and options.is_aggregated:
        outcome.rows.append(_row(item, kept, options))
    elif kept:
        outcome.rows += [_row(item, [labelled], options) for labelled in kept]


def _row(item: StoredItem, labels: Sequence[Labelled], options: ExportOptions) -> Row:
    index = labels[0].completion
    n_good = sum(labelled.label for labelled in labels)
    scores = [one.score for one in labels if one.score is not None]
    place = provenance.place_of(labels[0].reading.answer, index)
    return (
        prompt_of(item, options),
        reply_of(item, index, options),
        2 * n_good > len(labels),
        sum(scores) / len(scores) if scores else None,
        n_good / len(labels),
        len(labels),
        item.completions[index].model,
        index,
        *(() if options.is_aggregated else (place,)),
        *provenance.values(item, [one.reading for one in labels], options),
    )
