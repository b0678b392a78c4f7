"""PURE: rows of JSON lines, with memory for one row at a time."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TypeAlias

from annotation.formats.checks import MAX_ROW_BYTES, SAVE_AS_UTF8, find_fault, storable
from annotation.formats.types import RowProblem
from annotation.words import gettext as _

NumberedRow: TypeAlias = tuple[int, dict[str, Any]]
CHUNK_BYTES = 128 * 1024


class Decoder:
    """A JSON decoder that remembers the keys an object holds twice."""

    def __init__(self) -> None:
        self.twice: list[str] = []
        self._json = json.JSONDecoder(object_pairs_hook=self._object, strict=False)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.twice += sorted(key for key, count in counts.items() if count > 1)
        return result

    def decode(self, text: str, start: int = 0) -> tuple[Any, int]:
        """Return the value that starts there, and where it ends."""
        self.twice.clear()
        return self._json.raw_decode(text, start)


def as_row(row: int, value: object, decoder: Decoder) -> NumberedRow | RowProblem:
    """Return the value as a row, or say why it cannot be one."""
    if not isinstance(value, dict):
        return RowProblem(
            row,
            "",
            _("The row is {kind}, not an object with named fields.").format(
                kind=_kind_of(value)
            ),
            _(
                'Write each row as an object, such as {"prompt": …, '
                '"completions": […]}.'
            ),
        )
    if decoder.twice:
        name = storable(decoder.twice[0])
        return RowProblem(
            row,
            name,
            _("The field {name!r} stands twice in the same object.").format(name=name),
            _("Keep one of them, or rename one."),
        )
    return find_fault(row, value) or (row, value)


def _kind_of(value: object) -> str:
    if value is None:
        return _("null")
    names: Mapping[type, str] = {
        list: _("a list"),
        str: _("a text"),
        bool: _("true or false"),
    }
    return names.get(type(value), _("a number"))


def not_utf8(row: int, offset: int) -> RowProblem:
    """Return the problem of a row with a byte that is not UTF-8."""
    problem = _("The row is not UTF-8 text (at byte {place:,} of the file).").format(
        place=offset
    )
    return RowProblem(row, "", problem, _(SAVE_AS_UTF8))


# --- JSON lines -------------------------------------------------------------------


def read_lines(stream: BinaryIO) -> Iterator[NumberedRow | RowProblem]:
    """Yield the rows of JSON lines; a row's number is its line's number.

    Empty lines are passed over, a line that cannot be read costs itself only.
    """
    decoder = Decoder()
    row, offset = 0, 0
    while line := stream.readline(MAX_ROW_BYTES + 1):
        row += 1
        if len(line) > MAX_ROW_BYTES:
            yield RowProblem(
                row,
                "",
                _("The row exceeds the limit of {mb} MB.").format(
                    mb=MAX_ROW_BYTES // 2**20
                ),
                _("Split it, or shorten its texts."),
            )
            offset += len(line) + _skip_line(stream)
            continue
        if line.strip():
            yield _read_line(row, line, offset, decoder)
        offset += len(line)


def _skip_line(stream: BinaryIO) -> int:
    n_skipped = 0
    while part := stream.readline(CHUNK_BYTES):
        n_skipped += len(part)
        if part.endswith(b"\n"):
            break
    return n_skipped


def _read_line(
    row: int, line: bytes, offset: int, decoder: Decoder
) -> NumberedRow | RowProblem:
    try:
        text = line.decode("utf-8-sig" if row == 1 else "utf-8").strip()
    except UnicodeDecodeError as error:
        return not_utf8(row, offset + error.start)
    try:
        value, end = decoder.decode(text)
    except (ValueError, RecursionError) as error:
        return RowProblem(
            row,
            "",
            _("The line is not valid JSON: {describe}.").format(
                describe=describe(error)
            ),
            _("Write one complete JSON object in each line."),
        )
    if end < len(text):
        return RowProblem(
            row,
            "",
            _(
                "More text follows the JSON object, from character {place} of the line."
            ).format(place=end + 1),
            _("Write one complete JSON object in each line."),
        )
    return as_row(row, value, decoder)


def describe(error: Exception) -> str:
    """Say in a few words why JSON could not be read."""
    if isinstance(error, json.JSONDecodeError):
        return _("{fault} at character {place}").format(
            fault=error.msg, place=error.pos + 1
        )
    if isinstance(error, RecursionError):
        return _("it is nested too deeply")
    return _("it holds a number with too many digits")
