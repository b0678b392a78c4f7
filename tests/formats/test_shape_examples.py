"""Each file that the import page offers is recognised and read whole."""

from dataclasses import replace

import pytest

from annotation.answers import parse_questions, validate
from annotation.formats.examples import EXAMPLES, FOLDER, Example
from annotation.formats.mapping import ColumnMapping, LabelsBy
from annotation.formats.readers import open_rows
from annotation.formats.shapes import (
    LABELS_ALONE,
    SHAPES,
    columns_of,
    label_questions,
    mapping_problems,
    read_items,
    recognise,
)
from tests.formats.files import Read, items_of, problems_of, rows_of

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: str(e.file))


def reads_of(example: Example) -> list[Read]:
    with open_rows(example.path, example.file) as reader:
        return list(reader)


@each_example
def test_example_is_recognised_without_configuration(example: Example) -> None:
    mapping = recognise(rows_of(reads_of(example)))
    assert mapping.shape == example.name
    available = columns_of(rows_of(reads_of(example)), mapping)
    assert mapping_problems(mapping, available) == []


@each_example
def test_example_is_read_without_a_problem(example: Example) -> None:
    reads = reads_of(example)
    drafts = list(read_items(reads, recognise(rows_of(reads))))
    assert problems_of(drafts) == []
    assert len(drafts) >= 3


@each_example
@pytest.mark.parametrize("labels_by", ["human", "machine"])
def test_labels_of_an_example_answer_its_questions(
    example: Example, labels_by: LabelsBy
) -> None:
    reads = reads_of(example)
    mapping = replace(recognise(rows_of(reads)), labels_by=labels_by)
    raw = label_questions(mapping)
    shared = parse_questions(raw) if raw else ()
    for item in items_of(read_items(reads, mapping)):
        for label in item.labels:
            own = label.questions
            questions = shared if own is None else parse_questions(own)
            assert validate(questions, label.answers, len(item.completions)) == []


@each_example
def test_labels_are_by_whom_the_mapping_says(example: Example) -> None:
    reads = reads_of(example)
    mapping = replace(recognise(rows_of(reads)), labels_by="machine")
    items = items_of(read_items(reads, mapping))
    made_by = {label.is_machine for item in items for label in item.labels}
    # A native row says of each label itself who made it.
    assert made_by <= {True} or example.name == "native"


@each_example
def test_mapping_survives_json(example: Example) -> None:
    mapping = recognise(rows_of(reads_of(example)))
    assert ColumnMapping.from_json(mapping.to_json()) == mapping


@each_example
def test_no_label_comes_in_when_labels_are_left_out(example: Example) -> None:
    reads = reads_of(example)
    mapping = replace(recognise(rows_of(reads)), labels_by="leave_out")
    assert label_questions(mapping) == []
    if mapping.shape not in LABELS_ALONE:
        items = items_of(read_items(reads, mapping))
        assert items and not any(item.labels for item in items)


def test_every_file_in_the_folder_is_offered() -> None:
    on_disk = {
        path.name
        for path in FOLDER.iterdir()
        if path.suffix in {".jsonl", ".json", ".csv"}
    }
    assert on_disk == {example.file for example in EXAMPLES}


def test_every_shape_has_an_example() -> None:
    # The pairs of QA-Feedback are the same file read in another way.
    assert {example.name for example in EXAMPLES} == set(SHAPES) - {"qa_feedback_pairs"}
