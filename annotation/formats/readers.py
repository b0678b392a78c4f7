"""PURE: one way to read any file of rows, with bounded memory.

Step import. The first half of an import; knows nothing of prompts or completions.
"""

import codecs
import contextlib
import gzip
import io
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast

from annotation.formats import json_document, json_rows
from annotation.formats.parquet_rows import ParquetRows
from annotation.formats.sniffing import FileKind, sniff
from annotation.formats.table_rows import TableRows
from annotation.formats.types import FileProblem, RowProblem
from annotation.words import gettext as _

NumberedRow: TypeAlias = tuple[int, dict[str, Any]]
COPY_BYTES = 2**20
# Parquet needs random access, so a gzipped one is unpacked to disk first.
MAX_UNPACKED_BYTES = 8 * 2**30


class _Unpacked(io.RawIOBase):
    """The content of a gzip file; what is wrong with it becomes a FileProblem."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._gzip = gzip.GzipFile(fileobj=file, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self._gzip.read1(len(buffer))
        except EOFError as error:
            raise FileProblem(
                _("The gzip file ends early."),
                _("It was cut off while it was copied. Fetch it again."),
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FileProblem(
                _("The gzip file is damaged."), _("Fetch or compress it again.")
            ) from error
        buffer[: len(part)] = part
        return len(part)


class _Recoded(io.RawIOBase):
    """A text in UTF-16 as bytes of UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        is_whole = False
        while not self._ready and not is_whole:
            chunk = self._stream.read(len(buffer))
            is_whole = not chunk
            try:
                self._ready = self._decoder.decode(chunk, is_whole).encode()
            except UnicodeError as error:
                raise FileProblem(
                    _("The text is in UTF-16 and damaged."),
                    _("Save the file as UTF-8 and import it again."),
                ) from error
        part = self._ready[: len(buffer)]
        self._ready = self._ready[len(part) :]
        buffer[: len(part)] = part
        return len(part)


class RowReader:
    """The rows of an open file, to be read once.

    Iterating yields `(row number, row)` or the `RowProblem` of a row that cannot be
    read. A `FileProblem` may be raised at any row: then the rest is unreadable.
    Rows count from 1; in JSON lines they are the numbers of the lines.

    `columns` is empty for JSON, where each row names its own.
    """

    def __init__(self, path: Path, kind: FileKind) -> None:
        self.kind = kind
        self._closing = contextlib.ExitStack()
        self._n_bytes = path.stat().st_size
        self._file = self._closing.enter_context(path.open("rb"))
        self._parquet: ParquetRows | None = None
        # Held so that its text layer does not close the file before its time.
        self._table: TableRows | None = None
        self._rows: Iterator[NumberedRow | RowProblem]
        self.columns: tuple[str, ...] = ()
        try:
            self._open()
        except BaseException:
            self._closing.close()
            raise

    def _open(self) -> None:
        if self.kind.format == "parquet":
            self._parquet = ParquetRows(self._seekable())
            self.columns = self._parquet.columns
            self._rows = iter(self._parquet)
            return
        stream = self._text_bytes()
        if self.kind.format == "jsonl":
            self._rows = json_rows.read_lines(stream)
        elif self.kind.format == "json":
            self._rows = json_document.read_document(stream)
        else:
            self._table = TableRows(stream, self.kind.delimiter)
            self.columns = self._table.columns
            self._rows = iter(self._table)

    def _unpacked(self) -> BinaryIO:
        if not self.kind.is_gzip:
            return self._file
        return cast(BinaryIO, io.BufferedReader(_Unpacked(self._file), COPY_BYTES))

    def _text_bytes(self) -> BinaryIO:
        stream = self._unpacked()
        if self.kind.encoding == "utf-16":
            return cast(BinaryIO, io.BufferedReader(_Recoded(stream), COPY_BYTES))
        return stream

    def _seekable(self) -> IO[bytes]:
        if not self.kind.is_gzip:
            return self._file
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
        self._closing.enter_context(copy)
        stream = self._unpacked()
        while part := stream.read(COPY_BYTES):
            copy.write(part)
            if copy.tell() > MAX_UNPACKED_BYTES:
                raise FileProblem(
                    _("The file exceeds {gb} GB when unpacked.").format(
                        gb=MAX_UNPACKED_BYTES // 2**30
                    ),
                    _("Unpack it, or split it into several files."),
                )
        copy.seek(0)
        return copy

    def __iter__(self) -> Iterator[NumberedRow | RowProblem]:
        row = 0
        try:
            for read in self._rows:
                row = read.row if isinstance(read, RowProblem) else read[0]
                yield read
        except FileProblem as problem:
            if row and "row" not in problem.problem.lower():
                raise FileProblem(
                    _("{problem} Row {row} is the last that could be read.").format(
                        problem=problem.problem, row=row
                    ),
                    problem.fix,
                ) from problem
            raise
        if not row:
            raise FileProblem(
                _("The file has no rows."), _("Choose a file with at least one row.")
            )

    @property
    def fraction_done(self) -> float:
        """How much of the file is read, in [0, 1]; never exact, never falling."""
        if self._parquet is not None:
            return self._parquet.row / max(self._parquet.n_rows, 1)
        return min(self._file.tell() / max(self._n_bytes, 1), 1.0)

    def close(self) -> None:
        """Close the file; reading on is an error."""
        self._closing.close()

    def __enter__(self) -> "RowReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_rows(path: Path, name: str) -> RowReader:
    """Open a file of rows: JSONL, JSON, CSV, TSV or Parquet, each also gzip.

    The content decides what it is; `name`, as the person knows the file, decides
    only what the content leaves open.

    Raises
    ------
    FileProblem
        If the file as a whole cannot be read.
    """
    return RowReader(path, sniff(path, name))
