"""PURE: lists of completions that a model rated: distilabel and UltraFeedback."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.answers import NOT_APPLICABLE
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
from annotation.formats.shapes.parts import (
    as_list,
    completion_of,
    kind_of,
    read_completions,
    read_prompt,
    text_of,
)
from annotation.formats.types import CompletionDraft, LabelDraft
from annotation.words import gettext as _
from annotation.words import gettext_noop

COMMON = ("external_id", "language", "category", "source")
ASPECTS = ("helpfulness", "honesty", "instruction_following", "truthfulness")


def _numbered_reasons(reasons: Sequence[str]) -> str:
    parts = [
        f"Answer {place}: {reason}"
        for place, reason in enumerate(reasons, start=1)
        if reason.strip()
    ]
    return "\n\n".join(parts)


# --- distilabel -----------------------------------------------------------------------


def guess_distilabel(sample: Sample) -> ColumnMapping | None:
    """Know a list of generations with a list of ratings."""
    if not sample.has("instruction", "generations", "ratings"):
        return None
    judge = sample.find("model_name", "ratings_model")
    found = {
        **common_fields(sample),
        **fields(
            prompt="instruction",
            system=sample.find("system_prompt"),
            completions="generations",
            models=sample.find("generation_models", "generation_model"),
            ratings="ratings",
            rationales=sample.find("rationales", "rationale"),
            judge=judge if sample.all_are(judge, str) else "",
        ),
    }
    marks = [
        _number(value, "ratings")
        for cell in sample.values("ratings")
        for value in as_list(cell, "ratings")
        if value is not None
    ]
    low, high = asked.scale_of(marks)
    return ColumnMapping(
        "distilabel",
        found,
        labels_by="machine",
        labels_name="distilabel judge",
        options={"low": low, "high": high},
    )


def _number(value: object, field: str) -> int:
    return asked.whole_number(value, field)


def convert_distilabel(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item with the ratings of the judge as one label."""
    completions = read_completions(row, mapping)
    metadata = rest(row, mapping)
    column = mapping.column("ratings")
    cells = as_list(row[column], column) if row.get(column) is not None else []
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by == "leave_out":
        metadata["source_label"] = cells
    elif any(value is not None for value in cells):
        labels = (_judge_label(row, mapping, cells, len(completions)),)
    content = Content(read_prompt(row, mapping), completions, labels, metadata)
    return build_item(number, row, mapping, content)


def _judge_label(
    row: Row, mapping: ColumnMapping, cells: Sequence[Any], n_completions: int
) -> LabelDraft:
    column = mapping.column("ratings")
    if len(cells) != n_completions:
        raise RowFault(
            column,
            _("The row has {n_cells} ratings for {n_completions} completions.").format(
                n_cells=len(cells), n_completions=n_completions
            ),
            _("Give each completion one rating, null where there is none."),
        )
    marks = [None if value is None else _number(value, column) for value in cells]
    answers: dict[str, Any] = {"ratings": {"overall": marks}}
    field = mapping.column("rationales")
    if row.get(field):
        reasons = row[field]
        given = (
            reasons
            if isinstance(reasons, str)
            else _numbered_reasons(
                [text_of(part, field) for part in as_list(reasons, field)]
            )
        )
        if given.strip():
            answers["rationale"] = given
    judge = mapping.column("judge")
    name = limited(text_of(row.get(judge), judge), judge, "models") if judge else ""
    return make_label(mapping, answers, name)


def distilabel_questions(mapping: ColumnMapping) -> list[asked.Question]:
    """Return the rating on one scale, and its rationale."""
    low, high = mapping.options.get("low", 1), mapping.options.get("high", 5)
    return [
        asked.rating(["overall"], low, high, is_required=False),
        asked.rationale(),
    ]


# --- UltraFeedback --------------------------------------------------------------------


