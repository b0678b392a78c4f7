"""PURE: Label Studio's task JSON: data, people's annotations, models' predictions.

The data of a row are read like any row. A result that has no counterpart here stays in
the metadata of its label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked, columns
from annotation.formats.shapes.base import (
    Content,
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
    build_item,
    fields,
    limited,
    make_label,
    rest,
)
from annotation.formats.shapes.crowd import entries
from annotation.formats.shapes.parts import read_completions, read_prompt, text_of
from annotation.formats.types import CompletionDraft, LabelDraft
from annotation.words import gettext as _
from annotation.words import gettext_noop

DATA = "data"


def _data_rows(rows: Sequence[Row]) -> list[Row]:
    return [row[DATA] for row in rows if isinstance(row.get(DATA), Mapping)]


def guess(sample: Sample) -> ColumnMapping | None:
    """Know rows whose `data` is an object."""
    if not sample.all_are(DATA, dict):
        return None
    inner = columns.guess(Sample(_data_rows(sample.rows)))
    found = dict(inner.fields)
    found.pop("winner", None)
    found.update(
        fields(
            annotations="annotations" if sample.has("annotations") else "",
            predictions="predictions" if sample.has("predictions") else "",
        )
    )
    has_id = "external_id" not in found and sample.is_unique("id")
    marks, criteria = _scale(sample)
    options = {
        "task_id": "id" if has_id else "",
        "criteria": criteria,
        "low": asked.scale_of(marks)[0],
        "high": asked.scale_of(marks)[1],
    }
    n_least = 1 if criteria and not found.get("completions", ())[1:] else 2
    return ColumnMapping(
        "label_studio",
        found,
        labels_by="file",
        min_completions=n_least,
        options=options,
    )


def _scale(sample: Sample) -> tuple[list[int], list[str]]:
    """Return the marks and the criteria of all ratings."""
    regions = [
        region
        for row in sample.rows
        for name in ("annotations", "predictions")
        for entry in entries(row, name)
        for region in _regions(entry)
        if region.get("type") == "rating" and isinstance(region.get("value"), Mapping)
    ]
    marks = [
        asked.whole_number(part["value"].get("rating"), "result") for part in regions
    ]
    names = [asked.identifier(str(part.get("from_name"))) for part in regions]
    return marks, list(dict.fromkeys(names))


def _regions(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return entries(entry, "result") if entry.get("result") else []


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of the data, and a label of each annotation and prediction."""
    data = row.get(DATA)
    if not isinstance(data, Mapping):
        raise RowFault(
            DATA, _("The row has no object called data."), _("Export it again as JSON.")
        )
    completions = read_completions(data, mapping)
    task_id = mapping.options.get("task_id", "")
    outer = rest(row, mapping, (DATA, task_id))
    metadata = rest(data, mapping)
    if outer:
        metadata["label_studio"] = outer
    labels: list[LabelDraft] = []
    if mapping.labels_by != "leave_out":
        for role, is_machine in (("annotations", False), ("predictions", True)):
            for entry in entries(row, mapping.column(role)):
                if not entry.get("was_cancelled"):
                    labels.append(_label(entry, completions, mapping, is_machine))
    external_id = text_of(row.get(task_id), task_id) if task_id else None
    content = Content(
        read_prompt(data, mapping),
        completions,
        tuple(label for label in labels if label.answers),
        metadata,
        external_id=external_id,
    )
    return build_item(number, data, mapping, content)


def _label(
    entry: Mapping[str, Any],
    completions: Sequence[CompletionDraft],
    mapping: ColumnMapping,
    is_machine: bool,
) -> LabelDraft:
    answers: dict[str, Any] = {}
    left_over = []
    for region in _regions(entry):
        if not _read_region(region, completions, mapping, answers):
            left_over.append(dict(region))
    field = mapping.column("predictions" if is_machine else "annotations")
    known = {"result", "created_at", "lead_time", "completed_by", "model_version"}
    kept = {key: part for key, part in entry.items() if key not in known}
    if left_over:
        kept["result"] = left_over
    label = make_label(
        mapping,
        answers,
        _made_by(entry, is_machine, field),
        created_at=asked.read_time(entry.get("created_at"), field),
        duration_ms=asked.milliseconds(entry.get("lead_time"), field),
        metadata=kept,
    )
    return (
        replace(label, is_machine=is_machine) if mapping.labels_by == "file" else label
    )


