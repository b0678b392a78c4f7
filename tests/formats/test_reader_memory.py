"""A large file is never held whole."""

import json
import tracemalloc
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from annotation.formats.readers import open_rows
from annotation.formats.shapes import read_items, recognise
from annotation.formats.types import ItemDraft

FILE_BYTES = 50 * 2**20
ROW = {"prompt": "What is it?", "completions": ["a" * 2000, "b" * 2000], "n": 1}
N_ROWS = FILE_BYTES // 4060


def write(path: Path, kind: str) -> None:
    line = json.dumps(ROW)
    with path.open("w", encoding="utf-8") as file:
        if kind == "jsonl":
            file.writelines(f"{line}\n" for _ in range(N_ROWS))
        elif kind == "json":
            file.write("[" + line)
            file.writelines(f",{line}" for _ in range(N_ROWS - 1))
            file.write("]")
        elif kind == "csv":
            file.write("prompt,answer1,answer2\n")
            cells = ",".join(["What is it?", "a" * 2000, "b" * 2000])
            file.writelines(f"{cells}\n" for _ in range(N_ROWS))
    if kind == "parquet":
        table = pyarrow.Table.from_pylist([ROW] * 1000)
        with pyarrow.parquet.ParquetWriter(path, table.schema) as writer:
            for _ in range(N_ROWS // 1000):
                writer.write_table(table)


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
def test_reading_50_mb_needs_a_tenth_of_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"large.{kind}"
    write(path, kind)
    n_items = 0
    with open_rows(path, path.name) as reader:
        # The first row loads what is loaded once (pyarrow, tables of codecs).
        mapping = recognise([next(iter(reader))[1]])  # type: ignore[index]
    tracemalloc.start()
    try:
        with open_rows(path, path.name) as reader:
            for draft in read_items(reader, mapping):
                n_items += isinstance(draft, ItemDraft)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_items == (N_ROWS // 1000 * 1000 if kind == "parquet" else N_ROWS)
    assert peak < FILE_BYTES / 10
