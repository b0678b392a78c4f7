"""Rows that give no item say which row, which field, why, and what to do."""

from dataclasses import replace
from typing import Any

import pytest

from annotation.formats.mapping import ColumnMapping, InvalidMappingError
from annotation.formats.shapes import (
    columns_of,
    mapping_problems,
    read_items,
    recognise,
    to_items,
)
from annotation.formats.types import ItemDraft, RowProblem
from tests.formats.files import (
    PROMPT,
    Read,
    convert,
    one_item,
    one_problem,
    problems_of,
)

NOTE = {"annotator": "x", "is_machine": False, "answers": {"preference": {"value": 1}}}
NATIVE = {"prompt": "p", "completions": ["a", "b"]}


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"prompt": " "}, "prompt", "The prompt is empty."),
        ({"prompt": None}, "prompt", "The prompt is empty."),
        ({"answer2": ""}, "answer2", "Completion 2 is empty."),
        ({"answer1": {"no": "text"}}, "answer1", "A completion has no text."),
        ({"prompt": {"a": 1}}, "prompt", "must be text, but it is an object"),
        ({"category": "c" * 121}, "category", "121 characters, and the limit is 120"),
        ({"id": "i" * 201}, "id", "201 characters, and the limit is 200"),
    ],
)
def test_bad_value_is_named(change: dict[str, Any], field: str, expected: str) -> None:
    mapping = recognise([{**PROMPT, "id": "1", "category": "c"}])
    problem = one_problem({**PROMPT, **change}, mapping)
    assert problem.field == field
    assert expected in problem.problem
    assert problem.fix.endswith(".")
    assert not problem.is_warning


def test_everything_wrong_with_a_row_is_named_at_once() -> None:
    problems = problems_of(convert([{"prompt": "", "answer1": "", "answer2": ""}]))
    assert [problem.field for problem in problems] == ["prompt", "answer1", "answer2"]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "p", "responses": ["a"]},
        {"prompt": "p", "completion": "a"},
        {"prompt": "p", "response": "a"},
        {"prompt": "p", "completions": ["a"]},
        {"prompt": "p", "completion": "a", "label": True},
    ],
)
def test_one_completion_is_refused_unless_one_is_enough(row: dict[str, Any]) -> None:
    problem = one_problem(row)
    assert "one completion only" in problem.problem
    assert "project that rates" in problem.fix
    item = one_item(row, replace(recognise([row]), min_completions=1))
    assert [completion.text for completion in item.completions] == ["a"]


def test_single_completions_of_one_prompt_in_a_row_become_an_item() -> None:
    rows = [{"prompt": "p", "completion": text, "label": text == "a"} for text in "ab"]
    (item,) = convert(rows)
    assert isinstance(item, ItemDraft)
    assert item.metadata["source_label"] == {"accepted": [True, False]}


def test_problem_of_a_group_names_its_rows() -> None:
    rows = [
        {"prompt": "p", "response": text, "helpfulness": mark, "coherence": 1}
        for text, mark in (("a", 1), ("b", "high"))
    ]
    mapping = recognise([rows[0]])
    (problem,) = problems_of(convert(rows, mapping))
    assert "rows 1 to 2" in problem.problem


def test_too_many_completions_are_refused() -> None:
    problem = one_problem({"prompt": "p", "responses": [str(n) for n in range(101)]})
    assert "the limit is 100" in problem.problem


def test_endless_group_is_refused_without_being_collected() -> None:
    rows = [{"prompt": "p", "completion": str(n), "label": True} for n in range(1000)]
    assert all("limit is 100" in p.problem for p in problems_of(convert(rows)[:-1]))


def test_identical_completions_are_taken_with_a_warning() -> None:
    item, warning = convert([{"prompt": "p", "answer1": "a", "answer2": "a"}])
    assert isinstance(item, ItemDraft)
    assert isinstance(warning, RowProblem)
    assert warning.is_warning


