"""Every kind of file gives the same rows, whatever it is called."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from annotation.formats.readers import open_rows
from tests.formats.files import gzipped, json_lines, read_bytes, rows_of

ROWS: list[dict[str, Any]] = [
    {"prompt": "Say “hello”.", "answer1": "Hello,\nworld", "answer2": 'A "quote"'},
    {"prompt": "Ünïcode 漢字 🙂", "answer1": "a;b\tc", "answer2": "x, y"},
    {"prompt": "Three", "answer1": "", "answer2": "ok"},
]


def table(delimiter: str, newline: str = "\n") -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, ROWS[0], delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(ROWS)
    return file.getvalue().encode()


def parquet() -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), file)
    return file.getvalue()


CONTENTS = {
    "jsonl": json_lines(ROWS),
    "json list": json.dumps(ROWS).encode(),
    "json pretty": json.dumps(ROWS, indent=2, ensure_ascii=False).encode(),
    "json wrapped": json.dumps({"version": 1, "data": ROWS, "note": "n"}).encode(),
    "json wrapped in any name": json.dumps({"dialogues": ROWS}, indent=1).encode(),
    "csv": table(","),
    "csv with windows line ends": table(",", "\r\n"),
    "csv with semicolons": table(";"),
    "tsv": table("\t"),
    "parquet": parquet(),
}


@pytest.mark.parametrize("is_gzip", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", CONTENTS)
def test_content_decides_what_a_file_is(
    tmp_path: Path, kind: str, is_gzip: bool
) -> None:
    content = gzipped(CONTENTS[kind]) if is_gzip else CONTENTS[kind]
    reads = read_bytes(tmp_path, content, "upload")
    assert rows_of(reads) == ROWS
    assert [read[0] for read in reads if isinstance(read, tuple)] == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("kind", ["jsonl", "json pretty", "csv"])
def test_byte_order_mark_is_accepted(tmp_path: Path, kind: str, encoding: str) -> None:
    text = CONTENTS[kind].decode()
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    content = (mark + text).encode(encoding)
    assert rows_of(read_bytes(tmp_path, content, "upload")) == ROWS


def test_json_lines_count_as_an_editor_counts(tmp_path: Path) -> None:
    content = b'\n{"a": 1}\n\n\n{"a": 2}'
    assert read_bytes(tmp_path, content, "x.jsonl") == [(2, {"a": 1}), (5, {"a": 2})]


def test_one_json_object_is_one_row(tmp_path: Path) -> None:
    row = {"prompt": "p", "completions": [{"text": "a"}, {"text": "b"}]}
    content = json.dumps(row, indent=1).encode()
    assert read_bytes(tmp_path, content, "x.json") == [(1, row)]


def test_json_lines_named_json_are_read_as_lines(tmp_path: Path) -> None:
    assert rows_of(read_bytes(tmp_path, json_lines(ROWS), "x.json")) == ROWS


def test_index_column_without_a_name_gets_one(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b",prompt\n0,hello\n", "x.csv") == [
        (1, {"column_1": "0", "prompt": "hello"})
    ]


def test_empty_lines_of_a_table_are_passed_over(tmp_path: Path) -> None:
    reads = read_bytes(tmp_path, b"\n\na,b\n\n1,2\n\n\n3,4\n", "x.csv")
    assert reads == [(1, {"a": "1", "b": "2"}), (2, {"a": "3", "b": "4"})]


def test_columns_are_known_before_the_first_row(tmp_path: Path) -> None:
    for kind, expected in (("csv", 3), ("parquet", 3), ("jsonl", 0)):
        path = tmp_path / "upload"
        path.write_bytes(CONTENTS[kind])
        with open_rows(path, "upload") as reader:
            assert len(reader.columns) == expected


@pytest.mark.parametrize("kind", CONTENTS)
def test_fraction_done_ends_at_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(CONTENTS[kind])
    with open_rows(path, "upload") as reader:
        fractions = [reader.fraction_done for _ in reader]
        fractions.append(reader.fraction_done)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_parquet_values_become_json(tmp_path: Path) -> None:
    import datetime
    import decimal

    file = io.BytesIO()
    row = {
        "when": datetime.datetime(2026, 1, 2, 3, 4, 5),
        "price": decimal.Decimal("1.50"),
        "gap": float("nan"),
        "bytes": b"text",
        "nested": {"list": [1.5, None]},
    }
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), file)
    assert read_bytes(tmp_path, file.getvalue(), "x.parquet") == [
        (
            1,
            {
                "when": "2026-01-02T03:04:05",
                "price": "1.50",
                "gap": None,
                "bytes": "text",
                "nested": {"list": [1.5, None]},
            },
        )
    ]
