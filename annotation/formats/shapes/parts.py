"""PURE: prompts, messages and completions, however a file holds them."""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes.base import Row, RowFault, limited
from annotation.formats.types import CompletionDraft, Message
from annotation.words import gettext as _

ROLES: dict[str, str] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatbot": "assistant",
}
TEXT_KEYS = ("text", "response", "content", "body", "answer", "completion", "output")
NAME_KEYS = ("model", "model_name", "generator", "generation_model", "policy")
ID_KEYS = ("external_id", "id", "message_id")


def text_of(value: object, field: str) -> str:
    """Return a value as text: a string, a number, or content parts of type text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and all(
        isinstance(part, Mapping) and isinstance(part.get("text"), str)
        for part in value
    ):
        return "\n".join(part["text"] for part in value)
    raise RowFault(
        field,
        _("The field must be text, but it is {kind}.").format(kind=kind_of(value)),
        _("Write plain text here, or map another column."),
    )


def kind_of(value: object) -> str:
    """Name the type of a JSON value as a person would."""
    if isinstance(value, Mapping):
        return _("an object")
    if isinstance(value, (list, tuple)):
        return _("a list")
    if isinstance(value, bool):
        return _("true or false")
    return _("a number") if isinstance(value, (int, float)) else _("a text")


def as_list(value: object, field: str) -> list[Any]:
    """Return a list, also where a table holds it as JSON text."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            found = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
    raise RowFault(
        field,
        _("The field must be a list, also written as a JSON list in a table."),
        _('Write it as ["first", "second"], or map another column.'),
    )


