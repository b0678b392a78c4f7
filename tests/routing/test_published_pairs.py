"""The one default on published pairs, against bars that were set beforehand."""

from pathlib import Path

import pytest

from routing.features.space import fallback_space
from routing.pair_file import Columns, read_pairs
from routing.simulate import Plan, Result, simulate
from routing.strategies import know
from tests.counts import IS_FULL, n_runs
from tests.routing.published import (
    DATA,
    LLMBAR,
    ORDERED_PAIRS,
    PANDALM,
    Row,
    llmbar_rows,
    pandalm_rows,
)
from tests.routing.worlds import write

needs_data = pytest.mark.skipif(not DATA, reason="POLYPHONY_DATA_DIR is not set")
BUDGETS = (0.1, 0.25, 0.5)
# Points over random; fewer splits are held to less.
PANDALM_BARS = (3.4, 5.9, 5.2) if IS_FULL else (2.0, 4.0, 3.5)
LLMBAR_MEAN, LLMBAR_LEAST = (0.75, 0.50) if IS_FULL else (0.65, 0.40)
CHOSEN = ORDERED_PAIRS if IS_FULL else tuple(ORDERED_PAIRS[i] for i in (0, 4, 10))


def judge(rows: list[Row], columns: Columns, plan: Plan, folder: Path) -> Result:
    """Simulate with texts alone, as the command does by default."""
    pairs = read_pairs(write(rows, folder), columns).pairs
    return simulate(know(pairs, fallback_space(pairs)), plan)


@needs_data
def test_default_reaches_the_bars_on_pandalm(tmp_path: Path) -> None:
    rows = pandalm_rows(Path(DATA) / "pandalm")
    plan = Plan(200, BUDGETS, n_runs(12, 60), 0)
    result = judge(rows, PANDALM, plan, tmp_path)
    cells = result.cells["default"]
    gains = [cells[budget]["label_accuracy_gain"].mean or 0.0 for budget in BUDGETS]
    assert [g >= bar for g, bar in zip(gains, PANDALM_BARS, strict=True)] == [True] * 3
    assert result.ppm is not None
    assert result.ppm.spearman > result.ppm.budget_only_spearman + 0.1
    assert result.ppm.rmse < result.ppm.target_sd
    if IS_FULL:
        better = [cells[budget]["log_likelihood_gain"] for budget in BUDGETS]
        assert all((f.mean or 0.0) > 2 * (f.se or 1.0) for f in better)


@needs_data
def test_default_reaches_the_bars_on_pairs_of_llmbar_judges(
    tmp_path: Path,
) -> None:
    plan = Plan(150, (0.25,), n_runs(4, 40), 0)
    shares = []
    for ai, second in CHOSEN:
        rows = llmbar_rows(Path(DATA) / "llmbar", ai, second)
        cell = judge(rows, LLMBAR, plan, tmp_path).cells["default"][0.25]
        gain = cell["label_accuracy_gain"]
        assert (gain.mean or 0.0) + 2 * (gain.se or 0.0) > 0, (ai, second)
        shares.append(cell["oracle_lead_share"].mean or 0.0)
    assert sum(shares) / len(shares) >= LLMBAR_MEAN
    assert min(shares) >= LLMBAR_LEAST


@needs_data
def test_fixed_disagreement_can_be_worse_than_random(tmp_path: Path) -> None:
    rows = llmbar_rows(Path(DATA) / "llmbar", "GPT-4", "ChatGPT")
    result = judge(rows, LLMBAR, Plan(150, (0.25,), n_runs(6, 40), 0), tmp_path)
    gain = result.cells["disagreement"][0.25]["label_accuracy_gain"]
    assert (gain.mean or 0.0) + 2 * (gain.se or 0.0) < 0
