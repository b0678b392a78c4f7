"""PURE: rows in Polyphony's own form; formats.native writes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from annotation.answers import InvalidQuestionsError, parse_questions
from annotation.formats.mapping import ColumnMapping
from annotation.formats.native import SCHEMA
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import (
    MAX_CHARS,
    Content,
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
    common_fields,
    content_problems,
    limited,
)
from annotation.formats.shapes.columns import MODEL_LISTS
from annotation.formats.shapes.parts import (
    completion_of,
    kind_of,
    looks_like_messages,
    prompt_messages,
    read_messages,
)
from annotation.formats.types import CompletionDraft, ItemDraft, LabelDraft
from annotation.gold import use_problem
from annotation.words import gettext as _
from annotation.words import gettext_noop

MAX_FLAG_CHARS = 40

STATUSES = ("ok", "unparsable", "refused", "failed")
KNOWN = frozenset(
    {
        "external_id",
        "prompt",
        "messages",
        "completions",
        "language",
        "category",
        "source",
        "metadata",
        "gold",
        "overlap",
        "priority",
        "questions",
        "labels",
        "schema",
    }
)
Questions = tuple[Mapping[str, Any], ...]


def guess(sample: Sample) -> ColumnMapping | None:
    """Know a list of completions with a prompt, in JSON; nothing is to be mapped."""
    if not sample.has("completions") or not sample.all_are("completions", list):
        return None
    if not sample.has("prompt") and not sample.has("messages"):
        return None
    has_labels = bool(sample.values("labels")) if sample.has("labels") else False
    if has_labels and not sample.all_are("labels", list):
        return None
    if has_labels and not all(
        isinstance(label, Mapping) for cell in sample.values("labels") for label in cell
    ):
        return None
    if sample.find(*MODEL_LISTS):
        return None
    prompt = "messages" if sample.has("messages") else "prompt"
    found: dict[str, tuple[str, ...]] = {prompt: (prompt,)}
    found["completions"] = ("completions",)
    is_ours = sample.values("schema") == [SCHEMA] * len(sample.rows)
    if not is_ours and (known := common_fields(sample).get("external_id")):
        found["external_id"] = known
    return ColumnMapping(
        "native",
        found,
        labels_by="file",
        min_completions=1 if is_ours else 2,
        allow_empty=is_ours,
    )


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make the item that the row spells out; unknown fields go to its metadata."""
    if looks_like_messages(row.get("messages")):
        messages = read_messages(row["messages"], "messages")
    else:
        messages = prompt_messages(row.get("prompt"), "prompt")
    values = _typed(row, "completions", list, _("a list")) or []
    completions = tuple(_completion(value) for value in values)
    problems = content_problems(number, mapping, Content(messages, completions))
    if any(not problem.is_warning for problem in problems):
        return list(problems)
    metadata = dict(_typed(row, "metadata", Mapping, _("an object")) or {})
    id_column = mapping.column("external_id") or "external_id"
    others = {key: part for key, part in row.items() if key not in KNOWN | {id_column}}
    metadata.update({key: part for key, part in others.items() if part is not None})
    labels = _labels(row) if mapping.labels_by != "leave_out" else ()
    gold = _typed(row, "gold", Mapping, _("an object"))
    if gold and (fault := use_problem(gold)):
        raise RowFault("gold", fault, _("Name one of these uses, or none."))
    item = ItemDraft(
        row=number,
        messages=messages,
        completions=completions,
        external_id=_short(row, id_column, "external_id"),
        language=_short(row, "language"),
        category=_short(row, "category"),
        source=_short(row, "source"),
        metadata=metadata,
        gold=gold,
        overlap=_count(row, "overlap", 1, 1000),
        priority=_count(row, "priority", -1_000_000, 1_000_000) or 0,
        labels=labels,
    )
    return [item, *problems]


def _typed(part: Mapping[str, Any], name: str, kind: type, called: str) -> Any:
    value = part.get(name)
    if value is not None and not isinstance(value, kind):
        raise RowFault(
            name,
            _("The field must be {called}, but it is {kind}.").format(
                called=called, kind=kind_of(value)
            ),
            _("Write {called} here, or leave the field out.").format(called=called),
        )
    return value


def _short(part: Mapping[str, Any], name: str, role: str = "") -> str:
    role = role or name
    value = part.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowFault(
            name,
            _("The field is {kind}, not a short text.").format(kind=kind_of(value)),
            _("Write a text."),
        )
    return limited(str(value), name, role if role in MAX_CHARS else "annotator")


