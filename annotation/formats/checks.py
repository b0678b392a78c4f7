"""PURE: what no value of a row may contain, whatever its format."""

import math
from collections.abc import Mapping
from typing import Any

from annotation.formats.types import RowProblem
from annotation.words import gettext as _
from annotation.words import gettext_noop

MAX_CELL_BYTES = 10 * 2**20
MAX_ROW_BYTES = 64 * 2**20
SAVE_AS_UTF8 = gettext_noop("Save the file as UTF-8 and import it again.")


def find_fault(row: int, values: Mapping[str, Any]) -> RowProblem | None:
    """Return the first value that cannot be stored, with its top-level field.

    A string must be text without NUL, at most `MAX_CELL_BYTES` of UTF-8; a number
    must be finite. Lists and objects are searched to the bottom.
    """
    for field, value in values.items():
        fault = _text_fault(field) or _value_fault(value)
        if fault is not None:
            return RowProblem(row, storable(field), *fault)
    return None


def storable(text: str) -> str:
    """Return a text as the database can hold it, with ? for what it cannot."""
    return text.encode(errors="replace").decode().replace("\x00", "?")


def _value_fault(value: object) -> tuple[str, str] | None:
    parts = [value]
    while parts:
        part = parts.pop()
        fault = None
        if isinstance(part, str):
            fault = _text_fault(part)
        elif isinstance(part, float) and not math.isfinite(part):
            fault = (
                _("The number {part} is not finite, and JSON cannot hold it.").format(
                    part=part
                ),
                _("Write null where there is no number."),
            )
        elif isinstance(part, dict):
            parts += part.keys()
            parts += part.values()
        elif isinstance(part, (list, tuple)):
            parts += part
        if fault is not None:
            return fault
    return None


def _text_fault(text: str) -> tuple[str, str] | None:
    n_bytes = len(text)
    if not text.isascii():
        try:
            n_bytes = len(text.encode())
        except UnicodeEncodeError as error:
            return (
                _(
                    "Half of a character (a lone surrogate, U+{code:04X}) "
                    "stands at character {place}."
                ).format(code=ord(text[error.start]), place=error.start + 1),
                _("Write the whole character, or remove it."),
            )
    if n_bytes > MAX_CELL_BYTES:
        return (
            _(
                "The text has {mb:.1f} MB, and the limit for one field is "
                "{limit_mb} MB."
            ).format(mb=n_bytes / 2**20, limit_mb=MAX_CELL_BYTES // 2**20),
            _("Shorten the text, or split it over several items."),
        )
    if "\x00" in text:
        return (
            _(
                "The text contains a NUL character at character {place}, "
                "which the database cannot store."
            ).format(place=text.index(chr(0)) + 1),
            _("Remove the NUL character."),
        )
    return None
