"""PURE: a file of labelled pairs, JSON lines, to arrays; every fault is a sentence.

Called by the command `simulate_routing`. What a row may hold: docs/ROUTING.md.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from routing.pairs import (
    Bools,
    Described,
    Floats,
    Ints,
    Pairs,
    consensus_of,
    describe,
)

SIDES = {"a": 1.0, "b": -1.0, "tie": 0.0, None: math.nan}
TEXTS = ("prompt", "completion_a", "completion_b")
LEAST_GROUPS = 3
# So many signs of a wrong value are told.
LONGEST = 40


class PairFileError(ValueError):
    """The file or the columns named cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Columns:
    """Which columns of the file are what."""

    people: tuple[str, ...]
    ai: str
    judges: tuple[str, ...] = ()
    swapped: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ()
    group: str = "prompt"
    tags: tuple[str, ...] = ()

    def named(self) -> list[str]:
        """Return every column that is named."""
        rest = (*self.people, *self.judges, *self.swapped, *self.confidence)
        return [*TEXTS, self.group, self.ai, *rest, *self.tags]


@dataclass(frozen=True)
class PairFile:
    """The pairs that can be used, and how many were left out, and why."""

    pairs: Pairs
    n_rows: int
    n_without_ai: int
    n_without_people: int


def read_pairs(path: Path, columns: Columns) -> PairFile:
    """Read a file; rows without a label of the AI, or of any person, are left out.

    Raises
    ------
    PairFileError
        Where something is wrong with the file, a row or a column.
    """
    rows = _rows(path)
    _check_columns(rows, columns, path)
    ai = _sides(rows, columns.ai)
    people = _stack(rows, columns.people)
    has_ai: Bools = np.isfinite(ai)
    has_people: Bools = np.asarray(np.isfinite(people).any(axis=1))
    _check_labels(has_ai, has_people, columns)
    kept = np.flatnonzero(has_ai & has_people)
    some = [rows[index] for index in kept]
    prompts, first, second = (
        tuple(_text(row, number, name) for number, row in some) for name in TEXTS
    )
    pairs = Pairs(
        prompts,
        first,
        second,
        ai=ai[kept],
        people=people[kept],
        group=_groups(some, columns.group),
        judges={name: _sides(some, name) for name in columns.judges},
        swapped={name: _sides(some, name) for name in columns.swapped},
        confidence={name: _numbers(some, name) for name in columns.confidence},
        tags={name: _described(some, name) for name in columns.tags},
    )
    _check_pairs(pairs, columns)
    n_without_ai = int((~has_ai).sum())
    n_without_people = int((has_ai & ~has_people).sum())
    return PairFile(pairs, len(rows), n_without_ai, n_without_people)


Row = tuple[int, dict[str, Any]]


def _rows(path: Path) -> list[Row]:
    """Return the rows with the numbers of their lines."""
    rows = []
    try:
        # Not splitlines: a text may hold signs that end a line elsewhere.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise PairFileError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PairFileError(f"{path} is not UTF-8; save it as UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise PairFileError(
                f"Line {number} of {path.name} is not JSON that can be read: {why}. "
                f"Write one object a line."
            ) from error
        if not isinstance(row, dict):
            raise PairFileError(
                f"Line {number} of {path.name} is not an object. Write one object a "
                f'line, such as {{"prompt": "...", ...}}.'
            )
        rows.append((number, row))
    if not rows:
        raise PairFileError(f"{path.name} holds no pairs.")
    return rows


def _check_columns(rows: Sequence[Row], columns: Columns, path: Path) -> None:
    present = dict.fromkeys(name for _, row in rows for name in row)
    for name in columns.named():
        if name not in present:
            raise PairFileError(
                f"No row of {path.name} has a column {name!r}. Its columns are "
                f"{', '.join(sorted(present))}."
            )
    labels = [columns.ai, *columns.people, *columns.judges, *columns.swapped]
    for name in labels:
        if labels.count(name) > 1:
            raise PairFileError(f"The column {name!r} is named twice; name it once.")
    for name in (*columns.confidence, *columns.tags):
        if name in labels:
            raise PairFileError(
                f"The column {name!r} is named as a label and as something else; what "
                f"people say must stay hidden. Name it once."
            )