def looks_like_messages(value: object) -> bool:
    """Tell whether a value is a list of messages with a role each."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(part, Mapping) and ("role" in part or "from" in part)
            for part in value
        )
    )


def read_messages(value: object, field: str) -> tuple[Message, ...]:
    """Read a list of messages, `role`/`content` or `from`/`value`."""
    messages = []
    for part in as_list(value, field):
        if not isinstance(part, Mapping):
            raise RowFault(
                field,
                _("A message is {kind}, not an object.").format(kind=kind_of(part)),
                _('Write each message as {"role": "user", "content": "…"}.'),
            )
        role = str(part.get("role", part.get("from", ""))).lower()
        if role not in ROLES:
            raise RowFault(
                field,
                _("A message has the role {role!r}.").format(role=role),
                _("Use the roles system, user and assistant."),
            )
        content = part.get("content", part.get("value", part.get("text")))
        messages.append(Message(ROLES[role], text_of(content, field)))
    return tuple(messages)


def prompt_messages(value: object, field: str) -> tuple[Message, ...]:
    """Read a prompt that is a text or a list of messages."""
    if looks_like_messages(value):
        return read_messages(value, field)
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            return read_messages(value, field)
        except RowFault:
            pass
    return (Message("user", text_of(value, field)),)


def read_prompt(row: Row, mapping: ColumnMapping) -> tuple[Message, ...]:
    """Read the prompt of a row from its roles system, messages, prompt and input."""
    messages: tuple[Message, ...] = ()
    if (column := mapping.column("messages")) and row.get(column):
        messages += read_messages(row[column], column)
    if column := mapping.column("prompt"):
        messages += prompt_messages(row.get(column), column)
    extra = mapping.column("input")
    if extra and messages and (text := text_of(row.get(extra), extra)).strip():
        last = messages[-1]
        joined = f"{last.content}\n\n{text}" if last.content.strip() else text
        messages = (*messages[:-1], Message(last.role, joined))
    system = mapping.column("system")
    if system and (text := text_of(row.get(system), system)).strip():
        messages = (Message("system", text), *messages)
    return messages


# --- completions ------------------------------------------------------------------


def completion_of(value: object, field: str) -> CompletionDraft:
    """Read a completion: a text, an object with a text, or a list of messages."""
    if looks_like_messages(value):
        return dialogue_completion(read_messages(value, field))
    if not isinstance(value, Mapping):
        return CompletionDraft(text_of(value, field))
    key = next((key for key in TEXT_KEYS if key in value), "")
    if not key:
        raise RowFault(
            field,
            _("A completion has no text."),
            _('Write it as a text, or as {"text": "…", "model": "…"}.'),
        )
    name_key = next((name for name in NAME_KEYS if value.get(name)), "")
    id_key = next((name for name in ID_KEYS if value.get(name) is not None), "")
    known = {key, name_key, id_key}
    return CompletionDraft(
        text=text_of(value[key], field),
        model=limited(text_of(value.get(name_key), field), field, "models"),
        external_id=limited(text_of(value.get(id_key), field), field, "external_id"),
        metadata={name: part for name, part in value.items() if name not in known},
    )


def dialogue_completion(messages: Sequence[Message]) -> CompletionDraft:
    """Make a completion of the messages in which one dialogue goes its own way.

    One assistant message is the completion. Of several, the text tells who speaks,
    and the messages themselves are kept in the completion's metadata.
    """
    if len(messages) == 1 and messages[0].role == "assistant":
        return CompletionDraft(messages[0].content)
    names = {"assistant": "Assistant", "user": "User", "system": "System"}
    text = "\n\n".join(
        part.content
        if place == 0 and part.role == "assistant"
        else f"**{names[part.role]}:** {part.content}"
        for place, part in enumerate(messages)
    )
    kept = [{"role": part.role, "content": part.content} for part in messages]
    return CompletionDraft(text, metadata={"messages": kept} if kept else {})


def read_completions(row: Row, mapping: ColumnMapping) -> tuple[CompletionDraft, ...]:
    """Read the completions of a row, of one list or of a column each."""
    columns = mapping.columns("completions")
    values = [row.get(column) for column in columns]
    if len(columns) == 1:
        values = _single(values[0], columns[0])
        columns *= len(values)
    else:
        # A table has a column for the longest item; shorter ones leave the last empty.
        n_least = max(2, mapping.min_completions)
        while len(values) > n_least and values[-1] in (None, ""):
            values.pop()
    drafts = [
        completion_of(value, column)
        for value, column in zip(values, columns, strict=False)
    ]
    return _with_models(drafts, _models(row, mapping, len(drafts)))


def _single(value: object, field: str) -> list[Any]:
    """Return the completions of one column: those of its list, or its text alone."""
    if value is None:
        return []
    if isinstance(value, list) and not looks_like_messages(value):
        return value
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return as_list(value, field)
        except RowFault:
            pass
    return [value]


def _models(row: Row, mapping: ColumnMapping, n_completions: int) -> list[str]:
    columns = mapping.columns("models")
    values: list[object] = [row.get(column) for column in columns]
    if len(columns) == 1 and n_completions > 1:
        value = row.get(columns[0])
        if isinstance(value, str) and not value.lstrip().startswith("["):
            values = [value] * n_completions
        else:
            values = as_list(value, columns[0]) if value else []
    if len(values) > n_completions and any(values[n_completions:]):
        raise RowFault(
            columns[0],
            _(
                "The row names {n_values} models for {n_completions} completions."
            ).format(n_values=len(values), n_completions=n_completions),
            _("Name one model for each completion."),
        )
    return [
        limited(text_of(value, columns[0]), columns[0], "models") for value in values
    ]


def _with_models(
    drafts: Sequence[CompletionDraft], models: Sequence[str]
) -> tuple[CompletionDraft, ...]:
    return tuple(
        CompletionDraft(
            draft.text, model or draft.model, draft.external_id, draft.metadata
        )
        for draft, model in zip_longest(drafts, models[: len(drafts)], fillvalue="")
        if not isinstance(draft, str)
    )


# --- dialogues that share their beginning -----------------------------------------


def split_dialogues(
    dialogues: Sequence[Sequence[Message]], field: str
) -> tuple[tuple[Message, ...], tuple[CompletionDraft, ...]]:
    """Split dialogues into the prompt they share and the completions they end in.

    The prompt ends with a message of the user, so that identical replies stay
    completions.
    """
    n_shared = 0
    for same in zip(*dialogues, strict=False):
        if len(set(same)) > 1:
            break
        n_shared += 1
    first = dialogues[0]
    while n_shared and first[n_shared - 1].role == "assistant":
        n_shared -= 1
    if not n_shared:
        raise RowFault(
            field,
            _("The dialogues share no prompt at their beginning."),
            _("Begin each of them with the same message, or give the prompt a column."),
        )
    prompt = tuple(first[:n_shared])
    return prompt, tuple(dialogue_completion(part[n_shared:]) for part in dialogues)
