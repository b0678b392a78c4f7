"""PURE: rows of a Parquet file, read in batches."""

import datetime
import decimal
import math
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

from annotation.formats.checks import find_fault
from annotation.formats.types import FileProblem, RowProblem
from annotation.words import gettext as _
from annotation.words import gettext_noop

NumberedRow: TypeAlias = tuple[int, dict[str, Any]]
BATCH_ROWS = 256
AGAIN = gettext_noop("Save it again as Parquet, or as JSONL.")


class ParquetRows:
    """The rows of a Parquet file. `n_rows` and `columns` come from its footer."""

    def __init__(self, file: IO[bytes]) -> None:
        # pyarrow takes long to load and few imports need it.
        import pyarrow
        import pyarrow.parquet as parquet

        self._error = pyarrow.ArrowException
        try:
            self._file: parquet.ParquetFile = parquet.ParquetFile(
                file, pre_buffer=False, memory_map=False
            )
        except (pyarrow.ArrowException, OSError) as error:
            raise FileProblem(
                _("The Parquet file cannot be read; its end is missing or damaged."),
                _("Fetch the file again."),
            ) from error
        names = self._file.schema_arrow.names
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise FileProblem(
                _("The column {twice!r} stands twice in the file.").format(
                    twice=twice[0]
                ),
                _("Give each column a name of its own."),
            )
        self.columns = tuple(
            str(name) for name in names if not name.startswith("__index_level_")
        )
        self.n_rows = int(self._file.metadata.num_rows)
        self.row = 0

    def __iter__(self) -> Iterator[NumberedRow | RowProblem]:
        try:
            for batch in self._file.iter_batches(
                BATCH_ROWS, columns=list(self.columns)
            ):
                for values in batch.to_pylist():
                    self.row += 1
                    yield _as_row(self.row, values)
        except (self._error, OSError, UnicodeDecodeError) as error:
            raise FileProblem(
                _("The Parquet file is damaged after row {row}.").format(row=self.row),
                _(AGAIN),
            ) from error


def _as_row(row: int, values: dict[str, Any]) -> NumberedRow | RowProblem:
    plain: dict[str, Any] = {}
    for field, value in values.items():
        try:
            plain[field] = _plain(value)
        except ValueError as error:
            return RowProblem(row, field, str(error), _("Leave the column out."))
    return find_fault(row, plain) or (row, plain)


def _plain(value: Any) -> Any:
    """Return the value as JSON can hold it; NaN, the usual gap of a table, is null."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ValueError(_("The field holds binary data, not text.")) from None
    raise ValueError(
        _("The field holds a value of type {type}.").format(type=type(value).__name__)
    )