def _made_by(entry: Mapping[str, Any], is_machine: bool, field: str) -> str:
    name = entry.get("model_version") if is_machine else entry.get("completed_by")
    if isinstance(name, Mapping):
        name = name.get("id", name.get("email"))
    if name in (None, ""):
        return "prediction" if is_machine else "annotator"
    # Label Studio names people by the number of their account.
    return limited(
        f"user {name}" if isinstance(name, int) else str(name), field, "annotator"
    )


def _read_region(
    region: Mapping[str, Any],
    completions: Sequence[CompletionDraft],
    mapping: ColumnMapping,
    answers: dict[str, Any],
) -> bool:
    """Add what a region says to the answers; return whether it was understood."""
    value = region.get("value")
    if not isinstance(value, Mapping):
        return False
    kind = region.get("type")
    if kind in ("pairwise", "choices") and len(completions) == 2:
        return _read_choice(value, answers)
    if kind == "ranker":
        return _read_ranker(value, completions, answers)
    if kind == "rating":
        return _read_rating(region, value, completions, mapping, answers)
    if kind == "textarea" and "rationale" not in answers:
        text = value.get("text")
        parts = text if isinstance(text, list) else [text or ""]
        if joined := "\n\n".join(str(part) for part in parts).strip():
            answers["rationale"] = joined
            return True
    return False


def _read_choice(value: Mapping[str, Any], answers: dict[str, Any]) -> bool:
    choices = value.get("choices") or []
    word = value.get("selected") or (choices[0] if len(choices) == 1 else None)
    words = asked.verdict_words([word]) if word is not None else None
    if not words or "preference" in answers:
        return False
    answers["preference"] = asked.verdict(word, words, "result")
    return True


def _read_ranker(
    value: Mapping[str, Any],
    completions: Sequence[CompletionDraft],
    answers: dict[str, Any],
) -> bool:
    lists = value.get("ranker")
    ranked: object = lists
    if isinstance(lists, Mapping):
        ranked = next(iter(lists.values()), [])
    ids = [draft.external_id for draft in completions]
    names = [str(name) for name in ranked] if isinstance(ranked, list) else []
    if sorted(names) != sorted(ids) or "" in ids or len(set(ids)) < len(ids):
        return False
    tiers = [[ids.index(name)] for name in names]
    answers["ranking"] = {"tiers": tiers, "unacceptable": []}
    return True


def _read_rating(
    region: Mapping[str, Any],
    value: Mapping[str, Any],
    completions: Sequence[CompletionDraft],
    mapping: ColumnMapping,
    answers: dict[str, Any],
) -> bool:
    criterion = asked.identifier(str(region.get("from_name")))
    names = mapping.columns("completions")
    target = str(region.get("to_name"))
    if len(completions) == 1:
        place = 0
    elif target in names and len(names) == len(completions):
        place = names.index(target)
    else:
        return False
    if criterion not in mapping.options.get("criteria", ()):
        return False
    marks = answers.setdefault("ratings", {}).setdefault(
        criterion, [None] * len(completions)
    )
    marks[place] = asked.whole_number(value.get("rating"), "result")
    return True


def questions(mapping: ColumnMapping) -> list[asked.Question]:
    """Return every question that a result may answer; none is required."""
    asked_all = [
        asked.comparison(allow_both_bad=True, is_required=False),
        asked.ranking(is_required=False),
    ]
    if criteria := mapping.options.get("criteria"):
        low, high = mapping.options.get("low", 1), mapping.options.get("high", 5)
        asked_all.append(asked.rating(criteria, low, high, is_required=False))
    return [*asked_all, asked.rationale()]


LABEL_STUDIO = Shape(
    name="label_studio",
    title=gettext_noop("Label Studio tasks (JSON export)"),
    help=gettext_noop(
        "Each row has data, annotations by people and predictions by models. The "
        "left side of a pairwise result is the first completion."
    ),
    roles=(*(role for role in columns.COLUMNS.roles if role != "winner"),),
    required=columns.COLUMNS.required,
    guess=guess,
    convert=convert,
    questions=questions,
    has_labels=True,
    columns_within=DATA,
)
