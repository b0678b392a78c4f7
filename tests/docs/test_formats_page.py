"""docs/FORMATS.md tells every shape, format, option and sentence as it is."""

import gzip
import json
from dataclasses import fields
from pathlib import Path

import pytest

from annotation.formats.exports import provenance, tables
from annotation.formats.exports.catalogue import FORMATS
from annotation.formats.exports.options import CHOICES, ExportOptions
from annotation.formats.exports.policy import REASONS
from annotation.formats.readers import open_rows
from annotation.formats.shapes import SHAPES, label_questions, read_items, recognise
from annotation.formats.types import FileProblem, ItemDraft, LabelsDraft, RowProblem
from annotation.services.item_store import _changed_item, _unknown_item
from tests.docs.pages import blocks, inline, read, table_rows

PAGE = read("docs/FORMATS.md")
CELLS = [cell for row in table_rows(PAGE) for cell in row]
NAMED = set(inline(PAGE))
PAIR = '{"prompt": "p", "completions": ["a", "b"]}\n'


def first_cells() -> list[str]:
    return [row[0].strip("`") for row in table_rows(PAGE) if row[0].startswith("`")]


def test_every_shape_has_one_row() -> None:
    cells = first_cells()
    assert {name: cells.count(name) for name in SHAPES if name not in FORMATS} == {
        name: 1 for name in SHAPES if name not in FORMATS
    }
    both = set(SHAPES) & set(FORMATS)
    assert {name: cells.count(name) for name in both} == dict.fromkeys(both, 2)


def test_every_export_format_has_a_row() -> None:
    assert set(FORMATS) <= set(first_cells())


def test_every_option_of_an_export_is_explained() -> None:
    assert {field.name for field in fields(ExportOptions)} - {
        "format",
        "file_type",
    } <= NAMED


def test_every_choice_of_a_policy_is_named_with_its_default_first() -> None:
    options = ExportOptions()
    rows = {row[0].strip("`"): row[1] for row in table_rows(PAGE) if len(row) == 3}
    for name in set(CHOICES) - {"file_type"}:
        values = [value.strip("` ") for value in rows[name].split(",")]
        assert set(values) == set(CHOICES[name])
        assert values[0] == getattr(options, name)


def test_every_reason_for_leaving_out_is_named() -> None:
    assert set(REASONS) <= NAMED


def test_every_column_of_a_training_format_is_named() -> None:
    told = {column.name for column in provenance.columns(ExportOptions())}
    for form in FORMATS.values():
        if form.plan is not None:
            columns, _ = form.plan(ExportOptions(format=form.name), [])
            assert {column.name for column in columns} <= NAMED | told
    assert told <= NAMED


def test_every_raw_table_is_named() -> None:
    known = {
        table.name for table in vars(tables).values() if isinstance(table, tables.Table)
    }
    assert len(known) == 7
    assert known <= NAMED


def test_own_row_of_the_page_is_read_whole(tmp_path: Path) -> None:
    row = json.loads(blocks(PAGE, "json")[0])
    path = tmp_path / "row.jsonl"
    path.write_text(json.dumps(row))
    mapping = recognise([row])
    with open_rows(path, path.name) as reader:
        (item,) = read_items(reader, mapping)
    assert isinstance(item, ItemDraft)
    assert mapping.shape == "native"
    assert label_questions(mapping)
    assert item.metadata == {"season": "autumn"}
    assert (item.overlap, item.priority) == (3, 5)
    assert [label.is_machine for label in item.labels] == [False, True]


# --- refusals -------------------------------------------------------------------------

FILES = {
    "nothing in it": b"",
    "an archive": b"PK\x03\x04 and so on",
    "a workbook": b"PK\x03\x04 [Content_Types].xml",
    "a page instead of data": b"<!doctype html><html></html>",
    "cut gzip": gzip.compress(PAIR.encode() * 100)[:-20],
    "two equal headers": b"a,b,b\n1,2,3\n",
    "cut JSON": f"[{PAIR}, {{".encode(),
}
ROWS = {
    "encoding": b'{"prompt": "\xff"}\n',
    "NUL": b'{"prompt": "abc\\u0000"}\n',
    "size": json.dumps({"prompt": "x" * 11 * 2**20}).encode(),
    "broken JSON": b'{"prompt": 1 2}\n',
    "a key twice": b'{"prompt": "a", "prompt": "b"}\n',
    "cells": b"prompt,answer1,answer2\np,a,b,c\n",
    "no prompt": b'{"prompt": " ", "completions": ["a", "b"]}\n',
    "no text": b'{"prompt": "p", "completions": ["a", ""]}\n',
    "one completion": b'{"prompt": "p", "completions": ["a"]}\n',
}


def told(what: str) -> str:
    """Return the sentence beside a cell of the tables of refusals."""
    (sentence,) = {
        row[1] for row in table_rows(PAGE) if len(row) == 2 and row[0] == what
    }
    return sentence


def written(folder: Path, content: bytes) -> Path:
    path = folder / ("items.jsonl" if content.startswith(b"{") else "items")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("what", FILES)
def test_file_is_refused_with_the_sentence_of_the_page(
    what: str, tmp_path: Path
) -> None:
    path = written(tmp_path, FILES[what])
    with pytest.raises(FileProblem) as caught, open_rows(path, path.name) as reader:
        list(reader)
    assert str(caught.value) == told(what)


@pytest.mark.parametrize("what", ROWS)
def test_row_is_refused_with_the_sentence_of_the_page(
    what: str, tmp_path: Path
) -> None:
    path = written(tmp_path, ROWS[what])
    with open_rows(path, path.name) as reader:
        reads = list(reader)
    rows = [read[1] for read in reads if isinstance(read, tuple)]
    drafts = list(read_items(reads, recognise(rows))) if rows else reads
    (problem,) = (draft for draft in drafts if isinstance(draft, RowProblem))
    assert f"{problem.problem} {problem.fix}" == told(what)


def test_items_of_another_text_and_unknown_ones_are_refused_as_told() -> None:
    changed = _changed_item(ItemDraft(1, (), (), external_id="q1"))
    unknown = _unknown_item(LabelsDraft(1, "q9", ()))
    assert f"{changed.problem} {changed.fix}" == told("changed text")
    assert f"{unknown.problem} {unknown.fix}" == told("unknown item")
