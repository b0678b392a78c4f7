"""How much the answers to one item disagree: by hand, and what may not change it."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from annotation.agreement.coefficients import krippendorff_alpha
from annotation.agreement.disagreement import Disagreement, disagreement
from annotation.questions import Criterion, Question

COMPARISON = Question("preference", "comparison", "Better?", strength=3)
RANKING = Question("order", "ranking", "Order", n_places=2)
RATING = Question(
    "marks",
    "rating",
    "Marks",
    low=0,
    high=4,
    criteria=(Criterion("clear", "Clear"), Criterion("true", "True")),
)
CHOICE = Question("kind", "choice", "Kind", options=("x", "y", "z"))


def grades(*values: int) -> list[dict[str, Any]]:
    return [{"value": value} for value in values]


def order(*tiers: list[int], **more: list[int]) -> dict[str, Any]:
    return {"tiers": list(tiers), "unacceptable": [], **more}


def measured(question: Question, *values: Any, n: int = 2) -> Disagreement:
    found = disagreement(question, values, n)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "value", "kind"),
    [
        (grades(2, 2), 0.0, "taste"),
        (grades(3, 1), 2 / 12, "taste"),
        (grades(3, 0), 3 / 12, "taste"),
        (grades(1, -1), 0.5 + 2 / 12, "side"),
        (grades(3, -3), 1.0, "side"),
        # Pairs (3, 3): 0, and twice (3, -3): 1.
        (grades(3, 3, -3), 2 / 3, "side"),
        ([{"value": 3}, {"value": 0, "both_bad": True}], 0.25, "taste"),
        ([{"value": 0, "both_bad": True}] * 2, 0.0, "taste"),
    ],
)
def test_comparison_by_hand(values: list[Any], value: float, kind: str) -> None:
    found = measured(COMPARISON, *values)
    assert found.value == pytest.approx(value)
    assert (found.kind, found.n_answers) == (kind, len(values))


def test_any_side_flip_lies_above_any_difference_of_taste() -> None:
    flips = [measured(COMPARISON, *grades(a, -b)).value for a in (1, 3) for b in (1, 3)]
    tastes = [measured(COMPARISON, *grades(a, b)).value for a in (0, 3) for b in (0, 3)]
    assert min(flips) > max(tastes)


@pytest.mark.parametrize(
    ("one", "other", "value", "kind"),
    [
        (order([0], [1], [2]), order([0], [1], [2]), 0.0, "taste"),
        (order([0], [1], [2]), order([2], [1], [0]), 1.0, "side"),
        # Of three pairs one is turned round, or tied by one of the two.
        (order([0], [1], [2]), order([0], [2], [1]), 1 / 3, "side"),
        (order([0], [1], [2]), order([0], [1, 2]), 0.5 / 3, "taste"),
        # Not judged by one: only the pair (0, 1) is compared.
        (order([0], [1], [2]), order([1], [0], not_judged=[2]), 1.0, "side"),
        # Both below: the pair (1, 2) was not compared.
        (order([0], [1], [2]), order([0], below=[1, 2]), 0.0, "taste"),
        (order([0, 1, 2]), order([0], [1], unacceptable=[2]), 0.5, "taste"),
    ],
)
def test_ranking_by_hand(one: Any, other: Any, value: float, kind: str) -> None:
    found = measured(RANKING, one, other, n=3)
    assert found.value == pytest.approx(value)
    assert found.kind == kind


def test_rating_by_hand() -> None:
    one = {"clear": [4, 0], "true": [2, "na"]}
    other = {"clear": [0, 0], "true": [2, 1]}
    # Of three marks compared one differs by the whole scale.
    assert measured(RATING, one, other).value == pytest.approx(1 / 3)
    assert measured(RATING, one, other).kind == "taste"
    turned = {"clear": [0, 4], "true": [2, 2]}
    assert measured(RATING, one, turned).kind == "side"


def test_single_rating_is_opposed_across_the_middle_of_its_scale() -> None:
    assert measured(RATING, {"clear": [3]}, {"clear": [1]}, n=1).kind == "side"
    assert measured(RATING, {"clear": [3]}, {"clear": [4]}, n=1).kind == "taste"
    assert measured(RATING, {"clear": [2]}, {"clear": [4]}, n=1).kind == "taste"


def test_choice_counts_what_differs() -> None:
    assert measured(CHOICE, "x", "y").value == 1.0
    assert measured(CHOICE, "x", "x", "y").value == pytest.approx(2 / 3)
    assert measured(CHOICE, ["x", "y"], ["x", "z"]).value == 0.5
    assert measured(CHOICE, ["x", None], ["x", "z"]).value == 0.0


def test_ratings_of_many_items_give_the_observed_part_of_alpha() -> None:
    """Alpha = 1 - D_o / D_e, and D_o is the mean of ours over items of equal size."""
    rng = np.random.default_rng(11)
    table = rng.integers(0, 5, size=(3, 40)).astype(float)
    one = Question("m", "rating", "M", low=0, high=4, criteria=(Criterion("c", "C"),))
    ours = [
        measured(one, *({"c": [int(mark)]} for mark in table[:, item]), n=1).value
        for item in range(table.shape[1])
    ]
    marks = table.ravel()
    n = marks.size
    expected = ((marks[:, None] - marks[None, :]) ** 2).sum() / (n * (n - 1)) / 16
    alpha = krippendorff_alpha(table, "interval").value
    assert 1 - np.mean(ours) / expected == pytest.approx(alpha)


def test_swapping_the_completions_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        values = [int(v) for v in rng.integers(-3, 4, size=4)]
        swapped = [-v for v in values]
        assert measured(COMPARISON, *grades(*values)) == measured(
            COMPARISON, *grades(*swapped)
        )


def test_order_of_answers_changes_nothing() -> None:
    values = [order([0], [1], [2]), order([2], [0, 1]), order([1], [2], [0])]
    found = {
        round(measured(RANKING, *shuffled, n=3).value, 12)
        for shuffled in permutations(values)
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (COMPARISON, grades(1)),
        (COMPARISON, [{"value": "x"}, {"value": 1}]),
        (COMPARISON, [None, None]),
        (RANKING, [order([0], not_judged=[1]), order([1], not_judged=[0])]),
        (RATING, [{"clear": ["na", "na"]}, {"clear": [1, 2]}]),
        (CHOICE, ["x", ["x"]]),
        (Question("why", "rationale", "Why?"), ["a", "b"]),
    ],
)
def test_what_cannot_be_compared_has_no_disagreement(
    question: Question, values: list[Any]
) -> None:
    assert disagreement(question, values, 2) is None
