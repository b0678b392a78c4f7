"""PURE: a column of values as CSV cells, RFC 4180, none of which can be a formula.

A whole column at a time: most columns hold nothing that has to be quoted, and one look
at all their texts together tells.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from annotation.formats.exports.types import BOOL, FLOAT, INT, TEXT, Kind

# Also what begins with quotes before such a sign, so that taking one quote away
# gives the text back in every case.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
FORMULA_SIGNS = frozenset("=+-@\t\r'")
QUOTED_SIGNS = ('"', ",", "\r", "\n")
# What may need a change, in texts with a NUL before each of them.
SIGNS = (*QUOTED_SIGNS, *(f"\0{sign}" for sign in sorted(FORMULA_SIGNS)))

Cells = Callable[[Sequence[Any]], Sequence[str]]


def harmless(text: str) -> str:
    """Put a quote before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def cells_of(kind: Kind, dump: Callable[[Any], str]) -> Cells:
    """Return what turns a column of a kind into cells; lists and objects by `dump`.

    A missing value is an empty cell.
    """
    if kind == TEXT:
        return _texts
    if kind in (INT, FLOAT):
        return lambda values: _each(values, str)
    if kind == BOOL:
        return lambda values: _each(values, _yes_or_no)
    return lambda values: _each(values, lambda value: _quoted(dump(value)))


def _texts(values: Sequence[str | None]) -> Sequence[str]:
    texts = [value or "" for value in values]
    joined = "\0" + "\0".join(texts)
    if not any(sign in joined for sign in SIGNS):
        return texts
    return [
        _quoted(harmless(text) if text[:1] in FORMULA_SIGNS else text) for text in texts
    ]


def _each(values: Sequence[Any], write: Callable[[Any], str]) -> list[str]:
    return ["" if value is None else write(value) for value in values]


def _yes_or_no(value: object) -> str:
    return "true" if value else "false"


def _quoted(text: str) -> str:
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    if "," in text or "\n" in text or "\r" in text:
        return f'"{text}"'
    return text
