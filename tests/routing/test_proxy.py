"""The proxy: mixes fitted at once are what the head's own solver finds."""

import numpy as np
import pytest

from models_service.heads.solver import fit_heads, rotate
from routing.pairs import Floats
from routing.proxy import (
    RIDGES,
    choose_ridge,
    cross_margins,
    fit_mixes,
    folds_of,
    score_margins,
)


def draw(n: int, n_dims: int, seed: int) -> tuple[Floats, Floats]:
    """Draw features and labels that follow them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_dims))
    p = 1 / (1 + np.exp(-x @ rng.normal(size=n_dims)))
    return x, (rng.random(n) < p).astype(np.float64)


def test_mixes_equal_the_solver_of_the_heads() -> None:
    x, people = draw(200, 12, 1)
    mixes = np.column_stack([people, 1 - people, np.full(200, 0.5)])
    found = fit_mixes(x, mixes, 5.0)
    for column in range(3):
        rotated = rotate(x)
        theta = fit_heads(rotated, mixes[:, column], np.ones((200, 1)), np.array([5.0]))
        assert found[:, column] == pytest.approx(
            (rotated.basis @ theta)[:, 0], abs=2e-3
        )


def test_gradient_is_zero_at_the_fit() -> None:
    x, people = draw(80, 5, 2)

    def loss(theta: Floats) -> float:
        margin = x @ theta
        terms = np.logaddexp(0, margin) - people * margin
        return float(terms.sum() + 2.0 * (theta @ theta) / 2)

    theta = fit_mixes(x, people[:, None], 2.0)[:, 0]
    step = 1e-4
    for number in range(5):
        moved = np.zeros(5)
        moved[number] = step
        slope = (loss(theta + moved) - loss(theta - moved)) / (2 * step)
        assert abs(slope) < 0.05


def test_exchanged_completions_change_nothing() -> None:
    x, people = draw(100, 6, 3)
    turn = np.where(np.arange(100) % 2, -1.0, 1.0)
    turned = np.where(turn > 0, people, 1 - people)
    same = fit_mixes(x, people[:, None], 3.0)
    assert fit_mixes(x * turn[:, None], turned[:, None], 3.0) == pytest.approx(
        same, abs=1e-3
    )


def test_margin_of_a_pair_does_not_know_its_own_prompt() -> None:
    x, people = draw(60, 4, 4)
    group = np.arange(60) // 2
    folds = folds_of(group, 5, np.random.default_rng(0))
    before = cross_margins(x, people, folds, 1.0)
    flipped = people.copy()
    flipped[:2] = 1 - flipped[:2]
    after = cross_margins(x, flipped, folds, 1.0)
    assert after[:2] == pytest.approx(before[:2], abs=1e-9)
    assert not np.allclose(after, before)


def test_labels_by_lot_take_the_strongest_ridge() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(200, 30))
    by_lot = (rng.random(200) < 0.5).astype(np.float64)
    folds = folds_of(np.arange(200), 5, rng)
    assert choose_ridge(x, by_lot, folds) == RIDGES.max()


def test_labels_that_follow_features_take_a_weaker_one() -> None:
    x, people = draw(400, 5, 6)
    folds = folds_of(np.arange(400), 5, np.random.default_rng(0))
    assert choose_ridge(x, people, folds) == pytest.approx(RIDGES.min())


def test_figures_by_hand() -> None:
    likelihood, accuracy = score_margins(
        np.array([1.0, 0.0, 0.5]), np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    )
    assert likelihood[0] == pytest.approx(-np.log(2))
    right, wrong = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    assert likelihood[1] == pytest.approx(-(right + wrong + (right + wrong) / 2) / 3)
    assert accuracy.tolist() == [0.5, 0.5]


def test_fewer_groups_than_folds_are_enough() -> None:
    assert folds_of(np.array([3, 3, 9]), 5, np.random.default_rng(0)).max() == 1
