"""Coefficients against cases by hand, another library, and invariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from annotation.agreement import (
    bootstrap_items,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    majority,
    percent_agreement,
    wilson_interval,
)
from annotation.agreement.coefficients import Floats

NAN = float("nan")
# Krippendorff (2011), section D: four observers, twelve units, missing data.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_of_the_published_example(level: str, value: float) -> None:
    found = krippendorff_alpha(KRIPPENDORFF, level)  # type: ignore[arg-type]
    assert found.value == pytest.approx(value, abs=5e-4)
    assert found.n_items == 11


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_equals_another_library(level: str) -> None:
    evalica = pytest.importorskip("evalica")
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(5)
    ratings = rng.integers(1, 6, size=(6, 80)).astype(float)
    ratings[rng.random(ratings.shape) < 0.3] = NAN
    theirs = evalica.alpha(pandas.DataFrame(ratings), distance=level)
    ours = krippendorff_alpha(ratings, level)  # type: ignore[arg-type]
    assert ours.value == pytest.approx(theirs.alpha, abs=1e-9)


def test_cohen_kappa_by_hand() -> None:
    # Of 50 items both say yes to 20 and no to 15: 0.7 seen, 0.5 by chance.
    first = np.array([1.0] * 25 + [0.0] * 25)
    second = np.array([1.0] * 20 + [0.0] * 5 + [1.0] * 10 + [0.0] * 15)
    assert cohen_kappa(first, second).value == pytest.approx(0.4)


def test_fleiss_kappa_of_the_published_example() -> None:
    counts = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    columns = [np.repeat(np.arange(5.0), row) for row in counts]
    found = fleiss_kappa(np.array(columns).T)
    assert found.value == pytest.approx(0.210, abs=5e-4)


def test_percent_agreement_counts_every_pair() -> None:
    ratings = np.array([[1, 1, NAN], [1, 2, 1], [2, NAN, NAN]])
    found = percent_agreement(ratings)
    assert (found.value, found.n_items, found.n_pairs) == (0.25, 2, 4)


def test_nothing_to_compare_is_not_a_number() -> None:
    alone = np.array([[1.0, NAN], [NAN, 2.0]])
    for coefficient in (percent_agreement, fleiss_kappa, krippendorff_alpha):
        assert np.isnan(coefficient(alone).value)


def test_everybody_always_the_same_is_not_a_number() -> None:
    same = np.ones((3, 5))
    assert percent_agreement(same).value == 1
    assert np.isnan(krippendorff_alpha(same).value)
    assert np.isnan(fleiss_kappa(same).value)


def test_independent_raters_agree_by_chance() -> None:
    ratings = np.random.default_rng(1).integers(0, 3, size=(3, 4000)).astype(float)
    assert krippendorff_alpha(ratings).value == pytest.approx(0, abs=0.03)
    assert fleiss_kappa(ratings).value == pytest.approx(0, abs=0.03)


@given(
    npst.arrays(np.float64, (3, 8), elements=st.sampled_from([0.0, 1.0, 2.0, NAN])),
    st.permutations(range(8)),
    st.permutations(range(3)),
)
def test_names_and_order_do_not_matter(
    ratings: Floats, items: list[int], raters: list[int]
) -> None:
    moved = ratings[raters][:, items]
    renamed = np.where(np.isnan(moved), NAN, 7 - 2 * moved)
    for other in (moved, renamed):
        for coefficient in (percent_agreement, fleiss_kappa, krippendorff_alpha):
            assert coefficient(other).value == pytest.approx(
                coefficient(ratings).value, nan_ok=True
            )


def test_wilson_interval_of_a_known_case() -> None:
    found = wilson_interval(9, 10)
    assert (found.low, found.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)


@given(st.integers(1, 500), st.data())
def test_wilson_interval_contains_the_share(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    found = wilson_interval(hits, n)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_more_hits_than_tries_are_refused() -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson_interval(3, 2)


def test_bootstrap_interval_holds_the_estimate_and_repeats() -> None:
    def once() -> tuple[float, float, float]:
        rng = np.random.default_rng(3)
        found = bootstrap_items(KRIPPENDORFF, krippendorff_alpha, rng, 300)
        return found.low, found.value, found.high

    low, value, high = once()
    assert low < value < high
    assert once() == (low, value, high)


def test_majority_is_nobody_where_the_first_place_is_shared() -> None:
    assert majority(["a", "b", "a"]).choice == "a"
    assert majority(["a", "b"]).choice is None
    assert majority(["a", "a"]).is_unanimous
    assert majority([]).n_total == 0
