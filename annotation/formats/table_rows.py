"""PURE: rows of CSV and TSV, with memory for one row at a time."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias

from annotation.formats.checks import MAX_ROW_BYTES, SAVE_AS_UTF8, find_fault
from annotation.formats.types import FileProblem, RowProblem
from annotation.words import gettext as _
from annotation.words import gettext_noop

NumberedRow: TypeAlias = tuple[int, dict[str, Any]]
QUOTES = gettext_noop(
    "Put a cell that has quotation marks into quotes and double those inside."
)


class _Lines:
    """The lines of a text, each at most `MAX_ROW_BYTES`, and where each begins."""

    def __init__(self, stream: BinaryIO) -> None:
        # Bytes that are not UTF-8 become surrogates, so that one bad row does not
        # end the file. newline="" leaves line ends inside quoted cells alone.
        self._text = io.TextIOWrapper(
            stream, encoding="utf-8", errors="surrogateescape", newline=""
        )
        self.offset = 0
        self.bad_byte: int | None = None

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MAX_ROW_BYTES + 1):
            if len(line) > MAX_ROW_BYTES:
                raise FileProblem(
                    _(
                        "A line exceeds the limit of {mb} MB (at byte {place:,})."
                    ).format(mb=MAX_ROW_BYTES // 2**20, place=self.offset),
                    _("Check that the file has line ends, or shorten its texts."),
                )
            encoded = line.encode(errors="surrogateescape")
            if not line.isascii() and self.bad_byte is None:
                self.bad_byte = self._first_bad_byte(encoded)
            is_first = not self.offset
            self.offset += len(encoded)
            yield line.removeprefix("\ufeff") if is_first else line

    def _first_bad_byte(self, encoded: bytes) -> int | None:
        try:
            encoded.decode()
        except UnicodeDecodeError as error:
            return self.offset + error.start
        return None

    def pop_bad_byte(self) -> int | None:
        """Return the first byte since the last call that is not UTF-8, if any."""
        bad, self.bad_byte = self.bad_byte, None
        return bad


class TableRows:
    """The rows of a table; `columns` are known before the first row is read."""

    def __init__(self, stream: BinaryIO, delimiter: str) -> None:
        csv.field_size_limit(MAX_ROW_BYTES)
        self._lines = _Lines(stream)
        self._cells = csv.reader(iter(self._lines), delimiter=delimiter, strict=True)
        self.columns = _column_names(self._read_header())

    def _read_header(self) -> list[str]:
        try:
            header = next((cells for cells in self._cells if any(cells)), [])
        except csv.Error as error:
            raise FileProblem(
                _("The header cannot be read: {error}.").format(error=error), _(QUOTES)
            ) from error
        bad_byte = self._lines.pop_bad_byte()
        if bad_byte is not None:
            raise FileProblem(
                _(
                    "The header is not UTF-8 text (at byte {place:,} of the file)."
                ).format(place=bad_byte),
                _(SAVE_AS_UTF8),
            )
        return header

    def __iter__(self) -> Iterator[NumberedRow | RowProblem]:
        row = 0
        while True:
            try:
                cells = next(self._cells)
            except StopIteration:
                return
            except csv.Error as error:
                row += 1
                yield self._broken(row, error)
                continue
            if cells:
                row += 1
                yield self._as_row(row, cells)

    def _broken(self, row: int, error: csv.Error) -> RowProblem:
        if "field larger" in str(error):
            raise FileProblem(
                _(
                    "A cell of row {row} exceeds {mb} MB; perhaps its "
                    "quotation mark is never closed."
                ).format(row=row, mb=MAX_ROW_BYTES // 2**20),
                _(QUOTES),
            ) from error
        self._lines.pop_bad_byte()
        what = (
            _("A quotation mark is never closed")
            if ("unexpected end" in str(error))
            else _("The quotation marks of a cell do not match")
        )
        return RowProblem(
            row,
            "",
            _("{what} (line {line} of the file).").format(
                what=what, line=self._cells.line_num
            ),
            _(QUOTES),
        )

    def _as_row(self, row: int, cells: list[str]) -> NumberedRow | RowProblem:
        bad_byte = self._lines.pop_bad_byte()
        if bad_byte is not None:
            return RowProblem(
                row,
                "",
                _("The row is not UTF-8 text (at byte {place:,} of the file).").format(
                    place=bad_byte
                ),
                _(SAVE_AS_UTF8),
            )
        if len(cells) != len(self.columns):
            return RowProblem(
                row,
                "",
                _(
                    "The row has {n_cells} cells, but the header names "
                    "{n_columns} columns (line {line})."
                ).format(
                    n_cells=len(cells),
                    n_columns=len(self.columns),
                    line=self._cells.line_num,
                ),
                _("Put cells that hold the separator or a line end into quotes."),
            )
        values = dict(zip(self.columns, cells, strict=True))
        return find_fault(row, values) or (row, values)


def _column_names(header: list[str]) -> tuple[str, ...]:
    # An index column that was saved along has no name.
    names = [
        name.strip() or f"column_{place}" for place, name in enumerate(header, start=1)
    ]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FileProblem(
            _("The header names the column {twice!r} twice.").format(twice=twice[0]),
            _("Give each column a name of its own."),
        )
    if any("\x00" in name for name in names):
        raise FileProblem(_("The header contains a NUL character."), _("Remove it."))
    return tuple(names)
