"""PURE: rows to JSON lines, CSV or Parquet, batch by batch, with constant memory.

The same rows give the same bytes. Columns and their kinds are those of the table.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import IO, Any, Protocol

from annotation.formats.exports.cells import cells_of
from annotation.formats.exports.types import (
    BOOL,
    FLOAT,
    INT,
    TEXT,
    Column,
    Kind,
    ListOf,
    Row,
)

ROW_GROUP = 4_000
ROW_GROUP_CHARS = 16_000_000


class Writer(Protocol):
    """Writes the rows of one table into one open file."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write a batch of rows, each in the order of the columns."""

    def close(self) -> None:
        """Write what is left; the file itself stays open."""


def open_writer(file_type: str, file: IO[bytes], columns: Sequence[Column]) -> Writer:
    """Return the writer of a file type: jsonl, csv or parquet."""
    return WRITERS[file_type](file, columns)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: Any) -> str:
    """Return compact JSON in the plain script of its texts."""
    return _ENCODER.encode(value)


class JsonLines:
    """One JSON object per line, every column in every row."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._file = file
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        """Write a batch."""
        names = self._names
        lines = [dump(dict(zip(names, row, strict=True))) for row in rows]
        if lines:
            self._file.write(("\n".join(lines) + "\n").encode())

    def close(self) -> None:
        """Do nothing: each batch is written whole."""


class Csv:
    """RFC 4180 in UTF-8 without a mark; no cell can become a formula.

    Lists and objects are JSON. An empty cell is a missing value or an empty text.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._file = file
        self._cells = [cells_of(column.kind, dump) for column in columns]
        names = cells_of(TEXT, dump)([column.name for column in columns])
        self._write([names])

    def write(self, rows: Sequence[Row]) -> None:
        """Write a batch."""
        if not rows:
            return
        columns = zip(*rows, strict=True)
        cells = [
            write(values) for write, values in zip(self._cells, columns, strict=True)
        ]
        self._write(zip(*cells, strict=True))

    def _write(self, rows: Iterable[Sequence[str]]) -> None:
        self._file.write("".join(f"{','.join(row)}\r\n" for row in rows).encode())

    def close(self) -> None:
        """Do nothing: each batch is written whole."""


class Parquet:
    """Row groups of some thousand rows, never more than one in memory."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        # Imported here: pyarrow costs 100 MB, and the web process shares this package.
        import pyarrow as arrow
        from pyarrow import parquet

        self._arrow = arrow
        self._types = [_arrow_type(arrow, column.kind) for column in columns]
        self._schema = arrow.schema(
            [(c.name, t) for c, t in zip(columns, self._types, strict=True)]
        )
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._texts = [
            itemgetter(place) for place, c in enumerate(columns) if c.kind == TEXT
        ]
        self._waiting: list[Row] = []
        self._n_chars = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Take a batch; whole row groups go to the file."""
        begun = 0
        while begun < len(rows):
            batch, n_chars = self._that_fit(rows, begun)
            self._waiting += batch
            self._n_chars += n_chars
            begun += len(batch)
            if len(self._waiting) >= ROW_GROUP or self._n_chars > ROW_GROUP_CHARS:
                self._flush()

    def _that_fit(self, rows: Sequence[Row], begun: int) -> tuple[Sequence[Row], int]:
        """Return the next rows of this row group, never none, and their characters.

        A row that makes the group too large comes alone, as its last.
        """
        n = ROW_GROUP - len(self._waiting)
        while True:
            batch = rows[begun : begun + n]
            n_chars = sum(
                sum(map(len, filter(None, map(text, batch)))) for text in self._texts
            )
            if n == 1 or self._n_chars + n_chars <= ROW_GROUP_CHARS:
                return batch, n_chars
            n = max(1, len(batch) // 2)

    def _flush(self) -> None:
        columns = zip(*self._waiting, strict=True)
        arrays = [
            self._arrow.array(values, type=kind)
            for values, kind in zip(columns, self._types, strict=True)
        ]
        self._writer.write_batch(
            self._arrow.RecordBatch.from_arrays(arrays, schema=self._schema)
        )
        self._waiting, self._n_chars = [], 0

    def close(self) -> None:
        """Write the last row group and the footer."""
        if self._waiting:
            self._flush()
        self._writer.close()


def _arrow_type(arrow: Any, kind: Kind) -> Any:
    if isinstance(kind, ListOf):
        return arrow.list_(_arrow_type(arrow, kind.kind))
    if isinstance(kind, str):
        return {
            TEXT: arrow.string(),
            INT: arrow.int64(),
            FLOAT: arrow.float64(),
            BOOL: arrow.bool_(),
        }[kind]
    return arrow.struct(
        [(name, _arrow_type(arrow, part)) for name, part in kind.fields]
    )


WRITERS: dict[str, Callable[[IO[bytes], Sequence[Column]], Writer]] = {
    "jsonl": JsonLines,
    "csv": Csv,
    "parquet": Parquet,
}
