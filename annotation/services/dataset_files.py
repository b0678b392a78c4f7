"""Step export: the tables of one data set as files, a batch of rows at a time."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from annotation.formats.exports.card import WrittenTable
from annotation.formats.exports.package import Package, new_file
from annotation.formats.exports.tables import Table
from annotation.formats.exports.types import Row
from annotation.formats.exports.writers import Writer, open_writer

AddRows = Callable[[Sequence[Row]], None]
COPY_BYTES = 1 << 20


@dataclass
class TableFiles:
    """Writes tables into a package and keeps how many rows each has."""

    package: Package
    file_type: str
    written: list[WrittenTable] = field(default_factory=list)

    def path(self, name: str) -> str:
        """Return where a table lies, as loaders of data sets look for it."""
        return f"data/{name}/train-00000-of-00001.{self.file_type}"

    @contextmanager
    def table(self, table: Table, *, aside: bool = False) -> Iterator[AddRows]:
        """Open a table for writing; give the function that takes its rows.

        `aside`: while another table is being written, from the same pass over the
        database; its file waits on disk until the other one is closed.
        """
        path, n_rows = self.path(table.name), 0
        with self._aside(path) if aside else new_file(self.package, path) as file:
            writer: Writer = open_writer(self.file_type, file, table.columns)

            def add(rows: Sequence[Row]) -> None:
                nonlocal n_rows
                writer.write(rows)
                n_rows += len(rows)

            yield add
            writer.close()
        self.written.append(
            WrittenTable(table.name, table.about, table.columns, n_rows, path)
        )

    @contextmanager
    def _aside(self, path: str) -> Iterator[IO[bytes]]:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with new_file(self.package, path) as target:
                shutil.copyfileobj(file, target, COPY_BYTES)
