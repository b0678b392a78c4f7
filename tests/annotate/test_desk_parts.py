"""What the desk draws: scales, keys, words and the shape of grids."""

from typing import Any
from uuid import uuid4

import pytest

from annotation.answers import letter
from annotation.questions import parse_questions
from annotation.selectors.desk import Desk, DeskCompletion, DeskProgress
from annotation.views.desk_parts import Parts, parts, payload

COMPARISON = {"name": "c", "type": "comparison", "title": "Which?"}
RATING = {
    "name": "r",
    "type": "rating",
    "title": "How good?",
    "criteria": [{"name": "clear", "title": "Clear"}],
}


def desk(questions: list[dict[str, Any]], n: int = 2) -> Desk:
    """Return a desk with `n` completions."""
    return Desk(
        id=uuid4(),
        state="open",
        lease_until=None,
        lease_s=60,
        language="",
        messages=(),
        completions=tuple(
            DeskCompletion(place, letter(place), "text", "<p>text</p>")
            for place in range(n)
        ),
        questions=parse_questions(questions),
        questions_number=1,
        guidelines_number=None,
        draft=None,
        progress=DeskProgress(0, 1),
    )


def laid(questions: list[dict[str, Any]], n: int = 2) -> Parts:
    """Return the parts of such a desk."""
    return parts(desk(questions, n))


@pytest.mark.parametrize(
    ("strength", "allow_tie", "values", "keys"),
    [
        (1, False, ["1", "-1"], ["1", "2"]),
        (1, True, ["1", "0", "-1"], ["1", "= 0", "2"]),
        (2, True, ["2", "1", "0", "-1", "-2"], ["1", "2", "= 0", "3", "4"]),
    ],
)
def test_scale_runs_from_a_to_b(
    strength: int, allow_tie: bool, values: list[str], keys: list[str]
) -> None:
    question = {**COMPARISON, "strength": strength, "allow_tie": allow_tie}
    scale = laid([question]).comparisons[0].scale
    assert [choice.value for choice in scale] == values
    assert [choice.keys for choice in scale] == keys


def test_both_sides_of_a_scale_say_the_same() -> None:
    scale = laid([COMPARISON]).comparisons[0].scale
    left, right = scale[:3], scale[:3:-1]
    assert [one.words.replace("A", "B", 1) for one in left] == [
        one.words for one in right
    ]
    assert [one.pips for one in left] == [one.pips for one in right]


def test_one_comparison_gets_the_large_scale() -> None:
    assert laid([COMPARISON]).scale is not None
    both = laid([COMPARISON, RATING])
    assert both.scale is None
    assert both.has_grid


def test_comparison_of_three_completions_is_not_drawn() -> None:
    assert laid([COMPARISON], n=3).comparisons == ()


@pytest.mark.parametrize(
    ("low", "high", "n", "is_slider", "is_long"),
    [
        (0, 4, 2, False, False),
        (0, 4, 3, False, False),
        (1, 6, 4, False, True),
        (0, 10, 2, False, False),
        (0, 100, 2, True, False),
        (0, 100, 3, True, True),
    ],
)
def test_grid_changes_shape_with_scale_and_completions(
    low: int, high: int, n: int, is_slider: bool, is_long: bool
) -> None:
    rating = laid([{**RATING, "low": low, "high": high}], n).ratings[0]
    assert (rating.is_slider, rating.is_long) == (is_slider, is_long)


@pytest.mark.parametrize(
    ("questions", "n", "title"),
    [
        ([COMPARISON], 2, "Compare two answers"),
        ([RATING], 1, "Rate one answer"),
        ([COMPARISON, RATING], 2, "Judge two answers"),
        ([RATING], 13, "Rate 13 answers"),
    ],
)
def test_title_names_what_is_to_do(
    questions: list[dict[str, Any]], n: int, title: str
) -> None:
    assert laid(questions, n).title == title


@pytest.mark.parametrize(
    ("n", "columns"), [(1, "one"), (2, "two"), (3, "three"), (4, "two"), (7, "many")]
)
def test_texts_lie_evenly(n: int, columns: str) -> None:
    assert laid([RATING], n).columns == columns


def test_payload_holds_no_texts() -> None:
    assert "text" not in str(payload(desk([COMPARISON])))
