"""PURE: one row per pair with everybody's view of each aspect, as in MultiPref."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from annotation.formats.exports import provenance
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import (
    Judge,
    Outcome,
    Part,
    Reading,
    question_of,
)
from annotation.formats.exports.prompts import prompt_text
from annotation.formats.exports.types import (
    BOOL,
    INT,
    INTS,
    TEXT,
    TEXTS,
    Column,
    Kind,
    ListOf,
    Row,
    StoredItem,
    Struct,
    Version,
)

KINDS = ("comparison",)
OPTIONS = ("question",)
OVERALL = "overall"
_ASPECT: tuple[tuple[str, Kind], ...] = (
    ("pref", TEXT),
    ("both_bad", BOOL),
    ("confidence", TEXT),
    ("checked_reasons", TEXTS),
    ("own_reason", TEXT),
)
_COMMON: tuple[tuple[str, Kind], ...] = (
    ("evaluator", TEXT),
    ("time_spent", INT),
    ("timestamp", TEXT),
    ("annotation_id", TEXT),
    ("source", TEXT),
    ("order_shown", INTS),
    ("active_ms", INT),
    *((column.name, column.kind) for column in provenance.UNDER),
)


def plan(
    options: ExportOptions, versions: Sequence[Version]
) -> tuple[tuple[Column, ...], Judge]:
    """Return the columns of pairs judged on several aspects, and their judge."""
    aspects = _aspects(options, versions)
    fields = tuple((f"{a}_{name}", kind) for a in aspects for name, kind in _ASPECT)
    each = ListOf(Struct((*fields, *_COMMON)))
    words = "`A-is-clearly-better`, `A-is-slightly-better`, `Tie` and the same for B"
    return (
        Column("comparison_id", TEXT, "the item's id: its file's, else its public id"),
        Column("prompt_id", TEXT, "the item's public id"),
        Column("text", TEXT, "what was asked; a conversation as a transcript"),
        Column("category", TEXT, "the item's category"),
        Column("source", TEXT, "where the item comes from, as its file says"),
        Column("completion_a", TEXT, "the first completion in the stored order"),
        Column("completion_b", TEXT, "the second"),
        Column("model_a", TEXT, "which model wrote the first"),
        Column("model_b", TEXT, "which model wrote the second"),
        Column("annotator_type", TEXT, "`human` or `machine`; never both in one row"),
        Column("normal_worker_annotations", each, f"people's answers: {words}"),
        Column("expert_worker_annotations", each, "those of the group `expert`"),
        Column("machine_annotations", each, "machines' answers, in rows of their own"),
    ), partial(_judge, aspects)


def _aspects(options: ExportOptions, versions: Sequence[Version]) -> tuple[str, ...]:
    names = {
        name: None for version in versions for name in _by_aspect(version, options)
    }
    return (*(name for name in names if name != OVERALL), OVERALL)


def _by_aspect(version: Version, options: ExportOptions) -> dict[str, str]:
    """Return the question behind each aspect; the main one is called overall."""
    main = question_of(version, KINDS, options)
    return {
        OVERALL if main is not None and q.name == main.name else q.name: q.name
        for q in version.questions
        if q.type == "comparison"
    }


def _judge(
    aspects: Sequence[str],
    item: StoredItem,
    readings: Sequence[Reading],
    options: ExportOptions,
) -> Outcome:
    outcome = Outcome()
    lists: dict[str, list[dict[str, Any]]] = {"normal": [], "expert": [], "machine": []}
    for reading in readings:
        reason = "" if len(item.completions) == 2 else "not_two"
        outcome.parts.append(Part(reading.answer.id, reason))
        if not reason:
            lists[_group(reading)].append(_entry(aspects, reading, options))
    if any(lists.values()):
        outcome.rows.append(_row(item, readings[0].answer.annotator_type, lists))
    return outcome


def _group(reading: Reading) -> str:
    person = reading.answer.person
    if person is None:
        return "machine"
    return "expert" if person.group == "expert" else "normal"


def _row(item: StoredItem, kind: str, lists: dict[str, list[dict[str, Any]]]) -> Row:
    first, second = item.completions
    return (
        item.external_id or item.id,
        item.id,
        prompt_text(item),
        item.category,
        item.source,
        first.text,
        second.text,
        first.model,
        second.model,
        kind,
        lists["normal"],
        lists["expert"],
        lists["machine"],
    )


def _entry(
    aspects: Sequence[str], reading: Reading, options: ExportOptions
) -> dict[str, Any]:
    answer = reading.answer
    questions = _by_aspect(reading.version, options)
    entry: dict[str, Any] = {}
    for aspect in aspects:
        value = reading.answers.get(questions.get(aspect, ""))
        entry |= _aspect(aspect, value if isinstance(value, dict) else {}, reading)
    took_ms = answer.total_ms if answer.total_ms is not None else answer.active_ms
    entry |= {
        "evaluator": answer.annotator,
        "time_spent": None if took_ms is None else round(took_ms / 1000),
        "timestamp": answer.created_at,
        "annotation_id": answer.id,
        "source": answer.source,
        "order_shown": list(answer.order or ()),
        "active_ms": answer.active_ms,
    }
    cells = provenance.under_cells(answer, reading.version)
    names = (column.name for column in provenance.UNDER)
    return entry | dict(zip(names, cells, strict=True))


def _aspect(name: str, value: dict[str, Any], reading: Reading) -> dict[str, Any]:
    strengths = {q.name: q.strength for q in reading.version.questions}
    is_main = name == OVERALL
    question = reading.question.name if is_main else name
    return {
        f"{name}_pref": _words(value.get("value"), strengths.get(question, 2)),
        f"{name}_both_bad": bool(value.get("both_bad")),
        f"{name}_confidence": value.get("confidence"),
        f"{name}_checked_reasons": [str(one) for one in value.get("reasons") or []],
        f"{name}_own_reason": (provenance.rationale_of(reading) if is_main else None),
    }


def _words(grade: object, strength: int) -> str | None:
    """Return MultiPref's words; more than half of the scale is “clearly”."""
    if type(grade) is not int:
        return None
    if grade == 0:
        return "Tie"
    how = "clearly" if 2 * abs(grade) > strength else "slightly"
    return f"{'A' if grade > 0 else 'B'}-is-{how}-better"
