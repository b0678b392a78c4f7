"""What cannot be read says where, why, and how to mend it."""

import io
import json
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from annotation.formats.types import FileProblem, RowProblem
from tests.formats.files import gzipped, json_lines, problems_of, read_bytes, rows_of

LARGE = "x" * (11 * 2**20)


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "content")
    return file.getvalue()


WHOLE_FILE = {
    "empty": (b"", "x.csv", "The file is empty."),
    "white space": (b" \n\n ", "x.jsonl", "The file is empty."),
    "empty gzip": (gzipped(b""), "x.jsonl.gz", "The file is empty."),
    "header alone": (b"prompt,answer1\n", "x.csv", "The file has no rows."),
    "empty list": (b"[]", "x.json", "The file has no rows."),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(50), "x.csv", "a PNG image"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(50), "x.jpg", "a JPEG image"),
    "pdf": (b"%PDF-1.7\n", "x.pdf", "a PDF document"),
    "zip": (zipped("items.jsonl"), "x.zip", "a ZIP archive"),
    "workbook": (zipped("[Content_Types].xml"), "x.xlsx", "a spreadsheet"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + bytes(50), "x.xls", "Excel"),
    "bzip2": (b"BZh91AY&SY", "x.jsonl.bz2", "bzip2"),
    "twice gzipped": (gzipped(gzipped(b"{}")), "x.gz", "gzip twice"),
    "lfs pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "x.jsonl",
        "Git LFS pointer",
    ),
    "web page": (b"<!DOCTYPE html><html></html>", "x.csv", "a web page"),
    "xml": (b'<?xml version="1.0"?><a/>', "x.xml", "The file is XML."),
    "utf-16 without mark": ("prompt,a\n".encode("utf-16-le"), "x.csv", "not text"),
    "unknown binary": (bytes(range(1, 9)) * 50, "x.bin", "not text"),
    "utf-32": ("a,b\n".encode("utf-32"), "x.csv", "UTF-32"),
    "no json": (b"hello there", "x.jsonl", "The name says JSON"),
    "no parquet": (b"a,b\n1,2\n", "x.parquet", "The name says Parquet"),
    "two columns alike": (b"prompt,text,text\na,b,c\n", "x.csv", "'text' twice"),
    "header in latin-1": ("Größe,a\n1,2\n".encode("latin-1"), "x.csv", "at byte 2"),
    "cut parquet": (b"PAR1" + bytes(30), "x.parquet", "missing or damaged"),
    "cut gzip": (gzipped(json_lines([{"a": 1}] * 99))[:-20], "x.gz", "ends"),
    "broken list": (b'[{"a": 1}, {"a": oops}]', "x.json", "in row 2"),
    "cut list": (b'[{"a": 1}, {"a": "unfin', "x.json", "after row 1"),
    "no comma": (b'[{"a": 1} {"a": 2}]', "x.json", "',' is expected"),
    "text after list": (b'[{"a": 1}] [1]', "x.json", "More text follows"),
}


@pytest.mark.parametrize("case", WHOLE_FILE)
def test_unusable_file_is_refused_with_a_reason(tmp_path: Path, case: str) -> None:
    content, name, expected = WHOLE_FILE[case]
    with pytest.raises(FileProblem, match=r".+") as caught:
        read_bytes(tmp_path, content, name)
    assert expected in caught.value.problem
    assert caught.value.problem.endswith(".")
    assert caught.value.fix.endswith(".")


GOOD = b'{"a": "good"}\n'
ONE_ROW = {
    "not utf-8": ('{"a": "Gr\u00fc\u00dfe"}\n'.encode("latin-1"), "at byte 23"),
    "broken": (b'{"a": }\n', "not valid JSON"),
    "unfinished": (b'{"a": "b\n', "not valid JSON"),
    "list": (b"[1, 2]\n", "a list, not an object"),
    "number": (b"7\n", "a number, not an object"),
    "null": (b"null\n", "null, not an object"),
    "two objects": (b'{"a": 1} {"a": 2}\n', "More text follows"),
    "same key twice": (b'{"a": 1, "a": 2}\n', "twice"),
    "nul": (b'{"a": "x\\u0000y"}\n', "NUL character at character 2"),
    "lone surrogate": (b'{"a": "x\\ud83dy"}\n', "U+D83D"),
    "nan": (b'{"a": [1, {"b": NaN}]}\n', "not finite"),
    "infinity": (b'{"a": -Infinity}\n', "not finite"),
    "too large a number": (b'{"a": 1e999}\n', "not finite"),
    "endless digits": (b'{"a": ' + b"9" * 5000 + b"}\n", "too many digits"),
    "too deep": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "too deep"),
    "large cell": (json_lines([{"a": LARGE}]), "limit for one field is 10 MB"),
}


@pytest.mark.parametrize("case", ONE_ROW)
def test_bad_line_costs_itself_alone(tmp_path: Path, case: str) -> None:
    content, expected = ONE_ROW[case]
    reads = read_bytes(tmp_path, GOOD + content + GOOD, "x.jsonl")
    assert [read for read in reads if isinstance(read, tuple)] == [
        (1, {"a": "good"}),
        (3, {"a": "good"}),
    ]
    (problem,) = problems_of(reads)
    assert problem.row == 2
    assert expected in problem.problem
    assert problem.fix.endswith(".")


