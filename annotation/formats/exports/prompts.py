"""PURE: prompts and replies as trainers read them, as messages or as plain text."""

from collections.abc import Sequence
from typing import Any

from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.types import MESSAGES, TEXT, Kind, Message, StoredItem

SPEAKERS = {"user": "Human", "assistant": "Assistant", "system": "System"}
STEER_SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "System"}


def text_kind(options: ExportOptions) -> Kind:
    """Return the kind of a prompt or reply in the chosen style."""
    return TEXT if options.style == "standard" else MESSAGES


def prompt_of(item: StoredItem, options: ExportOptions) -> Any:
    """Return the prompt alone: messages, or text that a reply can follow."""
    if options.style == "standard":
        return prompt_text(item)
    return [{"role": m["role"], "content": m["content"]} for m in item.messages]


def reply_of(item: StoredItem, index: int, options: ExportOptions) -> Any:
    """Return one completion alone."""
    text = item.completions[index].text
    return text if options.style == "standard" else [_reply(text)]


def dialogue_of(item: StoredItem, index: int, options: ExportOptions) -> Any:
    """Return the prompt together with one completion."""
    reply = _reply(item.completions[index].text)
    messages = [*item.messages, reply]
    if options.style == "standard":
        return transcript(messages)
    return [{"role": m["role"], "content": m["content"]} for m in messages]


def _reply(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def prompt_text(item: StoredItem) -> str:
    """Return a lone question as it is, and a conversation as a transcript."""
    if len(item.messages) == 1 and item.messages[0]["role"] == "user":
        return str(item.messages[0]["content"])
    return transcript(item.messages) + "\n\nAssistant: "


def transcript(messages: Sequence[Message]) -> str:
    r"""Return messages as text: `\n\nHuman: …\n\nAssistant: …`."""
    return "".join(
        f"\n\n{SPEAKERS.get(m['role'], m['role'])}: {m['content']}" for m in messages
    )


def steer_text(item: StoredItem) -> str:
    """Return a prompt whose later turns begin with `<extra_id_1>` and the speaker."""
    first, *others = item.messages
    return str(first["content"]) + "".join(
        f"\n<extra_id_1>{STEER_SPEAKERS.get(m['role'], m['role'])}\n{m['content']}"
        for m in others
    )