def test_empty_completion_is_taken_with_a_warning_where_allowed() -> None:
    row = {**PROMPT, "answer1": ""}
    mapping = replace(recognise([row]), allow_empty=True)
    item, warning = convert([row], mapping)
    assert isinstance(item, ItemDraft)
    assert isinstance(warning, RowProblem)
    assert warning.is_warning


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"chosen": "xa", "rejected": "yb"}, "share no beginning"),
        (
            {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "c"},
            "does not begin with “Human:”",
        ),
        (
            {
                "conversation_a": [{"role": "tool", "content": "x"}],
                "conversation_b": [],
                "winner": "tie",
            },
            "has the role 'tool'",
        ),
        (
            {
                "prompt": '["a"]',
                "response_a": '["b"]',
                "response_b": '["c", "d"]',
                "winner_model_a": 1,
                "winner_model_b": 0,
                "winner_tie": 0,
            },
            "1 turns, but there are 2 replies",
        ),
        (
            {
                "prompt": "p",
                "response_a": "b",
                "response_b": "c",
                "winner_model_a": 1,
                "winner_model_b": 1,
                "winner_tie": 0,
            },
            "exactly one outcome",
        ),
        (
            {"instruction": "p", "generations": ["a", "b"], "ratings": [1]},
            "1 ratings for 2 completions",
        ),
        (
            {"prompt": "p", "completions": ["a", "b"], "models": ["x", "y", "z"]},
            "3 models for 2 completions",
        ),
        (
            {
                "question": "p",
                "prediction 1": "a",
                "prediction 2": "b",
                "preference": [],
            },
            "0 preferences for 1 pairs",
        ),
    ],
)
def test_row_that_contradicts_itself_is_refused(
    row: dict[str, Any], expected: str
) -> None:
    assert expected in one_problem(row).problem


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"labels": [{"annotator": "x"}]}, "person or a machine"),
        ({"labels": [NOTE | {"status": "odd"}]}, "the status 'odd'"),
        ({"labels": [NOTE | {"order": [0, 0]}]}, "does not name each completion once"),
        ({"labels": [NOTE | {"order": [0, 2, 1]}]}, "order"),
        ({"labels": [NOTE | {"probability": 2}]}, "The probability is 2."),
        ({"labels": [NOTE | {"created_at": "noon"}]}, "'noon' is not understood"),
        ({"labels": [NOTE | {"answers": {"ranking": {"tiers": []}}}]}, "no place yet"),
        ({"labels": [NOTE | {"answers": {"who": 1}}]}, "no question called 'who'"),
        ({"labels": [NOTE], "questions": [{"type": "odd"}]}, "not valid"),
        ({"overlap": 0}, "0 is not from 1 to 1,000"),
        ({"priority": "high"}, "not a whole number"),
        ({"metadata": [1]}, "must be an object"),
        ({"completions": "a, b"}, "must be a list"),
    ],
)
def test_bad_native_row_is_refused(change: dict[str, Any], expected: str) -> None:
    problem = one_problem(NATIVE | change, recognise([NATIVE]))
    assert expected in problem.problem
    assert problem.fix.endswith(".")


# --- mappings ------------------------------------------------------------


def test_unknown_columns_ask_for_a_mapping() -> None:
    mapping = recognise([{"foo": "a", "bar": "b", "baz": "c"}])
    assert mapping.shape == "columns"
    assert [problem.path for problem in mapping_problems(mapping)] == [
        "fields.prompt",
        "fields.completions",
    ]


def test_person_can_map_unknown_columns() -> None:
    row = {"foo": "a", "bar": "b", "baz": "c"}
    mapping = recognise([row]).with_fields(prompt=("foo",), completions=("bar", "baz"))
    assert mapping_problems(mapping, list(row)) == []
    assert isinstance(to_items(1, row, mapping)[0], ItemDraft)


def test_mapped_column_that_is_not_there_is_named() -> None:
    mapping = ColumnMapping("columns", {"prompt": ("p",), "completions": ("gone",)})
    (problem,) = mapping_problems(mapping, ["p", "a"])
    assert "'gone'" in problem.message


def test_columns_to_choose_from_are_those_of_the_data() -> None:
    row = {"id": 1, "data": {"prompt": "p", "answer1": "a", "answer2": "b"}}
    mapping = recognise([row])
    assert columns_of([row], mapping) == ("prompt", "answer1", "answer2")
    assert mapping_problems(mapping, list(row)) == []


def test_labels_without_items_need_somebody_who_made_them() -> None:
    mapping = replace(recognise([{"idx": 1, "gpt_result": 1}]), labels_by="leave_out")
    assert [problem.path for problem in mapping_problems(mapping)] == ["labels_by"]


@pytest.mark.parametrize("shape", ["nonsense", "columns"])
def test_incomplete_mapping_is_refused_at_the_first_item(shape: str) -> None:
    with pytest.raises(InvalidMappingError):
        list(read_items([(1, PROMPT)], ColumnMapping(shape)))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {"shape": "columns", "labels_by": "nobody"},
        {"shape": "columns", "min_completions": 0},
        {"shape": "columns", "fields": {"prompt": 3}},
        {"shape": "columns", "fields": []},
        {"shape": "columns", "options": []},
    ],
)
def test_malformed_mapping_is_refused(raw: object) -> None:
    with pytest.raises(InvalidMappingError):
        ColumnMapping.from_json(raw)


def test_no_rows_are_recognised_as_nothing() -> None:
    assert recognise([]).fields == {}


def test_problem_of_a_reader_is_passed_on() -> None:
    problem = RowProblem(1, "", "Broken.", "Mend it.")
    rows: list[Read] = [problem, (2, {**PROMPT})]
    assert next(iter(read_items(rows, recognise([PROMPT])))) == problem