def _check_labels(has_ai: Bools, has_people: Bools, columns: Columns) -> None:
    named = ", ".join(columns.people)
    if not has_ai.any():
        raise PairFileError(
            f"No pair has a label of the AI in {columns.ai!r}. Have it label the pairs "
            f"first."
        )
    if not has_people.any():
        raise PairFileError(
            f"No pair has a label of people in {named}. Name columns with labels."
        )
    if not (has_ai & has_people).any():
        raise PairFileError(
            f"No pair has both a label in {columns.ai!r} and one in {named}."
        )


def _check_pairs(pairs: Pairs, columns: Columns) -> None:
    classes = np.unique(consensus_of(pairs.people))
    if len(classes) < 2:
        raise PairFileError(
            f"People say the same of all {pairs.n} pairs in "
            f"{', '.join(columns.people)}, so nothing can be learned. Add pairs with "
            f"other labels, or exchange the completions of half of them."
        )
    n_groups = len(np.unique(pairs.group))
    if n_groups < LEAST_GROUPS:
        raise PairFileError(
            f"The column {columns.group!r} has {n_groups} values; at least "
            f"{LEAST_GROUPS} are needed to keep parts of the pairs apart."
        )


def _text(row: dict[str, Any], number: int, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise PairFileError(f"Line {number}: {name!r} must be a text.")
    return value


def _sides(rows: Sequence[Row], name: str) -> Floats:
    """Return the sides that a column of labels holds; NaN where it is null."""
    sides = np.empty(len(rows))
    for index, (number, row) in enumerate(rows):
        value = row.get(name)
        if (value is not None and not isinstance(value, str)) or value not in SIDES:
            raise PairFileError(
                f"Line {number}: {name!r} is {_cut(value)}; it must be a, b, tie or "
                f"null."
            )
        sides[index] = SIDES[value]
    return sides


def _stack(rows: Sequence[Row], names: Sequence[str]) -> Floats:
    return np.stack([_sides(rows, name) for name in names], axis=1)


def _numbers(rows: Sequence[Row], name: str) -> Floats:
    values = np.empty(len(rows))
    for index, (number, row) in enumerate(rows):
        value = row.get(name)
        if value is not None and not _is_finite(value):
            raise PairFileError(
                f"Line {number}: {name!r} is {_cut(value)}; it must be a finite "
                f"number or null."
            )
        values[index] = math.nan if value is None else float(value)
    return values


def _cut(value: object) -> str:
    """Return a value as it is told: whole where it is short."""
    told = repr(value)
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"


def _is_finite(value: object) -> bool:
    """Tell whether a value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _described(rows: Sequence[Row], name: str) -> Described:
    """Return what a column says of each pair: a value, several, or nothing."""
    said = []
    for number, row in rows:
        value = row.get(name)
        several = value if isinstance(value, list) else [value]
        said.append([_word(one, number, name) for one in several if one is not None])
    return describe(said)


def _word(value: object, number: int, name: str) -> str:
    is_number = isinstance(value, int | float)
    if not isinstance(value, str) and not is_number:
        raise PairFileError(
            f"Line {number}: {name!r} must be a word, number or truth value, a list of "
            f"them, or null."
        )
    if is_number and not isinstance(value, bool) and not _is_finite(value):
        raise PairFileError(
            f"Line {number}: {name!r} is {_cut(value)}; write a finite number or null."
        )
    return str(value)


def _groups(rows: Sequence[Row], name: str) -> Ints:
    numbers: dict[str, int] = {}
    group = np.empty(len(rows), dtype=np.int64)
    for index, (number, row) in enumerate(rows):
        value = row.get(name)
        if value is None:
            raise PairFileError(f"Line {number}: the group {name!r} is missing.")
        group[index] = numbers.setdefault(json.dumps(value), len(numbers))
    return group
