"""Performance prediction in worlds where what a mix is worth is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from routing.features.bins import Tags
from routing.mixes import draw_by_tags
from routing.performance import Ridge, Trials, fit_ridge, spearman
from routing.quadratic import Quadratic, fit_quadratic, judge_quadratic
from routing.scoring import score_pool, with_mix
from routing.simulate import Plan, SimulationError, simulate
from routing.simulated import QUADRATIC, best_simulated, fit_performance, mix_score
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


def random_trials(n_mixes: int, n_tags: int) -> Trials:
    rng = np.random.default_rng(0)
    return Trials(
        rng.random((n_mixes, n_tags)), rng.random(n_mixes), rng.normal(size=n_mixes)
    )


def test_quadratic_goes_through_every_mix() -> None:
    trials = random_trials(20, 6)
    model = fit_quadratic(trials, 300)
    found = model.predict(trials.shares, trials.budget)
    assert found == pytest.approx(trials.target)


@pytest.mark.parametrize(("n_mixes", "n_tags"), [(20, 6), (40, 4)])
def test_quadratic_is_least_squares_of_least_norm(n_mixes: int, n_tags: int) -> None:
    trials = random_trials(n_mixes, n_tags)
    counts = 50 * trials.shares
    first, second = np.triu_indices(n_tags)
    ones = np.ones(n_mixes)
    x = np.column_stack([ones, counts, counts[:, first] * counts[:, second]])
    expected = np.linalg.pinv(x) @ trials.target
    assert fit_quadratic(trials, 50).coefficients == pytest.approx(expected, rel=1e-5)


def test_gain_of_the_quadratic_is_that_of_one_item_alone() -> None:
    trials, tags = linear_trials()
    model = fit_quadratic(trials, 300)
    some = tags.take(np.arange(5))
    none = model.predict(np.zeros((5, 6)), np.zeros(5))
    alone = model.predict(some.has / 300, np.full(5, 1 / 300)) - none
    assert model.gains(some) == pytest.approx(alone)
    assert model.slopes[some.has.argmax(axis=1)] == pytest.approx(300 * alone)


def test_quadratic_tells_how_well_it_predicts() -> None:
    trials, _ = linear_trials(noise=0.002)
    model, fit = judge_quadratic(trials, 300, np.random.default_rng(0))
    assert fit.spearman > 0.9 > fit.budget_only_spearman
    assert fit.rmse < fit.target_sd
    assert np.all(model.low <= model.high)
    again, same = judge_quadratic(trials, 300, np.random.default_rng(0))
    assert (again.low.tolist(), same) == (model.low.tolist(), fit)


def first_tag(n_tags: int = 6) -> Quadratic:
    """Return a model that values the items of the first tag alone."""
    coefficients = np.zeros(1 + n_tags + n_tags * (n_tags + 1) // 2)
    coefficients[1] = 1.0
    slopes = coefficients[1 : 1 + n_tags]
    return Quadratic(coefficients, 300, slopes, slopes, slopes)


def test_best_of_many_mixes_is_the_best_predicted() -> None:
    _, tags = linear_trials()
    n_first = int(tags.has[:, 0].sum())
    human = best_simulated(first_tag(), tags, n_first, np.random.default_rng(0))
    assert human.tolist() == tags.has[:, 0].tolist()


def test_best_mix_by_the_ridge_is_the_same_in_a_linear_world() -> None:
    trials, tags = linear_trials()
    model, _ = fit_ridge(trials, np.random.default_rng(0))
    n_first = int(tags.has[:, 0].sum())
    human = best_simulated(model, tags, n_first, np.random.default_rng(0))
    assert human.tolist() == tags.has[:, 0].tolist()


def test_mix_costs_no_more_than_its_budget() -> None:
    _, tags = linear_trials()
    cost = np.random.default_rng(2).uniform(0.5, 3.0, 300)
    human = best_simulated(first_tag(), tags, 40.0, np.random.default_rng(0), cost=cost)
    assert 37.0 < cost[human].sum() <= 40.0
    assert tags.has[human, 0].all()


def test_best_mix_takes_the_place_of_the_scores_where_it_is_chosen(
    tmp_path: Path,
) -> None:
    known = known_of(draw_rows(260, 4, hard=(1,), p_hard=0.9), tmp_path)
    rows, rest = np.arange(200), np.arange(200, 260)
    found = score_pool(known, rows, "simulated", np.random.default_rng(0))
    cost = np.full(60, 0.5)
    mixed = with_mix(found, rest, cost, 5.0, np.random.default_rng(0))
    worth = mixed.score[rest] / cost
    assert int((worth == 1.0).sum()) == 10
    assert (worth[worth < 1.0] <= 0.5).all()
    assert mixed.score[rows].tolist() == found.score[rows].tolist()
    few = score_pool(known, rows[:60], "simulated", np.random.default_rng(0))
    assert few.strategy == "default"
    assert few.note == "Performance prediction needs a seed of 200 items."
    assert with_mix(few, rest, cost, 5.0, np.random.default_rng(0)) is few


def test_mix_is_spent_on_first_whatever_it_costs() -> None:
    mix = np.array([True, False, True, False])
    cost = np.array([5.0, 0.1, 1.0, 1.0])
    worth = mix_score(mix, np.array([0.0, 9.0, 1.0, 2.0]), cost) / cost
    assert worth[mix].min() > worth[~mix].max()
    assert worth[1] > worth[3] > 0


def test_kind_of_prediction_is_that_which_is_asked_for(tmp_path: Path) -> None:
    trials, _ = linear_trials()
    rng = np.random.default_rng(0)
    assert isinstance(fit_performance(trials, 300, "ridge", rng).model, Ridge)
    assert isinstance(fit_performance(trials, 300, QUADRATIC, rng).model, Quadratic)
    known = known_of(draw_rows(60, 4), tmp_path)
    with pytest.raises(SimulationError, match="There are ridge and quadratic"):
        simulate(known, Plan(20, (0.5,), 2, 0, ppm="cubic"))


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
    assert "simulated" not in result.cells


def test_simulated_mixes_are_judged_with_the_model_that_is_chosen(
    tmp_path: Path,
) -> None:
    rows = draw_rows(500, 4, hard=(1, 4), p_hard=0.75, p_easy=0.02)
    known = known_of(rows, tmp_path, replace(COLUMNS, tags=("topic",)))
    found = {}
    for kind in ("ridge", "quadratic"):
        plan = Plan(250, (0.25,), 2, 0, ppm=kind, has_simulated=True)
        found[kind] = simulate(known, plan)
    shares = {
        kind: one.cells["simulated"][0.25]["oracle_lead_share"].mean
        for kind, one in found.items()
    }
    assert (shares["ridge"] or 0.0) > 0.2
    assert shares["quadratic"] is not None
    assert found["ridge"].ppm != found["quadratic"].ppm
    same = [one.cells["default"][0.25] for one in found.values()]
    assert same[0]["label_accuracy_gain"] == same[1]["label_accuracy_gain"]
