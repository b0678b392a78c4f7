"""Write small files and read them back, as an import would."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.readers import open_rows
from annotation.formats.shapes import Draft, read_items, recognise
from annotation.formats.types import ItemDraft, LabelsDraft, RowProblem

Read = tuple[int, dict[str, Any]] | RowProblem
PROMPT = {"prompt": "How are you?", "answer1": "Well.", "answer2": "Badly."}


def read_bytes(folder: Path, content: bytes, name: str) -> list[Read]:
    """Write bytes to a file, read all its rows and close it."""
    path = folder / "upload"
    path.write_bytes(content)
    with open_rows(path, name) as reader:
        return list(reader)


def rows_of(reads: Iterable[Read]) -> list[dict[str, Any]]:
    return [read[1] for read in reads if not isinstance(read, RowProblem)]


def problems_of(drafts: Iterable[object]) -> list[RowProblem]:
    return [draft for draft in drafts if isinstance(draft, RowProblem)]


def json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def convert(
    rows: Sequence[Mapping[str, Any]], mapping: ColumnMapping | None = None
) -> list[Draft]:
    """Recognise rows unless a mapping is given, and convert them."""
    found = recognise(rows) if mapping is None else mapping
    return list(read_items(enumerate(rows, start=1), found))


def items_of(drafts: Iterable[Draft]) -> list[ItemDraft]:
    return [draft for draft in drafts if isinstance(draft, ItemDraft)]


def one_item(row: Mapping[str, Any], mapping: ColumnMapping | None = None) -> ItemDraft:
    """Convert one row that must give exactly one item and no problem."""
    (item,) = convert([row], mapping)
    assert isinstance(item, ItemDraft), item
    return item


def one_problem(
    row: Mapping[str, Any], mapping: ColumnMapping | None = None
) -> RowProblem:
    """Convert one row that must give exactly one problem and no item."""
    (problem,) = convert([row], mapping)
    assert isinstance(problem, RowProblem), problem
    return problem


def read_drafts(path: Path, mapping: ColumnMapping | None = None) -> list[Draft]:
    """Read a file as an import does: recognise its first rows, convert all."""
    with open_rows(path, path.name) as reader:
        reads = list(reader)
    found = recognise(rows_of(reads[:50])) if mapping is None else mapping
    return list(read_items(reads, found))


def labels_drafts(drafts: Iterable[Draft]) -> list[LabelsDraft]:
    return [draft for draft in drafts if isinstance(draft, LabelsDraft)]


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
