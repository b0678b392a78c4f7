"""The files of a data set: cells, checksums, bytes that stay the same."""

import csv
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.formats.exports import writers
from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.cells import harmless
from annotation.formats.exports.package import ZipPackage
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.types import (
    BOOL,
    FLOAT,
    INT,
    INTS,
    MESSAGES,
    TEXT,
    Column,
)
from annotation.formats.exports.writers import dump, open_writer
from annotation.models import FrontierEntry, Project
from annotation.services.datasets import write_dataset
from tests.exports.conftest import Write
from tests.exports.study import SALT

COLUMNS = [
    Column("text", TEXT, ""),
    Column("number", INT, ""),
    Column("share", FLOAT, ""),
    Column("flag", BOOL, ""),
    Column("list", INTS, ""),
    Column("messages", MESSAGES, ""),
]


def written(file_type: str, *rows: tuple[object, ...]) -> bytes:
    file = io.BytesIO()
    writer = open_writer(file_type, file, COLUMNS)
    writer.write(rows)
    writer.close()
    return file.getvalue()


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_begins_like_a_formula_gets_a_quote(sign: str) -> None:
    content = written("csv", (f"{sign}cmd", -1, -0.5, True, [-1], []))
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert rows[1] == [f"'{sign}cmd", "-1", "-0.5", "true", "[-1]", "[]"]


@given(st.text())
def test_taking_one_quote_away_gives_the_text_back(text: str) -> None:
    cell = harmless(text)
    assert not re.match(r"[=+\-@\t\r]", cell)
    was_quoted = re.match(r"''*[=+\-@\t\r]", cell)
    assert (cell[1:] if was_quoted else cell) == text


@given(st.lists(st.tuples(st.text(alphabet='a",\r\n;é'), st.integers())))
def test_csv_reads_back_the_same(rows: list[tuple[str, int]]) -> None:
    full = [(text, number, None, None, None, None) for text, number in rows]
    content = written("csv", *full).decode()
    read = list(csv.reader(io.StringIO(content, newline="")))[1:]
    assert [(r[0], r[1]) for r in read] == [(harmless(t), str(n)) for t, n in rows]


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(alphabet="a\",\r\n\t\0=+-@'é", max_size=6),
            st.none() | st.integers(),
            st.none() | st.floats(),
            st.none() | st.booleans(),
            st.none() | st.lists(st.integers()),
        )
    )
)
def test_csv_is_what_the_standard_library_writes(rows: list[tuple[Any, ...]]) -> None:
    expected = io.StringIO(newline="")
    table = csv.writer(expected, lineterminator="\r\n")
    table.writerow([column.name for column in COLUMNS])
    for text, number, share, flag, numbers in rows:
        yes = None if flag is None else str(flag).lower()
        cells = (None if numbers is None else dump(numbers), None)
        text = None if text is None else harmless(text)
        table.writerow((text, number, share, yes, *cells))
    found = written("csv", *((*row, None) for row in rows))
    assert found.decode() == expected.getvalue()


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 5), st.integers(0, 9))
def test_row_groups_end_at_the_same_rows_however_rows_come(
    sizes: list[int], batch: int, most_chars: int
) -> None:
    from pyarrow import parquet

    rows: list[tuple[Any, ...]] = [
        ("x" * size, 1, None, None, [], None) for size in sizes
    ]
    groups, n_chars = [0], 0
    for size in sizes:
        groups[-1] += 1
        n_chars += size
        if groups[-1] == 4 or n_chars > most_chars:
            groups.append(0)
            n_chars = 0
    file = io.BytesIO()
    with patch.multiple(writers, ROW_GROUP=4, ROW_GROUP_CHARS=most_chars):
        writer = open_writer("parquet", file, COLUMNS)
        for begun in range(0, len(rows), batch):
            writer.write(rows[begun : begun + batch])
        writer.close()
    meta = parquet.ParquetFile(file).metadata
    found = [meta.row_group(n).num_rows for n in range(meta.num_row_groups)]
    assert found == [n for n in groups if n]
    assert parquet.read_table(file)["text"].to_pylist() == [row[0] for row in rows]


def test_json_lines_keep_scripts_and_line_breaks() -> None:
    row = ("日本\u2028\n", 1, 0.5, False, [1, 0], [{"role": "user", "content": "“"}])
    (line,) = written("jsonl", row).decode().rstrip("\n").split("\n")
    assert tuple(json.loads(line).values()) == row
    assert "日本" in line


def test_parquet_keeps_kinds_and_missing_values() -> None:
    from pyarrow import parquet

    rows = [
        ("a", 1, 0.5, True, [1, 0], [{"role": "user", "content": "x"}]),
        (None, None, None, None, [], None),
    ]
    table = parquet.read_table(io.BytesIO(written("parquet", *rows)))
    assert [tuple(row.values()) for row in table.to_pylist()] == rows
    assert str(table.schema.field("list").type) == "list<element: int64>"


