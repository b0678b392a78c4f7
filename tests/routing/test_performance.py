"""Performance prediction in worlds where what a mix is worth is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from routing.features.bins import Tags
from routing.mixes import draw_by_tags
from routing.performance import (
    Quadratic,
    Trials,
    best_simulated,
    fit_quadratic,
    fit_ridge,
    spearman,
)
from routing.simulate import Plan, simulate
from tests.counts import n_runs
from tests.routing.worlds import COLUMNS, draw_rows, known_of


def linear_trials(n_mixes: int = 200, noise: float = 0.0) -> tuple[Trials, Tags]:
    """Return mixes of 300 items with six tags, of which two are worth something."""
    rng = np.random.default_rng(0)
    has = np.eye(6, dtype=bool)[rng.integers(0, 6, 300)]
    tags = Tags(tuple("abcdef"), has)
    human = draw_by_tags(tags, rng.integers(1, 300, n_mixes), rng)
    shares = human.astype(float) @ has.astype(float) / 300
    target = shares @ np.array([0.3, 0.0, 0.0, -0.2, 0.0, 0.0])
    target = target + noise * rng.normal(size=n_mixes)
    return Trials(shares, human.mean(axis=1), target), tags


def test_linear_world_is_found() -> None:
    trials, tags = linear_trials()
    model, fit = fit_ridge(trials, np.random.default_rng(0))
    assert fit.spearman > 0.95
    assert fit.rmse < 0.1 * fit.target_sd
    assert fit.budget_only_spearman < 0.6
    gains = model.gains(tags)
    assert gains[tags.has[:, 0]].min() > gains[~tags.has[:, 0]].max()
    assert gains[tags.has[:, 3]].max() < gains[~tags.has[:, 3]].min()


def test_intervals_hold_what_the_tags_are_worth_beyond_one_another() -> None:
    trials, _ = linear_trials(noise=0.005)
    model, _ = fit_ridge(trials, np.random.default_rng(0))
    assert model.low[0] > model.high[3]
    assert np.all(model.low <= model.slopes)
    assert np.all(model.slopes <= model.high)


def test_targets_by_lot_are_not_predicted() -> None:
    trials, _ = linear_trials()
    by_lot = np.random.default_rng(1).normal(size=200)
    _, fit = fit_ridge(
        Trials(trials.shares, trials.budget, by_lot), np.random.default_rng(0)
    )
    assert abs(fit.spearman) < 0.25
    assert fit.rmse > 0.9 * fit.target_sd


def test_quadratic_goes_through_every_mix() -> None:
    rng = np.random.default_rng(0)
    trials = Trials(rng.random((20, 6)), rng.random(20), rng.normal(size=20))
    model = fit_quadratic(trials, 300)
    assert model.predict(trials.shares * 300) == pytest.approx(trials.target)


def test_best_of_many_mixes_is_the_best_predicted() -> None:
    _, tags = linear_trials()
    first_tag = np.zeros(1 + 6 + 21)
    first_tag[1] = 1.0
    n_first = int(tags.has[:, 0].sum())
    human = best_simulated(
        Quadratic(first_tag),
        tags,
        n_first,
        np.random.default_rng(0),
        n_items=300,
    )
    assert human.tolist() == tags.has[:, 0].tolist()


def test_rank_correlation_by_hand() -> None:
    assert spearman(np.array([1.0, 2.0, 9.0]), np.array([3.0, 5.0, 6.0])) == 1
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == -1
    assert spearman(np.ones(4), np.arange(4.0)) == 0


def test_where_errors_follow_tags_top_k_finds_half_of_what_the_oracle_does(
    tmp_path: Path,
) -> None:
    rows = draw_rows(900, 4, hard=(1, 4), p_hard=0.75, p_easy=0.02)
    known = known_of(rows, tmp_path, replace(COLUMNS, tags=("topic",)))
    result = simulate(known, Plan(450, (0.25,), n_runs(3, 12), 0))
    assert result.ppm is not None
    assert result.ppm.spearman > result.ppm.budget_only_spearman
    assert result.ppm.rmse < result.ppm.budget_only_rmse / 2
    share = result.cells["top_k"][0.25]["oracle_lead_share"].mean
    assert share is not None
    assert share > 0.5