def _count(part: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = part.get(name)
    if value is None:
        return None
    number = asked.whole_number(value, name)
    if not low <= number <= high:
        raise RowFault(
            name,
            _("{number} is not from {low:,} to {high:,}.").format(
                number=number, low=low, high=high
            ),
            _("Choose another number."),
        )
    return number


def _completion(value: object) -> CompletionDraft:
    if isinstance(value, Mapping) and "text" in value:
        extra = _typed(value, "metadata", Mapping, _("an object")) or {}
        draft = completion_of(
            {key: part for key, part in value.items() if key != "metadata"},
            "completions",
        )
        return CompletionDraft(
            draft.text, draft.model, draft.external_id, {**draft.metadata, **extra}
        )
    return completion_of(value, "completions")


# --- labels ---------------------------------------------------------------------------


def _labels(row: Row) -> tuple[LabelDraft, ...]:
    shared = _questions(row, "questions")
    entries = _typed(row, "labels", list, _("a list")) or []
    return tuple(_label(entry, shared) for entry in entries)


def _questions(part: Mapping[str, Any], name: str) -> Questions | None:
    value = part.get(name)
    if value is None:
        return None
    try:
        parse_questions(value)
    except InvalidQuestionsError as error:
        raise RowFault(
            name,
            _("The questions are not valid: {error}").format(error=error),
            _("Mend the questions."),
        ) from error
    return tuple(value)


def _label(entry: object, shared: Questions | None) -> LabelDraft:
    if not isinstance(entry, Mapping):
        raise RowFault(
            "labels",
            _("A label is {kind}, not an object.").format(kind=kind_of(entry)),
            _('Write each label as {"annotator": …, "is_machine": …, "answers": {…}}.'),
        )
    is_machine = entry.get("is_machine")
    if not isinstance(is_machine, bool):
        raise RowFault(
            "labels",
            _("A label does not say whether a person or a machine made it."),
            _('Give the label "is_machine": true or false.'),
        )
    status = entry.get("status", "ok")
    if status not in STATUSES:
        raise RowFault(
            "labels",
            _("A label has the status {status!r}.").format(status=str(status)[:40]),
            _("Use one of {statuses}.").format(statuses=", ".join(STATUSES)),
        )
    questions = _questions(entry, "questions")
    profile = _typed(entry, "profile", Mapping, _("an object")) or {}
    return LabelDraft(
        annotator=_short(entry, "annotator") or "imported labels",
        is_machine=is_machine,
        answers=_typed(entry, "answers", Mapping, _("an object")) or {},
        status=status,
        raw=_typed(entry, "raw", str, _("a text")) or "",
        created_at=_time(entry),
        duration_ms=_count(entry, "duration_ms", 0, 2**31 - 1),
        order=_order(entry),
        probability=_probability(entry),
        flags=_flags(entry),
        profile={str(key): str(part) for key, part in profile.items()},
        metadata=_typed(entry, "metadata", Mapping, _("an object")) or {},
        questions=shared if questions is None else questions,
    )


def _time(entry: Mapping[str, Any]) -> datetime | None:
    return asked.read_time(entry.get("created_at"), "labels")


def _order(entry: Mapping[str, Any]) -> tuple[int, ...] | None:
    order = _typed(entry, "order", list, _("a list"))
    if order is None:
        return None
    if sorted(map(str, order)) != sorted(map(str, range(len(order)))):
        raise RowFault(
            "labels",
            _("The order of a label does not name each completion once."),
            _("Write the places from 0, such as [1, 0]."),
        )
    return tuple(order)


def _flags(entry: Mapping[str, Any]) -> tuple[str, ...]:
    flags = _typed(entry, "flags", list, _("a list")) or []
    if not all(isinstance(flag, str) and len(flag) <= MAX_FLAG_CHARS for flag in flags):
        raise RowFault(
            "labels",
            _("A flag of a label is no short text."),
            _("Write the flags as a list of short words."),
        )
    return tuple(flags)


def _probability(entry: Mapping[str, Any]) -> float | None:
    value = entry.get("probability")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RowFault(
            "labels", _("A probability is not a number."), _("Write 0 to 1.")
        )
    if not 0 <= value <= 1:
        raise RowFault(
            "labels",
            _("The probability is {value}.").format(value=value),
            _("Write 0 to 1."),
        )
    return float(value)


def questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the questions of labels that bring none of their own."""
    return [
        asked.comparison(strength=3, allow_both_bad=True, is_required=False),
        asked.ranking(is_required=False),
        asked.rationale(),
    ]


NATIVE = Shape(
    name="native",
    title=gettext_noop("Polyphony's own rows"),
    help=gettext_noop(
        "Each row has a prompt (or messages) and a list of completions. Nothing "
        "needs to be mapped."
    ),
    roles=("prompt", "messages", "completions", "external_id"),
    required=(("prompt", "messages"), ("completions",)),
    guess=guess,
    convert=convert,
    questions=questions,
    has_labels=True,
)