def test_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Pseudonyms(b"short")


# --- whole data sets ------------------------------------------------------------------


def zipped(project: Project, form: str, file_type: str, salt: bytes = SALT) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        write_dataset(
            project=project,
            options=parse_options(
                {"format": form, "file_type": file_type, "include_machine": True}
            ),
            package=ZipPackage(archive),
            salt=salt,
            on_progress=lambda done, total: None,
        )
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "file_type"),
    [(name, kind) for name, form in FORMATS.items() for kind in form.file_types],
)
def test_same_data_options_and_salt_give_the_same_bytes(
    pairs: Project, form: str, file_type: str
) -> None:
    assert zipped(pairs, form, file_type) == zipped(pairs, form, file_type)


def test_another_salt_gives_other_names_and_no_internal_ones(pairs: Project) -> None:
    first = zipped(pairs, "raw", "jsonl")
    second = zipped(pairs, "raw", "jsonl", salt=b"another salt of its own")
    names = [
        set(re.findall(rb'"annotator":"(p[0-9a-f]{20})"', c)) for c in (first, second)
    ]
    assert len(names[0]) == len(names[1]) == 3
    assert not names[0] & names[1]
    for known in (b"anna", b"ben", b"cleo", b"dan"):
        assert known not in first


def test_checksums_cover_every_other_file(pairs: Project, write: Write) -> None:
    folder, _ = write(pairs, format="raw")
    lines = (folder / "checksums.txt").read_text().splitlines()
    known = {path: digest for digest, path in (line.split("  ") for line in lines)}
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "checksums.txt"
    }
    assert known == found
    assert "README.md" in known


def test_who_withdrew_appears_in_no_table(pairs: Project, write: Write) -> None:
    folder, written_set = write(pairs, format="raw", include_superseded=True)
    name = Pseudonyms(SALT).of(str(pairs.participants.get(pseudonym="cleo").public_id))
    texts = [path.read_text() for path in Path(folder).rglob("*.jsonl")]
    assert texts
    assert not any(name in text for text in texts)
    assert written_set.answers.dropped["withdrawn"] == 1
    assert written_set.people.dropped == {"withdrawn": 1}


def test_publishable_export_holds_only_who_agreed(pairs: Project, write: Write) -> None:
    folder, written_set = write(pairs, format="raw", only_publishable=True)
    path = folder / "data/participants/train-00000-of-00001.jsonl"
    people = [json.loads(line) for line in path.read_text().splitlines()]
    assert [person["consent_scopes"] for person in people] == [
        ["publication", "research"]
    ]
    assert written_set.answers.dropped["not_publishable"] == 4


def table_of(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / f"data/{name}/train-00000-of-00001.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_skips_and_flags_come_with_their_person_and_reason(
    pairs: Project, write: Write
) -> None:
    folder, _ = write(pairs, format="raw")
    ben = Pseudonyms(SALT).of(str(pairs.participants.get(pseudonym="ben").public_id))
    (skip,) = table_of(folder, "skips")
    (flag,) = table_of(folder, "flags")
    assert (skip["annotator"], skip["reason"]) == (ben, "I cannot tell")
    assert (flag["annotator"], flag["kind"]) == (ben, "broken")
    assert skip["item_external_id"] == flag["item_external_id"] == "+sheet"
    assert skip["skipped_at"] == "2026-01-02T03:05:05.678901Z"
    card = (folder / "README.md").read_text()
    assert card.count("| dropped: its author withdrew the consent | 1 |") == 4


def test_publishable_export_leaves_out_what_others_skipped(
    pairs: Project, write: Write
) -> None:
    folder, _ = write(pairs, format="raw", only_publishable=True)
    assert table_of(folder, "skips") == table_of(folder, "flags") == []


def test_answers_to_excluded_items_stay_in_raw_tables_and_train_nobody(
    pairs: Project, write: Write
) -> None:
    entry = FrontierEntry.objects.filter(item__external_id="sums")
    entry.update(is_excluded=True, target=0)
    folder, raw = write(pairs, format="raw")
    told = {
        row["item_external_id"]: row["is_excluded"] for row in table_of(folder, "items")
    }
    assert told == {"sums": True, "": False, "+sheet": False}
    assert raw.answers.dropped["excluded"] == 0
    _, trained = write(pairs, format="trl_preference")
    assert trained.answers.dropped["excluded"] == 2
    assert "taken out of the work | 2 |" in trained.card


def test_replaced_answers_come_when_asked_for(pairs: Project, write: Write) -> None:
    folder, _ = write(pairs, format="raw", include_superseded=True)
    path = folder / "data/annotations/train-00000-of-00001.jsonl"
    fates = [json.loads(line)["fate"] for line in path.read_text().splitlines()]
    assert sorted(fates) == [*["current"] * 5, "taken_back"]
