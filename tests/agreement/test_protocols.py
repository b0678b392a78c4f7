"""Whether two protocols say the same: signs, the table, and a known answer."""

import math
from itertools import product

import numpy as np
import pytest

from annotation.agreement.protocols import consistency, cross_table, signs_of
from annotation.questions import Criterion, Question

COMPARISON = Question("preference", "comparison", "Which?")
RANKING = Question("ranking", "ranking", "In order?")
RATING = Question(
    "marks",
    "rating",
    "How good?",
    low=1,
    high=7,
    criteria=(Criterion("overall", "Overall"), Criterion("clear", "Clear")),
)
# The sample that comes with Peering Through Preferences: rows rating, columns ranking.
SAMPLE = np.array([[19, 10, 8], [6, 26, 9], [11, 7, 21]], dtype=np.int64)


def test_the_released_sample_has_its_known_figures() -> None:
    found = consistency(SAMPLE)
    assert (found.n, found.n_consistent) == (117, 66)
    assert found.share.value == pytest.approx(0.564, abs=5e-4)
    assert (found.n_decisive, found.n_same_side) == (59, 40)
    assert found.decisive.value == pytest.approx(40 / 59)
    expected = (37 * 36 + 41 * 43 + 39 * 38) / 117**2
    assert found.chance == pytest.approx(expected)
    assert found.share.low < found.share.value < found.share.high


def test_swapping_the_names_of_the_two_sides_changes_nothing() -> None:
    swapped = SAMPLE[::-1, ::-1]
    assert consistency(swapped) == consistency(SAMPLE)


def test_unrelated_protocols_agree_as_often_as_chance_says() -> None:
    rng = np.random.default_rng(3)
    rows = rng.choice(3, size=40_000, p=[0.5, 0.2, 0.3])
    columns = rng.choice(3, size=40_000, p=[0.3, 0.1, 0.6])
    table = np.zeros((3, 3), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    found = consistency(table)
    assert found.share.value == pytest.approx(found.chance, abs=0.01)


def test_an_empty_table_says_nothing() -> None:
    found = consistency(np.zeros((3, 3), dtype=np.int64))
    assert found.n == found.n_decisive == 0
    assert math.isnan(found.chance)
    assert math.isnan(found.share.value)


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (9,)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="3 by 3"):
        consistency(np.zeros(shape, dtype=np.int64))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"value": 2}, {(0, 1): 1}),
        ({"value": -1}, {(0, 1): -1}),
        ({"value": 0}, {(0, 1): 0}),
        ({"value": 0, "both_bad": True}, {(0, 1): 0}),
        ({}, {}),
        (None, {}),
    ],
)
def test_what_a_comparison_says(answer: object, expected: object) -> None:
    assert signs_of(COMPARISON, answer, 2) == expected


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"overall": [5, 3]}, {(0, 1): 1}),
        ({"overall": [3, 3]}, {(0, 1): 0}),
        ({"overall": [3, "na"]}, {}),
        ({"overall": [2, 4], "clear": [4, 2]}, {(0, 1): 0}),
        ({"overall": [2, 4], "clear": [4, 3]}, {(0, 1): -1}),
    ],
)
def test_what_a_rating_says(marks: object, expected: object) -> None:
    assert signs_of(RATING, marks, 2) == expected


def test_a_ranking_says_something_of_each_pair() -> None:
    said = signs_of(RANKING, {"tiers": [[2], [0, 1]]}, 3)
    assert said == {(0, 1): 0, (0, 2): -1, (1, 2): -1}


def test_the_table_counts_the_pairs_that_both_compare() -> None:
    for one, other in product((1, 0, -1), repeat=2):
        table = cross_table([({(0, 1): one, (0, 2): 1}, {(0, 1): other})])
        assert table.sum() == 1
        assert table[1 - one, 1 - other] == 1
