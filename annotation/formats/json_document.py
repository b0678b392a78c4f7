"""PURE: rows of one JSON document, a list or an object around one, never read whole."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from annotation.formats.checks import MAX_ROW_BYTES
from annotation.formats.json_rows import (
    CHUNK_BYTES,
    Decoder,
    NumberedRow,
    as_row,
    describe,
    not_utf8,
)
from annotation.formats.sniffing import WRAPPER_KEYS
from annotation.formats.types import FileProblem, RowProblem
from annotation.words import gettext as _
from annotation.words import gettext_noop

# An error this close to the end of what is read may only mean "read on".
LOOKAHEAD = 16
SPACE = re.compile("[ \t\r\n\ufeff]*")
MEND_JSON = gettext_noop("Correct it there, or save the rows as JSON lines.")
# An object with one of these is a row itself, whatever lists it holds.
ROW_KEYS = frozenset(
    {
        "prompt",
        "messages",
        "instruction",
        "question",
        "input",
        "text",
        "context",
        "conversation",
        "data",
    }
)


class _Window:
    """The part of a JSON text that is in memory, and the place reached in it.

    Bytes that are not UTF-8 become surrogates, so that one bad row does not end the
    file; `encoding_fault` finds them.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._n_bytes_gone = 0
        self.text = ""
        self.at = 0
        self.is_whole = False

    def read(self, n_bytes: int = CHUNK_BYTES) -> None:
        chunk = self._stream.read(n_bytes)
        self.is_whole = not chunk
        gone = self.text[: self.at]
        self._n_bytes_gone += len(gone.encode(errors="surrogateescape"))
        self.text = self.text[self.at :] + self._decoder.decode(chunk, not chunk)
        self.at = 0

    def peek(self) -> str:
        """Move to the next character that is not white space; "" at the end."""
        while True:
            self.at += len(SPACE.match(self.text, self.at)[0])  # type: ignore[index]
            if self.at < len(self.text):
                return self.text[self.at]
            if self.is_whole:
                return ""
            self.read()

    def take(self, expected: str, row: int) -> None:
        """Step over one character, which must be the expected one."""
        found = self.peek()
        if not found:
            raise _ends_early(row)
        if found != expected:
            raise FileProblem(
                _(
                    "The JSON is not valid after row {row}: {expected!r} is "
                    "expected at byte {place:,}, but {found!r} stands there."
                ).format(
                    row=row, expected=expected, place=self.offset(self.at), found=found
                ),
                _(MEND_JSON),
            )
        self.at += 1

    def offset(self, at: int) -> int:
        """Return the byte of the file at which character `at` stands."""
        return self._n_bytes_gone + len(self.text[:at].encode(errors="surrogateescape"))

    def encoding_fault(self, start: int, end: int) -> int | None:
        """Return the byte offset of the first byte that is not UTF-8, if any."""
        part = self.text[start:end]
        if part.isascii():
            return None
        try:
            part.encode()
        except UnicodeEncodeError as error:
            return self.offset(start + error.start)
        return None


def _ends_early(row: int) -> FileProblem:
    return FileProblem(
        _("The file ends in the middle of the JSON, after row {row}.").format(row=row),
        _("It was cut off while it was copied. Fetch it again."),
    )


def _decode(window: _Window, decoder: Decoder, row: int) -> tuple[Any, int]:
    """Return the next value and where it ends; the window still starts at it."""
    window.peek()
    while True:
        try:
            value, end = decoder.decode(window.text, window.at)
            # A number may go on in the part that is not read yet.
            if end < len(window.text) or window.is_whole:
                return value, end
        except (ValueError, RecursionError) as error:
            if not _may_go_on(error, window):
                raise _broken(error, window, row) from error
            if window.is_whole:
                raise _ends_early(row - 1) from error
        n_chars = len(window.text) - window.at
        if n_chars > MAX_ROW_BYTES:
            raise FileProblem(
                _("Row {row} exceeds the limit of {mb} MB.").format(
                    row=row, mb=MAX_ROW_BYTES // 2**20
                ),
                _("Split it, or save the rows as JSON lines."),
            )
        window.read(max(CHUNK_BYTES, n_chars))


def _may_go_on(error: Exception, window: _Window) -> bool:
    """Tell whether the error may only mean that the value is not all there."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    if error.msg.startswith("Unterminated string"):
        return True
    if window.is_whole:
        return error.pos >= len(window.text.rstrip())
    return error.pos >= len(window.text) - LOOKAHEAD


def _broken(error: Exception, window: _Window, row: int) -> FileProblem:
    what, at = describe(error), window.at
    if isinstance(error, json.JSONDecodeError):
        what, at = error.msg, error.pos
    return FileProblem(
        _(
            "The JSON is not valid in row {row}: {what}, at byte {place:,} of the file."
        ).format(row=row, what=what, place=window.offset(at)),
        _(MEND_JSON),
    )


def _elements(window: _Window, decoder: Decoder) -> Iterator[NumberedRow | RowProblem]:
    row = 0
    while window.peek() != "]":
        if row:
            window.take(",", row)
        row += 1
        value, end = _decode(window, decoder, row)
        fault = window.encoding_fault(window.at, end)
        window.at = end
        yield as_row(row, value, decoder) if fault is None else not_utf8(row, fault)
    window.take("]", row)


def read_document(stream: BinaryIO) -> Iterator[NumberedRow | RowProblem]:
    """Yield the rows of one JSON document.

    The document is a list, an object that holds the list of rows, or one row alone.

    Raises
    ------
    FileProblem
        Where the JSON itself breaks: what follows cannot be told apart any more.
    """
    window, decoder = _Window(stream), Decoder()
    if window.peek() == "[":
        window.take("[", 0)
        yield from _elements(window, decoder)
    else:
        yield from _rows_of_object(window, decoder)
    if window.peek():
        raise FileProblem(
            _("More text follows the JSON, at byte {place:,}.").format(
                place=window.offset(window.at)
            ),
            _("Put all rows into one list, or save them as JSON lines."),
        )


def _rows_of_object(
    window: _Window, decoder: Decoder
) -> Iterator[NumberedRow | RowProblem]:
    values: dict[str, Any] = {}
    has_rows = False
    is_first = True
    window.take("{", 0)
    while window.peek() != "}":
        if not is_first:
            window.take(",", 0)
        is_first = False
        key, window.at = _decode(window, decoder, 1)
        window.take(":", 0)
        if key in WRAPPER_KEYS and window.peek() == "[" and not has_rows:
            has_rows = True
            window.take("[", 0)
            yield from _elements(window, decoder)
        else:
            value, window.at = _decode(window, decoder, 1)
            values[str(key)] = value
    window.take("}", 0)
    if not has_rows:
        yield from _rows_of_values(values, decoder)


def _rows_of_values(
    values: dict[str, Any], decoder: Decoder
) -> Iterator[NumberedRow | RowProblem]:
    lists = [
        value
        for value in values.values()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    if len(lists) == 1 and not ROW_KEYS & values.keys():
        for row, value in enumerate(lists[0], start=1):
            yield as_row(row, value, decoder)
    else:
        yield as_row(1, values, decoder)
