"""PURE: the one JSON object that a reply must be. Knows nothing of what is in it."""

import json
import re
from typing import Any

from annotation.words import gettext as _
from models_service.thoughts import after_thoughts, has_open_thoughts

_FENCE = re.compile(r"```(?:json)?[ \t]*\r?\n(.*?)\r?\n?```", re.DOTALL)
SHOWN = 80


class MalformedError(ValueError):
    """A reply is not in the agreed form; the message is a sentence for the owner."""


def read_object(text: str) -> dict[str, Any]:
    """Return the one JSON object that a text is, in a Markdown code fence or bare.

    Before it one block of thoughts may stand, `<think>` to `</think>`; nothing in that
    is read.

    Raises
    ------
    MalformedError
        If there is anything else, or a key stands twice.
    """
    if has_open_thoughts(text):
        raise MalformedError(
            _("The reply has thoughts that do not end, or more than one block of them.")
        )
    bare = after_thoughts(text).strip()
    fenced = _FENCE.fullmatch(bare)
    try:
        found = json.loads(
            fenced.group(1) if fenced else bare,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
        )
    except MalformedError:
        raise
    except (ValueError, RecursionError):
        said = _("The reply is not one JSON object and nothing else: “{text}”.")
        raise MalformedError(said.format(text=bare[:SHOWN])) from None
    if not isinstance(found, dict):
        raise MalformedError(_("The reply is JSON, but not an object."))
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedError(_("The reply gives the same field twice."))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")
