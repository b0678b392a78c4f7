"""Shares over people whose answers hang together, and answers held against others."""

import math

import numpy as np
import pytest

from annotation.agreement import bootstrap_clusters, wilson_interval
from annotation.agreement.habits import rows_alike
from annotation.agreement.votes import against_others


def interval(hits: list[int], totals: list[int]) -> tuple[float, float, float]:
    rng = np.random.default_rng(1)
    found = bootstrap_clusters(np.array(hits), np.array(totals), rng)
    return found.value, found.low, found.high


def test_two_opposite_people_span_everything() -> None:
    # A draw of both has 1/2, of one of them twice 0 or 1, each with chance 1/4.
    assert interval([10, 0], [10, 10]) == (0.5, 0.0, 1.0)


def test_equal_people_leave_nothing_to_vary() -> None:
    assert interval([3] * 8, [4] * 8) == (0.75, 0.75, 0.75)


def test_people_weigh_by_their_answers() -> None:
    value, low, high = interval([30, 0], [30, 10])
    assert (value, low, high) == (0.75, 0.0, 1.0)


@pytest.mark.parametrize(("hits", "totals"), [([], []), ([0], [0]), ([3], [5])])
def test_fewer_than_two_people_have_no_interval(
    hits: list[int], totals: list[int]
) -> None:
    _, low, high = interval(hits, totals)
    assert math.isnan(low)
    assert math.isnan(high)


def test_it_is_the_linearised_interval_where_there_are_many_people() -> None:
    """The variance of a ratio: sum((h - p n)^2) / N^2 (Cochran 1977, section 2.11)."""
    rng = np.random.default_rng(7)
    totals = rng.integers(5, 40, size=300)
    hits = rng.binomial(totals, rng.beta(4, 4, size=300))
    found = bootstrap_clusters(hits, totals, rng, n_resamples=8000)
    share = hits.sum() / totals.sum()
    error = math.sqrt(((hits - share * totals) ** 2).sum()) / totals.sum()
    assert found.low == pytest.approx(share - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(share + 1.96 * error, abs=0.1 * error)
    # Taken as independent, the answers would promise too much.
    naive = wilson_interval(int(hits.sum()), int(totals.sum()))
    assert found.high - found.low > 1.5 * (naive.high - naive.low)


def test_the_other_side_has_the_mirrored_interval() -> None:
    totals = np.array([8, 12, 20, 5])
    hits = np.array([2, 9, 10, 5])
    one = bootstrap_clusters(hits, totals, np.random.default_rng(3))
    other = bootstrap_clusters(totals - hits, totals, np.random.default_rng(3))
    assert other.value == pytest.approx(1 - one.value)
    assert other.low == pytest.approx(1 - one.high)
    assert other.high == pytest.approx(1 - one.low)


@pytest.mark.parametrize(
    ("answers", "agreed"),
    [
        ("", []),
        ("A", [None]),
        ("AB", [False, False]),
        ("AA", [True, True]),
        # Without an A there are A and B, divided; without the B there are two of A.
        ("AAB", [None, None, False]),
        ("AAAB", [True, True, True, False]),
        ("AABB", [False, False, False, False]),
        ("ABC", [None, None, None]),
    ],
)
def test_an_answer_is_held_against_the_others_alone(
    answers: str, agreed: list[bool | None]
) -> None:
    assert against_others(answers) == agreed


@pytest.mark.parametrize(
    ("rows", "is_alike"),
    [
        ([], None),
        ([(4, 2)], None),
        ([(4, 2), (4, 2)], True),
        ([(4, 4), (4, 4), (4, 4)], True),
        ([(4, 2), (2, 4)], False),
    ],
)
def test_rows_of_a_grid_are_alike(
    rows: list[tuple[int, int]], is_alike: bool | None
) -> None:
    assert rows_alike(rows) is is_alike
