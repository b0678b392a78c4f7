"""PURE: files of verdicts alone, which join by id the items already there."""

from typing import Any

from annotation.formats.mapping import ColumnMapping, LabelsBy
from annotation.formats.shapes import asked
from annotation.formats.shapes.arena import MACHINE
from annotation.formats.shapes.base import (
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
    fields,
    make_label,
    rest,
    short_text,
)
from annotation.formats.shapes.columns import PROMPTS, completion_fields
from annotation.formats.shapes.parts import text_of
from annotation.formats.types import LabelsDraft
from annotation.words import gettext as _
from annotation.words import gettext_noop

SUFFIXES = ("_result", "_verdict", "_winner", "_preference", "_label")
REASONS = ("_reason", "_rationale", "_explanation")
JUDGES = ("pandalm", "judge", "model", "ai", "llm")


def guess(sample: Sample) -> ColumnMapping | None:
    """Know an id with one verdict, and neither prompt nor completions."""
    if sample.find(*PROMPTS) or completion_fields(sample):
        return None
    id_column = sample.find("external_id", "idx", "id", "item_id")
    verdict, name = "", ""
    for column in sample.columns:
        if suffix := next((s for s in SUFFIXES if column.lower().endswith(s)), ""):
            verdict, name = column, column[: -len(suffix)]
            break
    verdict = verdict or sample.find("winner", "verdict", "preference", "result")
    if not id_column or not verdict or not sample.is_unique(id_column):
        return None
    reason = sample.find(*(f"{name}{end}".lower() for end in REASONS), "reason")
    is_machine = bool(MACHINE.search(name)) or name.lower() in JUDGES
    labels_by: LabelsBy = "machine" if is_machine else "human"
    found = fields(external_id=id_column, verdict=verdict, rationales=reason)
    return ColumnMapping(
        "labels_only", found, labels_by=labels_by, labels_name=name or "imported labels"
    )


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make the label of one item. A machine's verdict that says nothing stays one."""
    external_id = short_text(row, mapping, "external_id")
    column = mapping.column("verdict")
    if not external_id:
        raise RowFault(
            mapping.column("external_id"),
            _("The row does not say which item it belongs to."),
            _("Fill in the item's external id."),
        )
    raw = text_of(row.get(column), column)
    metadata = rest(row, mapping)
    reason = mapping.column("rationales")
    text = text_of(row.get(reason), reason) if reason else ""
    try:
        answers: dict[str, Any] = {"preference": asked.verdict(raw, {}, column)}
    except RowFault:
        if mapping.labels_by != "machine":
            raise
        # A verdict that cannot be read is never a tie: the row keeps its raw text.
        label = make_label(mapping, {}, status="unparsable", raw=raw, metadata=metadata)
        return [LabelsDraft(number, external_id, (label,))]
    if text.strip():
        answers["rationale"] = text
    label = make_label(mapping, answers, raw=raw, metadata=metadata)
    return [LabelsDraft(number, external_id, (label,))]


def questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison and its rationale."""
    return [asked.comparison(allow_both_bad=True), asked.rationale()]


LABELS_ONLY = Shape(
    name="labels_only",
    title=gettext_noop("Labels of items that are already there"),
    help=gettext_noop(
        "Each row names an item by its external id and gives one verdict: 1, 2 or "
        "a tie."
    ),
    roles=("external_id", "verdict", "rationales"),
    required=(("external_id",), ("verdict",)),
    guess=guess,
    convert=convert,
    questions=questions,
    has_labels=True,
)
