"""Whatever stands in a field, a row gives items or problems, never a crash."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.formats.examples import EXAMPLES, Example
from annotation.formats.mapping import LabelsBy
from annotation.formats.readers import open_rows
from annotation.formats.shapes import mapping_problems, read_items, recognise
from annotation.formats.types import RowProblem

VALUES: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "text",
    "[1, 2]",
    "[",
    [],
    ["a"],
    [None],
    [[1]],
    [{}],
    {},
    {"a": 1},
    {"text": 3},
    [{"role": "user", "content": "x"}],
    [{"role": 3}],
]


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a row."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += places(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value[:2]):
            found += places(part, (*path, index))
    return found


def put(row: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    changed: Any = copy.deepcopy(row)
    target = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = copy.deepcopy(value)
    assert isinstance(changed, dict)
    return changed


def rows_of_example(example: Example) -> list[dict[str, Any]]:
    with open_rows(example.path, example.file) as reader:
        return [read[1] for read in reader if not isinstance(read, RowProblem)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.file))
@pytest.mark.parametrize("labels_by", ["human", "machine"])
def test_any_value_in_any_field_is_answered(
    example: Example, labels_by: LabelsBy
) -> None:
    rows = rows_of_example(example)
    mapping = replace(recognise(rows), labels_by=labels_by)
    for path in places(rows[0]):
        for value in VALUES:
            changed = put(rows[0], path, value)
            drafts = list(read_items([(1, changed), (2, rows[1])], mapping))
            assert all(
                draft.problem.endswith(".") and draft.fix.endswith(".")
                for draft in drafts
                if isinstance(draft, RowProblem)
            )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.file))
def test_any_value_in_the_first_row_is_recognised_as_something(
    example: Example,
) -> None:
    rows = rows_of_example(example)
    for path in places(rows[0]):
        for value in VALUES:
            changed = [put(rows[0], path, value), *rows[1:]]
            mapping = recognise(changed)
            if not mapping_problems(mapping):
                list(read_items(enumerate(changed, start=1), mapping))


short = st.text(max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | short,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(short, inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(
    ["prompt", "chosen", "rejected", "completions", "labels", "data"]
)


@given(st.lists(st.dictionaries(names, json_values, max_size=4), max_size=3))
def test_rows_of_chance_are_answered(rows: list[dict[str, Any]]) -> None:
    mapping = recognise(rows)
    if not mapping_problems(mapping):
        list(read_items(enumerate(rows, start=1), mapping))
