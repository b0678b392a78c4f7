"""Strategies on pairs whose truth is known do what they must."""

from pathlib import Path

import numpy as np
import pytest

from routing.simulate import (
    BETTER,
    UNDECIDED,
    Plan,
    Result,
    SimulationError,
    count_of,
    simulate,
)
from routing.strategies import STRATEGIES
from tests.counts import n_runs
from tests.routing.worlds import draw_rows, known_of

BUDGETS = (0.1, 0.25, 0.5)


def gain(result: Result, name: str, budget: float = 0.25) -> float:
    """Return the mean gain of a strategy in points."""
    mean = result.cells[name][budget]["label_accuracy_gain"].mean
    assert mean is not None
    return mean


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A pool where the AI errs on two topics, and the judge often knows."""
    rows = draw_rows(500, 3, hard=(1, 4), judge_knows=0.7)
    known = known_of(rows, tmp_path_factory.mktemp("planted"))
    return simulate(known, Plan(220, BUDGETS, n_runs(8, 30), 0))


def test_every_strategy_is_judged(planted: Result) -> None:
    assert set(planted.cells) == set(STRATEGIES)
    assert planted.reasons == {}


def test_default_is_better_than_random_where_a_judge_knows(planted: Result) -> None:
    assert planted.verdicts[0.25].words == BETTER
    assert planted.n_fallbacks == 0
    share = planted.cells["default"][0.25]["oracle_lead_share"].mean
    assert share is not None
    assert share > 0.6


def test_oracle_is_the_ceiling_and_random_the_floor(planted: Result) -> None:
    for budget in BUDGETS:
        best = gain(planted, "oracle", budget)
        assert all(
            gain(planted, name, budget) <= best
            for name in STRATEGIES
            if name != "all_human"
        )
        assert gain(planted, "random", budget) == 0
        assert planted.cells["oracle"][budget]["oracle_lead_share"].mean == 1


def test_people_are_right_by_definition(planted: Result) -> None:
    assert planted.cells["all_human"][0.25]["label_accuracy"].mean == 1


# The paper's mixes of two budgets are drawn apart, so more need not hold less.
@pytest.mark.parametrize("name", [n for n in STRATEGIES if n != "paper"])
def test_more_budget_gives_no_fewer_right_labels(planted: Result, name: str) -> None:
    means = [planted.cells[name][b]["label_accuracy"].mean or 0 for b in BUDGETS]
    assert means == sorted(means)


def test_signals_without_errors_behind_them_are_told_from_nothing(
    tmp_path: Path,
) -> None:
    rows = draw_rows(400, 11, p_easy=0.25, tells=False)
    result = simulate(known_of(rows, tmp_path), Plan(150, (0.25,), n_runs(8, 30), 0))
    assert result.verdicts[0.25].words == UNDECIDED
    assert result.n_fallbacks > 0
    assert "seed" in result.fallback_note


def test_reserve_tells_the_truth_of_the_pool(tmp_path: Path) -> None:
    known = known_of(draw_rows(400, 8, hard=(1, 4), judge_knows=0.7), tmp_path)
    plan = Plan(100, (0.5,), n_runs(10, 40), 0, reserve=0.3)
    found = simulate(known, plan).reserves[0.5]
    assert found.estimate == pytest.approx(found.truth, abs=0.03)
    assert found.coverage >= 0.8
    assert simulate(known, Plan(100, (0.5,), 2, 0)).reserves == {}


def test_same_plan_gives_the_same_figures(tmp_path: Path) -> None:
    known = known_of(draw_rows(120, 5, hard=(1,), judge_knows=0.8), tmp_path)
    plan = Plan(50, (0.3,), 3, 7)
    assert simulate(known, plan).cells == simulate(known, plan).cells
    other = simulate(known, Plan(50, (0.3,), 3, 8))
    assert other.cells != simulate(known, plan).cells


def test_pool_on_which_all_agree_has_nothing_to_find(tmp_path: Path) -> None:
    rows = draw_rows(120, 5, p_easy=0.0)
    result = simulate(known_of(rows, tmp_path), Plan(50, (0.3,), 3, 0))
    cell = result.cells["default"][0.3]
    assert cell["label_accuracy"].mean == 1
    assert cell["label_accuracy_gain"].mean == 0
    assert cell["oracle_lead_share"].mean is None
    assert result.verdicts[0.3].words == UNDECIDED
    assert result.n_fallbacks == 3


def test_fifty_pairs_are_enough_to_say_that_they_are_too_few(tmp_path: Path) -> None:
    rows = draw_rows(50, 5, hard=(1, 2))
    result = simulate(known_of(rows, tmp_path), Plan(20, (0.25,), 3, 0))
    assert result.n_fallbacks == 3
    assert result.fallback_note == "A seed of 20 items is too small; 30 are needed."
    assert result.ppm is None
    assert "below 200" in result.reasons["ppm"]


def test_ties_are_labels_of_their_own(tmp_path: Path) -> None:
    rows = draw_rows(120, 5)
    for row in rows[::3]:
        row["person"] = "tie"
    known = known_of(rows, tmp_path)
    assert known.wrong[::3].all()
    assert np.all(known.share[::3] == 0.5)
    result = simulate(known, Plan(50, (0.5,), 3, 0))
    assert gain(result, "oracle", 0.5) > 10


def test_one_topic_and_one_form_leave_no_tags_and_still_work(tmp_path: Path) -> None:
    rows = draw_rows(260, 5, p_easy=0.3)
    for row in rows:
        better = row["person"] == "a"
        row |= {"completion_a": "yes" if better else "no"}
        row |= {"completion_b": "no" if better else "yes"}
        row |= {"judge": row["ai"], "ai_swapped": row["ai"], "sure": 1.0}
    result = simulate(known_of(rows, tmp_path), Plan(200, (0.5,), 3, 0))
    assert result.ppm is not None
    # The proxy learns that people say yes, and finds the AI's errors by itself.
    share = result.cells["default"][0.5]["oracle_lead_share"].mean
    assert share is not None
    assert share > 0.95


def test_judge_who_says_nothing_is_no_judge(tmp_path: Path) -> None:
    rows = draw_rows(120, 5, hard=(1,))
    for row in rows:
        row |= {"judge": None, "ai_swapped": None}
    result = simulate(known_of(rows, tmp_path), Plan(50, (0.3,), 2, 0))
    assert "disagreement" not in result.cells
    said = "No judge and no exchanged verdict says anything."
    assert result.reasons["disagreement"] == said


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan(50, (0.001,), 3, 0), "less than one label. Ask for at least"),
        (Plan(50, (0.0,), 3, 0), "above 0 and up to 1"),
        (Plan(50, (float("nan"),), 3, 0), "above 0 and up to 1"),
        (Plan(50, (1.5,), 3, 0), "above 0 and up to 1"),
        (Plan(118, (0.5,), 3, 0), "leaves nothing to route of 120 pairs in"),
        (Plan(0, (0.5,), 3, 0), "at least one item"),
        (Plan(50, (0.5,), 1, 0), "at least 2 splits"),
        (Plan(50, (0.5,), 3, 0, reserve=1.0), "reserve is a share"),
    ],
)
def test_plan_that_does_not_fit_is_refused(
    plan: Plan, words: str, tmp_path: Path
) -> None:
    known = known_of(draw_rows(120, 5), tmp_path)
    with pytest.raises(SimulationError, match=words):
        simulate(known, plan)


@pytest.mark.parametrize(
    ("budget", "n", "count"), [(0.1, 250, 25), (0.29, 100, 29), (0.3, 9, 2), (1, 7, 7)]
)
def test_budget_is_never_more_than_it_says(budget: float, n: int, count: int) -> None:
    assert count_of(budget, n) == count
