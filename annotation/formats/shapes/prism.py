"""PURE: PRISM's utterances: rated candidate replies, turn by turn of a conversation.

The rows of a conversation follow each other. Each turn becomes an item: its prompt is
the dialogue of the replies chosen so far, its completions are the turn's candidates.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import (
    Content,
    Draft,
    Row,
    Sample,
    Shape,
    build_item,
    fields,
    limited,
    make_label,
    rest,
)
from annotation.formats.shapes.parts import text_of
from annotation.formats.types import CompletionDraft, LabelDraft, Message
from annotation.words import gettext_noop

COLUMNS = {
    "prompt": "user_prompt",
    "completions": "model_response",
    "models": "model_name",
    "ratings": "score",
    "chosen": "if_chosen",
    "turn": "turn",
    "conversation": "conversation_id",
    "annotators": "user_id",
    "external_id": "interaction_id",
    "category": "conversation_type",
}
# What the set writes where a model answered nothing.
EMPTY = "EMPTY STRING"


def guess(sample: Sample) -> ColumnMapping | None:
    """Know the columns of PRISM's utterances."""
    if not sample.has(*COLUMNS.values()):
        return None
    return ColumnMapping(
        "prism",
        fields(**COLUMNS),
        labels_by="human",
        min_completions=1,
        allow_empty=True,
        options={"low": 1, "high": 100},
    )


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of each turn of one conversation."""
    turn, prompt = mapping.column("turn"), mapping.column("prompt")
    history: tuple[Message, ...] = ()
    drafts: list[Draft] = []
    for _, group in groupby(row["rows"], lambda numbered: numbered[1].get(turn)):
        numbered = list(group)
        rows: list[Row] = [part for _, part in numbered]
        said = Message("user", text_of(rows[0].get(prompt), prompt))
        messages = (*history, said)
        drafts += _turn(numbered[0][0], rows, messages, mapping)
        history = (*messages, Message("assistant", _chosen(rows, mapping)))
    return drafts


def _reply(row: Row, mapping: ColumnMapping) -> str:
    column = mapping.column("completions")
    text = text_of(row.get(column), column)
    return "" if text == EMPTY else text


def _chosen(rows: Sequence[Row], mapping: ColumnMapping) -> str:
    # Two identical replies are both marked as chosen; the first stands for both.
    column = mapping.column("chosen")
    found = next((row for row in rows if _is_true(row.get(column))), rows[0])
    return _reply(found, mapping)


def _is_true(value: object) -> bool:
    return str(value).strip().lower() in ("true", "1")


def _turn(
    number: int,
    rows: Sequence[Row],
    messages: tuple[Message, ...],
    mapping: ColumnMapping,
) -> list[Draft]:
    names = mapping.column("models")
    completions = tuple(
        CompletionDraft(
            _reply(row, mapping),
            limited(text_of(row.get(names), names), names, "models"),
            text_of(row.get("utterance_id"), "utterance_id"),
        )
        for row in rows
    )
    metadata = rest(rows[0], mapping, ("utterance_id", "within_turn_id"))
    for role in ("conversation", "turn"):
        metadata[mapping.column(role)] = rows[0].get(mapping.column(role))
    chosen = mapping.column("chosen")
    metadata["source_label"] = {chosen: [_is_true(row.get(chosen)) for row in rows]}
    labels = _labels(rows, mapping) if mapping.labels_by != "leave_out" else ()
    content = Content(messages, completions, labels, metadata)
    return build_item(number, rows[0], mapping, content)


def _labels(
    rows: Sequence[Mapping[str, Any]], mapping: ColumnMapping
) -> tuple[LabelDraft, ...]:
    column, people = mapping.column("ratings"), mapping.column("annotators")
    marks = [
        None
        if row.get(column) in (None, "")
        else asked.whole_number(row[column], column)
        for row in rows
    ]
    if not any(mark is not None for mark in marks):
        return ()
    name = limited(text_of(rows[0].get(people), people), people, "annotator")
    return (make_label(mapping, {"ratings": {"score": marks}}, name),)


def questions(mapping: ColumnMapping) -> list[asked.Question]:
    """Return the rating on PRISM's scale from 1 to 100."""
    low, high = mapping.options.get("low", 1), mapping.options.get("high", 100)
    return [asked.rating(["score"], low, high, is_required=False)]


PRISM = Shape(
    name="prism",
    title=gettext_noop("Utterances of conversations (PRISM)"),
    help=gettext_noop(
        "Each row is a candidate reply with its score. The rows of a conversation "
        "follow each other; each of its turns becomes an item."
    ),
    roles=tuple(COLUMNS),
    required=tuple((role,) for role in ("prompt", "completions", "conversation")),
    guess=guess,
    convert=convert,
    questions=questions,
    has_labels=True,
    grouped_by="conversation",
)
