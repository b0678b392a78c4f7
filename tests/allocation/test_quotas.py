"""Quotas without a database: reading, cells, bounds, and what cannot be done."""

import random

import pytest

from annotation.allocation.quotas import (
    BETWEEN,
    ELSE,
    NO_ANSWER,
    InvalidQuotasError,
    Quota,
    cells_of,
    describe,
    doubts,
    keys_of,
    largest_remainder,
    parse_quotas,
)

VALUES = {
    "gender": ("Female", "Male", "Other"),
    "age": ("young", "old"),
    "country": ("DE", "KE", "PE"),
}
WOMEN = {"kind": "at_least", "questions": ["gender"], "amounts": {"Female": 40}}


def problems(*raw: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidQuotasError) as caught:
        parse_quotas(raw, VALUES)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_quota_is_read() -> None:
    (quota,) = parse_quotas([WOMEN], VALUES)
    assert quota == Quota("at_least", ("gender",), 0, {"Female": 40}, {})


@pytest.mark.parametrize(
    ("raw", "field", "said"),
    [
        ({"kind": "most"}, "kind", "must be one of"),
        ("text", "kind", "must be one of"),
        ({"kind": "per_item", "questions": ["country"]}, "n", "1 or more"),
        ({"kind": "per_item", "n": 1}, "questions", "Choose the questions"),
        ({"kind": "per_item", "questions": ["age", "x"], "n": 1}, "questions", "'x'"),
        ({"kind": "per_item", "questions": ["age"], "n": 1.5}, "n", "whole number"),
        (WOMEN | {"amounts": {}}, "amounts", "at least one cell"),
        (WOMEN | {"amounts": {"Female": "many"}}, "amounts", "needs a number"),
        (WOMEN | {"amounts": {"Women": 40}}, "amounts", "No answer to the survey"),
        (WOMEN | {"amounts": {"Female": 70, "Male": 40}}, "amounts", "110 %"),
        (WOMEN | {"amounts": {"Female": float("nan")}}, "amounts", "needs a number"),
        (WOMEN | {"groups": {"gender": {"x": "y"}}}, "groups", "no answer that"),
        ({"kind": "people", "questions": ["age"]}, "n", "how many people"),
        ({"kind": "category_each"}, "n", "1 or more"),
    ],
)
def test_fault_is_named_at_its_field(raw: object, field: str, said: str) -> None:
    path, message = problems(raw)[0]
    assert path == f"quotas[0].{field}"
    assert said in message


def test_cells_cross_questions_in_their_order() -> None:
    quota = Quota("per_item", ("age", "gender"), 1)
    assert keys_of(quota, {"gender": "Male", "age": "old"}) == (f"old{BETWEEN}Male",)
    assert keys_of(quota, {"age": "old"}) == (f"old{BETWEEN}{NO_ANSWER}",)


def test_grouped_values_count_as_their_group_and_others_as_anything_else() -> None:
    quota = Quota("per_item", ("country",), 1, {}, {"country": {"KE": "Africa"}})
    told = [{"country": "KE"}, {"country": "PE"}, {}]
    assert [keys_of(quota, one) for one in told] == [
        ("Africa",),
        (ELSE,),
        (NO_ANSWER,),
    ]


def test_minimum_leaves_the_others_the_rest() -> None:
    (quota,) = parse_quotas([WOMEN], VALUES)
    women, rest = cells_of(quota, 301)
    assert (women.n_least, women.n_limit) == (121, None)
    assert (rest.n_limit, rest.is_rest) == (180, True)
    assert keys_of(quota, {"gender": "Female"}) == ("Female",)
    assert keys_of(quota, {"gender": "Male"}) == (rest.key,)


def test_exact_shares_that_make_a_hundred_leave_nothing_for_others() -> None:
    quota = Quota("exact", ("age",), 0, {"young": 33.3, "old": 66.7})
    cells = cells_of(quota, 100)
    assert [(cell.key, cell.n_limit) for cell in cells] == [
        ("young", 33),
        ("old", 67),
        (ELSE, 0),
    ]
    assert keys_of(quota, {}) == (ELSE,)


def test_largest_remainder_gives_the_last_one_to_the_largest_rest() -> None:
    assert largest_remainder([33.3, 33.3, 33.4], 100) == [33, 33, 34]
    assert largest_remainder([50, 50], 7) == [4, 3]
    assert largest_remainder([10, 20], 10) == [1, 2]


def test_largest_remainder_stays_within_one_and_adds_up() -> None:
    chance = random.Random(5)
    for _ in range(300):
        weights = [chance.randint(1, 50) for _ in range(chance.randint(1, 9))]
        n = chance.randint(0, 400)
        percents = [100 * weight / sum(weights) for weight in weights]
        parts = largest_remainder(percents, n)
        assert sum(parts) == n
        for part, percent in zip(parts, percents, strict=True):
            assert abs(part - percent * n / 100) < 1


def test_too_few_groups_for_the_overlap_are_said_in_words() -> None:
    per_country = Quota("per_item", ("country",), 1)
    listed = Quota("exact", ("country",), 0, {"DE": 50, "KE": 50})
    assert doubts([per_country], VALUES, 4) == []
    (said,) = doubts([per_country, listed], VALUES, 3)
    assert "no item can be finished" in said


def test_each_kind_is_a_sentence() -> None:
    for raw in (WOMEN, {"kind": "category_each", "n": 2}):
        (quota,) = parse_quotas([raw], VALUES)
        assert describe(quota).endswith(".")