def guess_ultrafeedback(sample: Sample) -> ColumnMapping | None:
    """Know completions that carry their annotations on four aspects."""
    if not sample.has("instruction", "completions"):
        return None
    for cell in sample.values("completions"):
        if not isinstance(cell, list) or not all(
            isinstance(part, Mapping) and "annotations" in part for part in cell
        ):
            return None
    found = {
        **common_fields(sample),
        **fields(prompt="instruction", completions="completions"),
    }
    return ColumnMapping(
        "ultrafeedback", found, labels_by="machine", labels_name="gpt-4"
    )


def convert_ultrafeedback(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item; the ratings of all its completions become one label."""
    column = mapping.column("completions")
    parts = as_list(row.get(column), column)
    drafts = [completion_of(part, column) for part in parts]
    metadata = rest(row, mapping, ("models",))
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by != "leave_out" and drafts:
        labels = (_aspect_label(drafts, mapping, column),)
        drafts = [
            CompletionDraft(
                draft.text,
                draft.model,
                draft.external_id,
                {k: v for k, v in draft.metadata.items() if k != "annotations"},
            )
            for draft in drafts
        ]
    content = Content(read_prompt(row, mapping), tuple(drafts), labels, metadata)
    return build_item(number, row, mapping, content)


def _aspect_label(
    drafts: Sequence[CompletionDraft], mapping: ColumnMapping, field: str
) -> LabelDraft:
    notes = [draft.metadata.get("annotations") or {} for draft in drafts]
    if not all(isinstance(note, Mapping) for note in notes):
        raise RowFault(
            field,
            _("The annotations of a completion are not an object."),
            _("Mend the row."),
        )
    marks = {name: [_mark(note, name, field) for note in notes] for name in ASPECTS}
    answers: dict[str, Any] = {"ratings": marks}
    reasons = ["\n".join(_reasons(note, field)) for note in notes]
    if text := _numbered_reasons(reasons):
        answers["rationale"] = text
    return make_label(mapping, answers, metadata={"annotations": notes})


def _part(note: Mapping[str, Any], name: str, field: str) -> Mapping[str, Any]:
    part = note.get(name) or {}
    if not isinstance(part, Mapping):
        raise RowFault(
            field,
            _("The annotation on {name} is {kind}, not an object.").format(
                name=name, kind=kind_of(part)
            ),
            _("Write it as an object with its Rating."),
        )
    return part


def _mark(note: Mapping[str, Any], name: str, field: str) -> int | str | None:
    value = _part(note, name, field).get("Rating")
    if value is None or value == "":
        return None
    if str(value).strip().lower() in ("n/a", "na"):
        return NOT_APPLICABLE
    return _number(value, field)


def _reasons(note: Mapping[str, Any], field: str) -> list[str]:
    found = []
    for name in ASPECTS:
        part = _part(note, name, field)
        reason = part.get("Rationale For Rating") or part.get("Rationale") or ""
        if str(reason).strip():
            found.append(f"{name.replace('_', ' ').capitalize()}: {reason}")
    return found


def ultrafeedback_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the rating on the four aspects, and its rationale."""
    return [asked.rating(ASPECTS, 1, 5, is_required=False), asked.rationale()]


DISTILABEL = Shape(
    name="distilabel",
    title=gettext_noop("Generations with ratings (distilabel)"),
    help=gettext_noop(
        "Each row has an instruction, a list of generations, and a judge's "
        "ratings and rationales."
    ),
    roles=(
        "prompt",
        "system",
        "completions",
        "models",
        "ratings",
        "rationales",
        "judge",
        *COMMON,
    ),
    required=(("prompt",), ("completions",)),
    guess=guess_distilabel,
    convert=convert_distilabel,
    questions=distilabel_questions,
    has_labels=True,
)
ULTRAFEEDBACK = Shape(
    name="ultrafeedback",
    title=gettext_noop("Completions with annotations on four aspects (UltraFeedback)"),
    help=gettext_noop(
        "Each row has an instruction and completions, each with a model's ratings."
    ),
    roles=("prompt", "completions", *COMMON),
    required=(("prompt",), ("completions",)),
    guess=guess_ultrafeedback,
    convert=convert_ultrafeedback,
    questions=ultrafeedback_questions,
    has_labels=True,
)
