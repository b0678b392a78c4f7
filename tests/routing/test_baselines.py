"""Baselines are judged on the same folds of the seed; what is null has a reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from routing.baselines import (
    BASELINES,
    SCORED,
    Judged,
    judge_all,
    learn_folds,
    out_of_fold,
)
from routing.curve import BETTER, SHARES, UNDECIDED, WORSE, chances
from routing.simulated import RIDGE
from routing.strategies import Known
from tests.routing.worlds import COLUMNS, draw_rows, known_of

HERE = 0.23


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """240 pairs whose AI errs on two of eight topics; the judge often sees it."""
    rows = draw_rows(240, 3, hard=(1, 4), judge_knows=0.7)
    return known_of(rows, tmp_path_factory.mktemp("pairs"))


def judged(
    known: Known, n: int = 240, strategy: str = "default", reserve: float = 0.1
) -> dict[str, Judged]:
    rows = np.arange(n)
    every = np.ones(n, dtype=bool)
    rng = np.random.default_rng(0)
    shares = (*SHARES, HERE)
    with threadpool_limits(1):
        return judge_all(known, rows, every, strategy, shares, reserve, rng)


@pytest.fixture(scope="module")
def found(known: Known) -> dict[str, Judged]:
    return judged(known)


def test_every_baseline_stands_beside_the_chosen_one(found: dict[str, Judged]) -> None:
    assert set(found) == set(BASELINES)
    for name, one in found.items():
        budgets = [point.budget for point in one.points]
        assert budgets == [*SHARES[:: 2 if name == "paper" else 1], HERE]
        assert one.reason == ""


def test_best_simulated_mix_has_a_mix_for_each_budget(known: Known) -> None:
    with threadpool_limits(1):
        rng = np.random.default_rng(0)
        every = np.ones(240, dtype=bool)
        shares = (0.1, 0.5, 1.0, HERE)
        given = (np.arange(240), every, "simulated", shares, 0.0, rng)
        one = judge_all(known, *given, "quadratic")["simulated"]
    assert [point.budget for point in one.points] == [*shares]
    assert one.points[2].chosen.mean == 1.0
    assert one.points[0].chosen.mean < one.points[1].chosen.mean


def test_oracle_is_the_ceiling_and_the_levels_are_flat(
    known: Known, found: dict[str, Judged]
) -> None:
    right = {
        name: {point.budget: point.chosen.mean for point in one.points}
        for name, one in found.items()
    }
    for name in set(BASELINES) - {"all_human"}:
        for budget, value in right[name].items():
            assert value <= right["oracle"][budget] + 1e-9
    assert set(right["all_human"].values()) == {1.0}
    wrong = float(known.wrong.mean())
    assert list(right["all_ai"].values()) == pytest.approx([1 - wrong] * 22)
    here = found["all_ai"].points[-1]
    assert here.gain.mean == pytest.approx(-HERE * wrong)
    assert (here.words, found["oracle"].points[-1].words) == (WORSE, BETTER)


def test_random_is_the_mean_of_its_draws(
    known: Known, found: dict[str, Judged]
) -> None:
    rng = np.random.default_rng(5)
    n_asked = round(0.25 * 240)
    drawn = [
        1
        - (known.wrong.sum() - known.wrong[rng.permutation(240)[:n_asked]].sum()) / 240
        for _ in range(2_000)
    ]
    at = SHARES.index(0.25)
    for name in ("default", "disagreement", "oracle"):
        point = found[name].points[at]
        assert point.random.mean == pytest.approx(np.mean(drawn), abs=0.002)
        assert point.gain.mean == pytest.approx(
            point.chosen.mean - point.random.mean, abs=1e-9
        )


def test_disagreement_helps_where_a_judge_knows(found: dict[str, Judged]) -> None:
    here = found["disagreement"].points[-1]
    assert here.words == BETTER
    # Confidence is drawn by lot, and so are its choices.
    assert found["confidence"].points[-1].words == UNDECIDED
    assert here.gain.mean > found["confidence"].points[-1].gain.mean + 0.05


def test_what_lacks_its_input_has_a_reason_instead(tmp_path: Path) -> None:
    columns = replace(COLUMNS, judges=(), swapped=(), confidence=())
    bare = known_of(draw_rows(150, 3, hard=(1,)), tmp_path, columns)
    told = judged(bare, 150)
    for name in ("disagreement", "confidence", "top_k", "paper"):
        assert told[name].points == ()
        assert told[name].reason.endswith(".")
    assert "200 items" in told["paper"].reason
    assert told["default"].points
    assert told["contradiction"].points


def test_random_as_the_strategy_gains_nothing(known: Known) -> None:
    told = judged(known, 120, "random")
    for point in told["random"].points:
        assert point.gain.mean == pytest.approx(0.0, abs=1e-12)
        assert point.words == UNDECIDED
    assert told["default"].points


@pytest.mark.parametrize("name", SCORED)
def test_no_label_is_used_to_score_its_own_fold(known: Known, name: str) -> None:
    fold = np.arange(240) % 5
    own = fold == 2
    other = replace(
        known,
        share=np.where(own, 1 - known.share, known.share),
        target=np.where(own, 1 - known.target, known.target),
        wrong=np.where(own, 1 - known.wrong, known.wrong),
    )
    scores = []
    for one in (known, other):
        with threadpool_limits(1):
            rng = np.random.default_rng(0)
            folds = learn_folds(one, fold, rng, RIDGE)
        scores.append(out_of_fold(one, folds, name))
    assert scores[0][own] == pytest.approx(scores[1][own])
    learned = name in ("default", "contradiction", "top_k")
    assert (scores[0][~own] == scores[1][~own]).all() != learned


def test_the_same_labels_give_the_same_figures(
    known: Known, found: dict[str, Judged]
) -> None:
    assert judged(known) == found


@pytest.mark.parametrize("share", [0.0, 0.1, 0.37, 1.0])
@pytest.mark.parametrize("reserve", [0.0, 0.1, 0.5])
def test_best_and_lots_together_spend_the_budget(share: float, reserve: float) -> None:
    rng = np.random.default_rng(2)
    score, fold = rng.random(100), np.arange(100) % 5
    chance = chances(score, fold, share, reserve)
    assert chance.sum() == pytest.approx(100 * share)
    assert ((chance >= 0) & (chance <= 1)).all()
    best = int(score.argmax())
    assert chance[best] == chance.max()


def test_lots_are_drawn_among_all_before_the_best() -> None:
    score, fold = np.arange(10.0), np.zeros(10, dtype=np.int64)
    # A fifth of 5 items is one lot of ten; the best 4 of the 9 others are chosen.
    chance = chances(score, fold, 0.5, 0.2)
    assert chance[0] == pytest.approx(0.1)
    assert chance[-4:] == pytest.approx([1.0] * 4)
    assert chance.sum() == pytest.approx(5.0)