def test_line_over_the_limit_is_skipped(tmp_path: Path) -> None:
    content = GOOD + b'{"a": "' + b"x" * (65 * 2**20) + b'"}\n' + GOOD
    reads = read_bytes(tmp_path, content, "x.jsonl")
    assert len(rows_of(reads)) == 2
    assert "64 MB" in problems_of(reads)[0].problem


@pytest.mark.parametrize(
    "element", [b'"text"', b'{"a": "\xe4"}', b'{"a": "\\u0000"}', b'{"a": NaN}']
)
def test_bad_element_of_a_list_costs_itself_alone(
    tmp_path: Path, element: bytes
) -> None:
    content = b'[{"a": "good"}, ' + element + b', {"a": "good"}]'
    reads = read_bytes(tmp_path, content, "x.json")
    assert [isinstance(read, RowProblem) for read in reads] == [False, True, False]


def test_byte_offset_in_a_list_is_exact(tmp_path: Path) -> None:
    content = '[{"a": "ä"}, {"a": "'.encode() + b'\xff"}]'
    (problem,) = problems_of(read_bytes(tmp_path, content, "x.json"))
    assert f"at byte {content.index(0xFF)} " in problem.problem


TABLE_ROW = {
    "too many cells": (b"1,2,3\n", "3 cells, but the header names 2"),
    "too few cells": (b"1\n", "1 cells, but the header names 2"),
    "not utf-8": (b"1,\xe4\n", "at byte 10"),
    "nul": (b"1,x\x00y\n", "NUL"),
    "quotes": (b'1,"a" b\n', "quotation marks of a cell do not match"),
    "large cell": (b"1," + LARGE.encode() + b"\n", "limit for one field is 10 MB"),
}


@pytest.mark.parametrize("case", TABLE_ROW)
def test_bad_row_of_a_table_costs_itself_alone(tmp_path: Path, case: str) -> None:
    content, expected = TABLE_ROW[case]
    reads = read_bytes(tmp_path, b"a,b\nx,y\n" + content + b"x,y\n", "x.csv")
    assert [isinstance(read, RowProblem) for read in reads] == [False, True, False]
    (problem,) = problems_of(reads)
    assert problem.row == 2
    assert expected in problem.problem


def test_cell_over_the_default_limit_of_csv_is_read(tmp_path: Path) -> None:
    cell = "y" * 9_000_000
    reads = read_bytes(tmp_path, f'a,b\n1,"{cell}"\n'.encode(), "x.csv")
    assert reads == [(1, {"a": "1", "b": cell})]


def test_quotation_mark_that_is_never_closed_is_a_problem(tmp_path: Path) -> None:
    reads = read_bytes(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n', "x.csv")
    assert rows_of(reads) == [{"a": "1", "b": "2"}]
    assert "never closed" in problems_of(reads)[0].problem


def test_gzip_cut_in_the_middle_says_what_was_read(tmp_path: Path) -> None:
    rows = [{"a": number, "b": str(number**50)} for number in range(20_000)]
    content = gzipped(json_lines(rows))
    with pytest.raises(FileProblem, match=r"ends early\. Row \d+ is the last"):
        read_bytes(tmp_path, content[: len(content) // 2], "x.jsonl.gz")


def test_gzip_with_a_wrong_checksum_is_damaged(tmp_path: Path) -> None:
    content = bytearray(gzipped(json_lines([{"a": 1}])))
    content[-6] ^= 0xFF
    with pytest.raises(FileProblem, match="damaged"):
        read_bytes(tmp_path, bytes(content), "x.jsonl.gz")


def test_binary_column_of_parquet_is_a_problem_of_its_row(tmp_path: Path) -> None:
    file = io.BytesIO()
    table = pyarrow.Table.from_pylist([{"a": b"ok"}, {"a": b"\xff\xfe"}])
    pyarrow.parquet.write_table(table, file)
    reads = read_bytes(tmp_path, file.getvalue(), "x.parquet")
    assert reads[0] == (1, {"a": "ok"})
    assert problems_of(reads)[0].field == "a"


def test_damaged_middle_of_parquet_is_a_file_problem(tmp_path: Path) -> None:
    file = io.BytesIO()
    table = pyarrow.Table.from_pylist([{"a": str(n) * 50} for n in range(5000)])
    pyarrow.parquet.write_table(table, file, compression="gzip")
    content = bytearray(file.getvalue())
    content[200:400] = bytes(200)
    with pytest.raises(FileProblem, match="damaged"):
        read_bytes(tmp_path, bytes(content), "x.parquet")


def test_problem_of_a_field_name_can_be_stored(tmp_path: Path) -> None:
    content = json.dumps({"a\x00\ud800": 1}).encode() + b"\n"
    (problem,) = problems_of(read_bytes(tmp_path, content, "x.jsonl"))
    assert problem.field == "a??"
