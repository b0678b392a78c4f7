"""A form as a file: there and back, and every fault named."""

import json
from typing import Any

import pytest

from annotation.project_templates import TEMPLATES
from annotation.question_file import dump_form, load_form
from annotation.questions import InvalidQuestionsError
from tests.answers.forms import FORM


def faults(text: str) -> list[str]:
    with pytest.raises(InvalidQuestionsError) as caught:
        load_form(text)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_comes_back_from_its_file(name: str) -> None:
    questions = TEMPLATES[name].questions
    assert load_form(dump_form(questions, title="Ünïcode")) == [
        json.loads(json.dumps(question)) for question in questions
    ]


def test_a_form_with_every_type_and_rule_comes_back() -> None:
    assert load_form(dump_form(FORM)) == FORM
    assert load_form(json.dumps(FORM)) == FORM


LINE = {"name": "t", "type": "text", "title": "T"}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"kind": "recipe", "questions": [LINE]},
            "kind: The kind 'recipe' is no form.",
        ),
        ({"schema": 9, "questions": [LINE]}, "schema: The schema 9 is not known here"),
        ({"schema": True, "questions": [LINE]}, "schema: The schema True is not known"),
        ({"schema": 1}, 'questions: The file has no "questions".'),
        ("form", "questions: A form is a list of questions"),
        ([], "questions: Questions must be a list with at least one entry."),
        ([{**LINE, "type": "slider"}], "questions[0].type: Type must be one of"),
        ([{**LINE, "min_char": 3}], "questions[0].min_char: There is no property"),
        ([3], "questions[0].type: Type must be one of"),
        (
            [
                {
                    "name": "r",
                    "type": "rating",
                    "criteria": [{"name": "c", "anchor": {}}],
                }
            ],
            "questions[0].criteria[0].anchor: There is no property 'anchor'.",
        ),
    ],
)
def test_a_fault_of_a_file_is_named_at_its_place(found: Any, said: str) -> None:
    assert faults(json.dumps(found))[0].startswith(said)


def test_a_file_that_is_not_json_says_where() -> None:
    (fault,) = faults('{"questions": [}')
    assert fault.startswith("file: The file is not JSON (line 1, column 16")


def test_two_faults_are_told_together() -> None:
    told = faults(json.dumps([{**LINE, "max_chars": 1, "min_chars": 2, "x": 1}]))
    assert [line.split(":")[0] for line in told] == [
        "questions[0].max_chars",
        "questions[0].x",
    ]
