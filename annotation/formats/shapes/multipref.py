"""PURE: pairs that workers of two groups judged on several aspects: MultiPref."""

import re
from collections.abc import Mapping
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import (
    Content,
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
    build_item,
    common_fields,
    fields,
    limited,
    make_label,
    rest,
)
from annotation.formats.shapes.crowd import COMMON, entries
from annotation.formats.shapes.parts import (
    as_list,
    read_completions,
    read_prompt,
    text_of,
)
from annotation.formats.types import LabelDraft
from annotation.words import gettext as _
from annotation.words import gettext_noop

GRADES = {
    "A-is-clearly-better": 2,
    "A-is-slightly-better": 1,
    "Tie": 0,
    "B-is-slightly-better": -1,
    "B-is-clearly-better": -2,
}
LEVELS = ("absolutely-confident", "fairly-confident", "not-confident")
GROUPS = {"normal_worker_annotations": "normal", "expert_worker_annotations": "expert"}
ASPECTS = ("helpful", "truthful", "harmless")


USED = re.compile(
    "evaluator|time_spent|timestamp"
    "|(helpful|truthful|harmless|overall)_(pref|confidence|checked_reasons|own_reason)"
)


def guess_aspects(sample: Sample) -> ColumnMapping | None:
    """Know pairs judged on several aspects by two groups of workers (MultiPref)."""
    groups = tuple(name for name in GROUPS if sample.has(name))
    if not sample.has("completion_a", "completion_b") or not groups:
        return None
    found = {
        **common_fields(sample),
        **fields(
            prompt=sample.find("text", "prompt"),
            completions=("completion_a", "completion_b"),
            models=[name for name in ("model_a", "model_b") if sample.has(name)],
            judgements=groups,
        ),
    }
    if sample.is_unique("comparison_id"):
        found["external_id"] = ("comparison_id",)
    people = [
        entry for row in sample.rows for name in groups for entry in entries(row, name)
    ]
    options = {f"{name}_reasons": _reasons(people, name) for name in ASPECTS}
    return ColumnMapping("multipref", found, labels_by="human", options=options)


def _reasons(people: list[Mapping[str, Any]], aspect: str) -> list[str]:
    return sorted({reason for entry in people for reason in _checked(entry, aspect)})


def _checked(entry: Mapping[str, Any], aspect: str) -> list[str]:
    field = f"{aspect}_checked_reasons"
    value = entry.get(field)
    return [text_of(part, field) for part in as_list(value, field)] if value else []


def convert_aspects(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item with one label of each worker."""
    metadata = rest(row, mapping)
    columns = mapping.columns("judgements")
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by == "leave_out":
        metadata["source_label"] = {name: row.get(name) for name in columns}
    else:
        labels = tuple(
            _aspect_label(entry, mapping, column)
            for column in columns
            for entry in entries(row, column)
        )
    content = Content(
        read_prompt(row, mapping), read_completions(row, mapping), labels, metadata
    )
    return build_item(number, row, mapping, content)


def _aspect_label(
    entry: Mapping[str, Any], mapping: ColumnMapping, field: str
) -> LabelDraft:
    answers: dict[str, Any] = {}
    other_reasons: dict[str, list[str]] = {}
    own_reasons: list[str] = []
    for name in (*ASPECTS, "overall"):
        if (own := str(entry.get(f"{name}_own_reason") or "")).strip():
            own_reasons.append(f"{name.capitalize()}: {own}")
        if entry.get(f"{name}_pref") is None:
            continue
        question = "preference" if name == "overall" else name
        answers[question] = _graded(entry, name, field)
        checked = _checked(entry, name)
        offered = mapping.options.get(f"{name}_reasons", [])
        if known := [part for part in dict.fromkeys(checked) if part in offered]:
            answers[question]["reasons"] = known
        if others := [part for part in checked if part not in offered]:
            other_reasons[question] = others
    if own_reasons:
        answers["rationale"] = "\n\n".join(own_reasons)
    kept = {key: part for key, part in entry.items() if not USED.fullmatch(key)}
    if other_reasons:
        kept["other_reasons"] = other_reasons
    return make_label(
        mapping,
        answers,
        limited(str(entry.get("evaluator") or ""), field, "annotator"),
        created_at=asked.read_time(entry.get("timestamp"), field),
        duration_ms=asked.milliseconds(entry.get("time_spent"), field),
        profile={"group": GROUPS[field]} if field in GROUPS else {},
        metadata=kept,
    )


def _graded(entry: Mapping[str, Any], name: str, field: str) -> dict[str, Any]:
    word = entry[f"{name}_pref"]
    if not isinstance(word, str) or word not in GRADES:
        raise RowFault(
            field,
            _("The preference {word!r} is not known.").format(word=str(word)[:40]),
            _("Use one of {grades}.").format(grades=", ".join(GRADES)),
        )
    answer: dict[str, Any] = {"value": GRADES[word]}
    if entry.get(f"{name}_confidence") in LEVELS:
        answer["confidence"] = entry[f"{name}_confidence"]
    return answer


def aspect_questions(mapping: ColumnMapping) -> list[asked.Question]:
    """Return a comparison for each aspect, then the overall one."""
    aspects = [
        asked.comparison(
            name,
            title=f"Which answer is more {name}?",
            strength=2,
            is_required=False,
            reasons=list(mapping.options.get(f"{name}_reasons", [])),
            levels=list(LEVELS),
        )
        for name in ASPECTS
    ]
    title = "Which answer is better overall?"
    overall = asked.comparison(
        title=title, strength=2, is_required=False, levels=list(LEVELS)
    )
    return [*aspects, overall, asked.rationale()]


MULTIPREF = Shape(
    name="multipref",
    title=gettext_noop("Pairs judged on several aspects (MultiPref)"),
    help=gettext_noop(
        "Each row has two completions and, for each worker, a preference on being "
        "helpful, truthful and harmless, and overall."
    ),
    roles=("prompt", "completions", "models", "judgements", *COMMON),
    required=(("prompt",), ("completions",), ("judgements",)),
    guess=guess_aspects,
    convert=convert_aspects,
    questions=aspect_questions,
    has_labels=True,
)
