"""The long form of an answer: a row for each choice and text."""

from annotation.formats.exports.tables import _cells
from annotation.questions import Question


def test_a_choice_for_each_completion_is_a_row_each() -> None:
    question = Question("fluent", "choice", "?", per_completion=True)
    assert list(_cells(question, ["Yes", None, "No"])) == [
        ("", 0, None, "Yes"),
        ("", 2, None, "No"),
    ]


def test_a_choice_and_a_text_for_the_item_are_one_row() -> None:
    for question in (Question("q", "choice", "?"), Question("q", "text", "?")):
        assert list(_cells(question, "Yes")) == [("", None, None, "Yes")]
