"""Probabilities are put right on labels, and scored only on labels not seen."""

from dataclasses import replace

import numpy as np
import pytest

from annotation.agreement.coefficients import Floats
from models_service.calibration import (
    HIGHEST,
    Isotonic,
    calibrate,
    cross_fitted,
    default_method,
    fit,
    fit_isotonic,
    fit_temperature,
    fit_tie_band,
    pooled,
)
from models_service.reliability import (
    brier,
    ece,
    edges_of,
    nll,
    reliability,
    sigmoid,
)


def overconfident(n: int, temperature: float, seed: int = 3) -> tuple[Floats, Floats]:
    """Return logits of a judge that is too sure by a temperature, and labels."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1.5, n)
    labels = (rng.random(n) < sigmoid(true)).astype(float)
    return true * temperature, labels


# --- known answers ---


@pytest.mark.parametrize("n_bins", [5, 10, 20])
def test_a_constant_that_is_right_has_no_error(n_bins: int) -> None:
    labels = np.array([1.0] * 70 + [0.0] * 30)
    assert ece(np.full(100, 0.7), labels, n_bins) == pytest.approx(0, abs=1e-12)
    assert brier(np.full(100, 0.7), labels) == pytest.approx(0.21)


@pytest.mark.parametrize("kind", ["uniform", "quantile"])
def test_certainty_about_a_coin_is_off_by_half(kind: str) -> None:
    labels = np.tile([0.0, 1.0], 50)
    assert ece(np.ones(100), labels, 10, kind) == pytest.approx(0.5)  # type: ignore[arg-type] # parametrised
    assert brier(np.ones(100), labels) == pytest.approx(0.5)


def test_chosen_always_first_does_not_hide_the_calibration() -> None:
    logits, labels = overconfident(20_000, 1.0)
    p = sigmoid(logits)
    chosen_first = np.where(labels == 1, p, 1 - p)
    always = np.ones_like(labels)
    # A plain error would be 1 - mean confidence.
    assert 1 - chosen_first.mean() > 0.2
    assert ece(chosen_first, always) == pytest.approx(ece(p, labels), abs=1e-12)
    assert ece(chosen_first, always) < 0.01


def test_swapping_the_completions_leaves_every_figure() -> None:
    logits, labels = overconfident(400, 2.0)
    groups = list(range(400))
    one = calibrate(logits, labels, groups, np.random.default_rng(1))
    other = calibrate(-logits, 1 - labels, groups, np.random.default_rng(1))
    assert one.calibrator == other.calibrator
    for name in ("ece_by_bins", "brier_before", "brier_after", "nll_after"):
        first, second = getattr(one, name), getattr(other, name)
        assert _numbers(first) == pytest.approx(_numbers(second), abs=1e-12), name
    for name in ("ece_before", "ece_after"):
        first, second = getattr(one, name), getattr(other, name)
        assert (first.low, first.high) == pytest.approx((second.low, second.high))
    shares = [[bar.share.value for bar in report.bars_after] for report in (one, other)]
    assert shares[0] == pytest.approx(shares[1])


def _numbers(value: object) -> Floats:
    rows = value if isinstance(value, tuple) else ((value,),)
    return np.array([row[-1] for row in rows], dtype=float)


def test_reliability_bars_by_hand() -> None:
    p, labels = np.array([0.9, 0.9, 0.65]), np.array([1.0, 0.0, 1.0])
    bars = reliability(p, labels, np.random.default_rng(2), n_bins=5)
    # 0.9 lies in the last bin and, turned round, 0.1 in the first.
    assert [(bar.low, bar.high, bar.n) for bar in bars] == [
        (0.0, 0.2, 1.0),
        (0.2, 0.4, 0.5),
        (0.6, 0.8, 0.5),
        (0.8, 1.0, 1.0),
    ]
    assert [bar.share.value for bar in bars] == [0.5, 0.0, 1.0, 0.5]
    assert [bar.mean_p for bar in bars] == pytest.approx([0.1, 0.35, 0.65, 0.9])
    assert (bars[0].share.low, bars[0].share.high) == (0.0, 1.0)
    assert ece(p, labels, 5) == pytest.approx((2 * 0.4 + 2 * 0.35 / 2) / 3)


def test_bars_of_a_calibrated_judge_cover_the_diagonal() -> None:
    logits, labels = overconfident(3000, 1.0)
    bars = reliability(sigmoid(logits), labels, np.random.default_rng(2))
    covered = [bar.share.low <= bar.mean_p <= bar.share.high for bar in bars]
    assert sum(covered) >= 9 and len(bars) == 10


def test_quantile_bins_hold_about_the_same_number() -> None:
    p = sigmoid(overconfident(1000, 3.0)[0])
    edges = edges_of(p, 10, "quantile")
    both = np.concatenate([p, 1 - p])
    assert np.histogram(both, edges)[0] == pytest.approx(np.full(10, 200), abs=2)


# --- temperature ---


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 4.0])
def test_temperature_is_recovered(temperature: float) -> None:
    logits, labels = overconfident(20_000, temperature)
    found = fit_temperature(logits, labels)
    assert found.value == pytest.approx(temperature, rel=0.05)


def test_no_other_temperature_has_a_smaller_loss() -> None:
    logits, labels = overconfident(300, 3.0)
    best = fit_temperature(logits, labels, prior_items=0)
    losses = [
        nll(replace(best, value=best.value * factor).probabilities(logits), labels)
        for factor in (0.9, 0.99, 1.0, 1.01, 1.1)
    ]
    assert losses.index(min(losses)) == 2


def test_few_labels_hardly_move_the_temperature() -> None:
    logits, labels = np.array([2.0, -2.0]), np.array([1.0, 0.0])
    assert fit_temperature(logits, labels).value == pytest.approx(1, abs=0.25)
    assert fit_temperature(logits, labels, prior_items=0).value < 0.1
    assert fit_temperature(np.zeros(5), np.ones(5)).value == 1
    assert fit_temperature(np.zeros(0), np.zeros(0)).value == 1


def test_a_judge_that_is_wrong_throughout_becomes_a_coin() -> None:
    logits, labels = overconfident(500, 1.0)
    found = fit_temperature(-logits, labels)
    assert found.value == HIGHEST
    assert np.abs(found.probabilities(logits) - 0.5).max() < 0.05


def test_vote_shares_are_labels_and_other_labels_are_errors() -> None:
    logits = np.array([1.0, -1.0] * 200)
    labels = np.array([0.6, 0.4] * 200)
    found = fit_temperature(logits, labels, prior_items=0)
    assert found.probabilities(logits)[0] == pytest.approx(0.6)
    for bad in (np.full(400, 2.0), np.full(400, np.nan), np.ones(3)):
        with pytest.raises(ValueError, match="labels"):
            fit_temperature(logits, bad)


# --- isotonic ---


def test_neighbours_out_of_order_are_pooled() -> None:
    means, weights = np.array([0.1, 0.5, 0.2, 0.8]), np.array([1.0, 1.0, 2.0, 1.0])
    assert pooled(means, weights) == pytest.approx([0.1, 0.3, 0.3, 0.8])
    falling = pooled(np.array([3.0, 2.0, 1.0]), np.ones(3))
    assert falling == pytest.approx([2.0, 2.0, 2.0])


def test_pooling_is_the_best_of_all_rising_maps() -> None:
    rng = np.random.default_rng(8)
    means, weights = rng.random(5), rng.integers(1, 4, 5).astype(float)
    found = pooled(means, weights)
    steps = np.linspace(0, 1, 21)
    least = min(
        float(weights @ (np.array(rising) - means) ** 2)
        for rising in _rising(steps.tolist(), 5)
    )
    assert np.all(np.diff(found) >= 0)
    assert float(weights @ (found - means) ** 2) <= least


def _rising(steps: list[float], n: int) -> list[list[float]]:
    rows: list[list[float]] = [[]]
    for _ in range(n):
        rows = [
            [*row, step] for row in rows for step in steps if not row or step >= row[-1]
        ]
    return rows


def test_isotonic_map_rises_and_does_not_depend_on_the_orientation() -> None:
    logits, labels = overconfident(2000, 3.0)
    found = fit_isotonic(logits, labels)
    grid = np.linspace(-12, 12, 101)
    p = found.probabilities(grid)
    assert np.all(np.diff(p) >= 0)
    assert p == pytest.approx(1 - found.probabilities(-grid), abs=1e-9)
    assert found.probabilities(np.zeros(1))[0] == pytest.approx(0.5)
    assert np.abs(p - sigmoid(grid / 3))[20:81].mean() < 0.05


def test_isotonic_map_of_nothing_knows_nothing() -> None:
    assert Isotonic((), (), 0).probabilities(np.array([3.0]))[0] == 0.5


# --- cross-fitting ---


def test_no_item_is_scored_by_a_fit_that_saw_its_prompt() -> None:
    rng = np.random.default_rng(4)
    # Noise, six items to a prompt that share one logit and one label.
    logits = np.repeat(rng.normal(0, 1, 40), 6)
    labels = np.repeat(rng.integers(2, size=40).astype(float), 6)
    prompts = np.repeat(np.arange(40), 6).tolist()
    seen = fit("isotonic", logits, labels).probabilities(logits)
    out = cross_fitted(logits, labels, prompts, rng, "isotonic")
    leaking = cross_fitted(logits, labels, range(240), rng, "isotonic")
    assert brier(seen, labels) < 0.24 < 0.25 < brier(out, labels)
    assert brier(leaking, labels) < brier(out, labels) - 0.01


def test_one_prompt_cannot_be_cross_fitted() -> None:
    logits, labels = overconfident(10, 1.0)
    assert np.isnan(
        cross_fitted(logits, labels, ["p"] * 10, np.random.default_rng(0))
    ).all()
    found = calibrate(logits, labels, ["p"] * 10, np.random.default_rng(0))
    assert found.is_provisional and np.isnan(found.ece_after.value)
    assert found.bars_after == ()


def test_calibration_of_an_overconfident_judge_mends_it() -> None:
    logits, labels = overconfident(1500, 5.0)
    rng = np.random.default_rng(9)
    found = calibrate(logits, labels, range(1500), rng, "temperature")
    assert found.ece_before.low > found.ece_after.high
    assert found.brier_after < found.brier_before
    assert found.nll_after < found.nll_before
    assert not found.is_provisional and found.n_items == 1500
    assert [row[:2] for row in found.ece_by_bins] == [
        ("uniform", 5),
        ("uniform", 10),
        ("uniform", 20),
        ("quantile", 10),
    ]
    assert found.ece_by_bins[1][2] == found.ece_after.value


def test_calibrating_nothing_is_told_and_no_error() -> None:
    nothing = np.zeros(0)
    found = calibrate(nothing, nothing, [], np.random.default_rng(0))
    assert found.n_items == 0 and np.isnan(found.brier_before)
    assert found.calibrator.probabilities(np.array([0.0]))[0] == 0.5


def test_method_follows_the_number_of_labels() -> None:
    assert default_method(999) == "temperature"
    assert default_method(1000) == "isotonic"


def test_tie_band_is_where_people_tie() -> None:
    p = np.array([0.9, 0.1, 0.55, 0.47, 0.6, 0.4])
    choices = np.array([1.0, -1.0, 0.0, 0.0, 1.0, -1.0])
    found = fit_tie_band(p, choices)
    assert found.width == pytest.approx(0.05)
    assert found.agreement == 1
    assert found.agreement_without == pytest.approx(4 / 6)
    assert fit_tie_band(p, np.sign(p - 0.5)).width == 0
