"""PURE: Polyphony's own rows: whatever is written is read back the same.

One JSON object per item:
`{"external_id", "prompt" | "messages", "completions": [{"text", "model"} | str],
"language", "category", "source", "metadata", "gold", "overlap", "priority",
"questions", "labels": [...]}`. Only the prompt and the completions are needed.
Rows that we wrote carry a `schema`: what they hold was accepted once, so an empty
completion may come back.
"""

from collections.abc import Mapping
from typing import Any

from annotation.formats.types import CompletionDraft, ItemDraft, LabelDraft

SCHEMA = "polyphony-item/1"


def item_to_native(item: ItemDraft) -> dict[str, Any]:
    """Return the row of an item; reading it gives the same item but for its row.

    The questions that all labels share stand once at the item.
    """
    row: dict[str, Any] = {"schema": SCHEMA, "external_id": item.external_id}
    if len(item.messages) == 1 and item.messages[0].role == "user":
        row["prompt"] = item.messages[0].content
    else:
        row["messages"] = [
            {"role": message.role, "content": message.content}
            for message in item.messages
        ]
    row["completions"] = [_completion(draft) for draft in item.completions]
    for name in ("language", "category", "source", "metadata", "priority"):
        if value := getattr(item, name):
            row[name] = dict(value) if isinstance(value, Mapping) else value
    if item.gold is not None:
        row["gold"] = dict(item.gold)
    if item.overlap is not None:
        row["overlap"] = item.overlap
    if item.labels:
        shared = _shared_questions(item)
        if shared is not None:
            row["questions"] = [dict(question) for question in shared]
        row["labels"] = [_label(label, shared) for label in item.labels]
    if not item.external_id:
        del row["external_id"]
    return row


def _completion(draft: CompletionDraft) -> dict[str, Any]:
    entry: dict[str, Any] = {"text": draft.text}
    if draft.model:
        entry["model"] = draft.model
    if draft.external_id:
        entry["external_id"] = draft.external_id
    if draft.metadata:
        entry["metadata"] = dict(draft.metadata)
    return entry


def _shared_questions(item: ItemDraft) -> tuple[Mapping[str, Any], ...] | None:
    first = item.labels[0].questions
    return first if all(label.questions == first for label in item.labels) else None


def _label(
    label: LabelDraft, shared: tuple[Mapping[str, Any], ...] | None
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "annotator": label.annotator,
        "is_machine": label.is_machine,
        "answers": dict(label.answers),
    }
    if label.status != "ok":
        entry["status"] = label.status
    if label.raw:
        entry["raw"] = label.raw
    if label.created_at is not None:
        entry["created_at"] = label.created_at.isoformat()
    if label.order is not None:
        entry["order"] = list(label.order)
    for name in ("duration_ms", "probability"):
        if (value := getattr(label, name)) is not None:
            entry[name] = value
    if label.flags:
        entry["flags"] = list(label.flags)
    for name in ("profile", "metadata"):
        if value := getattr(label, name):
            entry[name] = dict(value)
    if label.questions is not None and label.questions != shared:
        entry["questions"] = [dict(question) for question in label.questions]
    return entry
