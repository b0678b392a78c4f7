"""PURE: pairs that several named people judged: PandaLM and UKPConvArg1."""

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
from annotation.formats.shapes.columns import completion_fields, numbered, prompt_fields
from annotation.formats.shapes.parts import (
    as_list,
    completion_of,
    kind_of,
    read_completions,
    read_prompt,
    text_of,
)
from annotation.formats.types import LabelDraft, Message
from annotation.words import gettext as _
from annotation.words import gettext_noop

COMMON = ("external_id", "language", "category", "source")


def entries(row: Row, column: str) -> list[Mapping[str, Any]]:
    """Return a column's list of objects; a missing column is an empty list."""
    value = row.get(column)
    found = as_list(value, column) if value is not None else []
    for entry in found:
        if not isinstance(entry, Mapping):
            raise RowFault(
                column,
                _("An entry of the list is {kind}, not an object.").format(
                    kind=kind_of(entry)
                ),
                _("Write each judgement as an object with named fields."),
            )
    return found


# --- annotators in columns --------------------------------------------------------


def guess_annotators(sample: Sample) -> ColumnMapping | None:
    """Know two completions with a column for each annotator (PandaLM)."""
    people = numbered(sample.columns, "annotator")
    found = completion_fields(sample)
    if not people or len(found.get("completions", ())) != 2:
        return None
    if not all(asked.verdict_key(v) in "012" for p in people for v in sample.values(p)):
        return None
    found = {
        **common_fields(sample),
        **prompt_fields(sample),
        **found,
        "annotators": people,
    }
    # Some models of that set answered nothing, and people judged that.
    return ColumnMapping("pandalm", found, labels_by="human", allow_empty=True)


def convert_annotators(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item with one label of each annotator who answered."""
    given = {
        column: row[column]
        for column in mapping.columns("annotators")
        if row.get(column) not in (None, "")
    }
    metadata = rest(row, mapping)
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by == "leave_out":
        metadata["source_label"] = given
    else:
        labels = tuple(
            make_label(
                mapping, {"preference": asked.verdict(value, {}, column)}, column
            )
            for column, value in given.items()
        )
    content = Content(
        read_prompt(row, mapping), read_completions(row, mapping), labels, metadata
    )
    return build_item(number, row, mapping, content)


def annotator_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison with a tie."""
    return [asked.comparison()]


# --- arguments --------------------------------------------------------------------


def guess_arguments(sample: Sample) -> ColumnMapping | None:
    """Know two arguments with the assignments of crowd workers (UKPConvArg1)."""
    if not sample.has("arg1", "arg2", "mTurkAssignments"):
        return None
    found = {
        **common_fields(sample),
        **fields(
            completions=("arg1", "arg2"),
            judgements="mTurkAssignments",
            debate="debateMetaData" if sample.has("debateMetaData") else "",
        ),
    }
    return ColumnMapping("ukpconvarg1", found, labels_by="human")


def convert_arguments(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of two arguments; the debate is the prompt."""
    columns = mapping.columns("completions")
    completions = tuple(completion_of(row.get(column), column) for column in columns)
    debate = row.get(mapping.column("debate"))
    debate = debate if isinstance(debate, Mapping) else {}
    stance = completions[0].metadata.get("stance", "")
    lines = [str(debate.get(key) or "").strip() for key in ("title", "description")]
    if stance:
        lines.append(f"Stance: {stance}")
    lines.append("Which argument is more convincing?")
    prompt = "\n\n".join(line for line in lines if line)
    labels: tuple[LabelDraft, ...] = ()
    metadata = {**rest(row, mapping), **({"debate": dict(debate)} if debate else {})}
    column = mapping.column("judgements")
    if mapping.labels_by == "leave_out":
        metadata["source_label"] = row.get(column)
    else:
        labels = tuple(
            _worker_label(entry, mapping, column) for entry in entries(row, column)
        )
    content = Content((Message("user", prompt),), completions, labels, metadata)
    return build_item(number, row, mapping, content)


def _worker_label(
    entry: Mapping[str, Any], mapping: ColumnMapping, field: str
) -> LabelDraft:
    answers: dict[str, Any] = {
        "preference": asked.verdict(entry.get("value"), {}, field)
    }
    if (reason := text_of(entry.get("reason"), field)).strip():
        answers["rationale"] = reason
    begun = asked.read_time(entry.get("assignmentAcceptTime"), field)
    ended = asked.read_time(entry.get("assignmentSubmitTime"), field)
    lasted = round((ended - begun).total_seconds() * 1000) if begun and ended else None
    known = {"turkID", "value", "reason", "assignmentSubmitTime"}
    return make_label(
        mapping,
        answers,
        limited(str(entry.get("turkID") or ""), field, "annotator"),
        created_at=ended,
        duration_ms=lasted if lasted is None or lasted >= 0 else None,
        metadata={name: part for name, part in entry.items() if name not in known},
    )


def argument_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison of arguments and its reasons."""
    title = "Which argument is more convincing?"
    return [asked.comparison(title=title), asked.rationale()]


PANDALM = Shape(
    name="pandalm",
    title=gettext_noop("Pairs with a column for each annotator (PandaLM)"),
    help=gettext_noop(
        "Each row has two responses, and columns annotator1, annotator2, … that "
        "say 1, 2, or 0 for a tie."
    ),
    roles=("prompt", "input", "system", "completions", "models", "annotators", *COMMON),
    required=(("prompt", "messages"), ("completions",), ("annotators",)),
    guess=guess_annotators,
    convert=convert_annotators,
    questions=annotator_questions,
    has_labels=True,
)
UKPCONVARG1 = Shape(
    name="ukpconvarg1",
    title=gettext_noop("Pairs of arguments with crowd workers' reasons (UKPConvArg1)"),
    help=gettext_noop(
        "Each row has two arguments and a list of judgements with worker, value, "
        "reason and times."
    ),
    roles=("completions", "debate", "judgements", *COMMON),
    required=(("completions",), ("judgements",)),
    guess=guess_arguments,
    convert=convert_arguments,
    questions=argument_questions,
    has_labels=True,
)
