"""The head: closed forms, resampling, what is said out of fold, and planted errors."""

import math

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize

from models_service.heads import (
    Block,
    PairData,
    dump_ensemble,
    fit_ensemble,
    fit_heads,
    learn_scales,
    load_ensemble,
    suspicious_pairs,
)
from models_service.heads.data import Floats, draw_bootstrap, draw_folds
from models_service.heads.ensemble import Ensemble, probability
from models_service.heads.solver import Rotated, rotate
from tests.models.planted import Planted, auc, plant, swapped

BAR = 0.88


def fit(planted: Planted, seed: int = 0) -> Ensemble:
    return fit_ensemble(planted.data, planted.blocks, np.random.default_rng(seed))


def out_of_fold(ensemble: Ensemble) -> Floats:
    assert ensemble.out_of_fold is not None
    return ensemble.out_of_fold.mean


# --- the solver ---------------------------------------------------------------------


def one_feature(wins: int, losses: int) -> tuple[Rotated, Floats, Floats]:
    target = np.array([1.0, 0.0])
    weights = np.array([[float(wins)], [float(losses)]])
    return Rotated(np.ones((2, 1)), np.eye(1)), target, weights


def test_thirty_wins_to_ten_is_the_logarithm_of_three() -> None:
    theta = fit_heads(*one_feature(30, 10), np.array([1e-9]))
    assert theta[0, 0] == pytest.approx(math.log(3), abs=1e-5)


def test_a_tie_is_half_a_win_for_each_side() -> None:
    z, weights = np.ones((3, 1)), np.array([[20.0], [10.0], [10.0]])
    theta = fit_heads(
        Rotated(z, np.eye(1)), np.array([1.0, 0.0, 0.5]), weights, np.array([1e-9])
    )
    assert theta[0, 0] == pytest.approx(math.log(25 / 15), abs=1e-5)


def test_votes_that_outweigh_each_other_are_no_failure() -> None:
    """The gradient at 0 is rounding alone, and so is every one after it."""
    z = np.array([1.1] * 9 + [-1.1 * 3] * 3)[:, None]
    rotated, weights = Rotated(z, np.eye(1)), np.ones((12, 1))
    theta = fit_heads(rotated, np.zeros(12), weights, np.array([30.0]))
    assert abs(theta[0, 0]) < 1e-9


def objective(
    theta: Floats, z: Floats, target: Floats, weight: Floats, ridge: float
) -> float:
    margins = z @ theta
    losses = np.logaddexp(0, margins) - target * margins
    return float((weight * losses).sum() + ridge * theta @ theta / 2)


def test_the_gradient_vanishes_at_what_an_independent_solver_finds() -> None:
    planted = plant(300, 6, size=2)
    data, ridge = planted.data, 0.7
    rotated = rotate(data.x)
    ours = rotated.basis @ fit_heads(
        rotated, data.target, data.weight[:, None], np.array([ridge])
    )

    def loss(theta: Floats) -> float:
        return objective(theta, data.x, data.target, data.weight, ridge)

    def gradient(theta: Floats) -> Floats:
        p = 1 / (1 + np.exp(-data.x @ theta))
        return np.asarray(data.x.T @ (data.weight * (p - data.target)) + ridge * theta)

    assert check_grad(loss, gradient, np.full(6, 0.3)) < 1e-4
    theirs = minimize(loss, np.zeros(6), jac=gradient, options={"gtol": 1e-9})
    assert ours[:, 0] == pytest.approx(theirs.x, abs=1e-5)


def test_columns_fitted_together_are_those_fitted_alone() -> None:
    data = plant(200, 5).data
    rotated, rng = rotate(data.x), np.random.default_rng(3)
    weights, ridges = rng.random((200, 4)), np.array([0.01, 1.0, 30.0, 1000.0])
    together = fit_heads(rotated, data.target, weights, ridges)
    for column in range(4):
        alone = fit_heads(rotated, data.target, weights[:, [column]], ridges[[column]])
        assert together[:, column] == pytest.approx(alone[:, 0], abs=1e-5)


def test_more_features_than_pairs_are_fitted_the_same() -> None:
    data = plant(30, 80).data
    wide = rotate(data.x)
    assert wide.z.shape[1] <= 30
    theta = wide.basis @ fit_heads(
        wide, data.target, data.weight[:, None], np.array([2.0])
    )
    p = 1 / (1 + np.exp(-data.x @ theta[:, 0]))
    gradient = data.x.T @ (p - data.target) + 2.0 * theta[:, 0]
    assert np.abs(gradient).max() < 1e-4


def test_separable_pairs_have_a_finite_head() -> None:
    theta = fit_heads(*one_feature(40, 0), np.array([0.01]))
    assert 3 < theta[0, 0] < 20


# --- scales, folds, resamples -------------------------------------------------------


def test_scales_bring_blocks_to_one_size_and_drop_what_is_constant() -> None:
    rng = np.random.default_rng(0)
    x = np.hstack([rng.normal(size=(500, 40)) * 50, rng.normal(size=(500, 2)) / 9])
    x[:, 3] = 0.0
    scaled = x * learn_scales(x, (Block("wide", 0, 40), Block("small", 40, 42)))
    powers = np.square(scaled).mean(axis=0)
    assert powers[:40].sum() == pytest.approx(1)
    assert powers[40:].sum() == pytest.approx(1)
    assert not scaled[:, 3].any()


def test_no_prompt_is_in_two_folds_and_folds_are_about_equal() -> None:
    group = np.repeat(np.arange(60), np.random.default_rng(1).integers(1, 9, 60))
    folds = draw_folds(group, 5, np.random.default_rng(2))
    assert all(len(set(folds[group == name])) == 1 for name in range(60))
    sizes = np.bincount(folds, minlength=5)
    assert sizes.max() - sizes.min() <= 8


def test_too_few_prompts_make_no_folds() -> None:
    with pytest.raises(ValueError, match="3 groups"):
        draw_folds(np.array([1, 2, 3, 3]), 4, np.random.default_rng(0))


def test_a_resample_draws_whole_prompts_from_the_training_side() -> None:
    group = np.repeat(np.arange(20), 3)
    among = group < 15
    drawn = draw_bootstrap(group, 7, np.random.default_rng(0), among)
    assert not drawn[~among].any()
    by_group = drawn.reshape(20, 3, 7)
    assert (by_group == by_group[:, :1]).all()
    assert (by_group[:, 0].sum(axis=0) == 15).all()
    assert len({tuple(column) for column in drawn.T}) == 7


# --- the ensemble -------------------------------------------------------------------


def test_members_differ_by_their_prompts_and_not_by_the_order_of_pairs() -> None:
    planted = plant(600)
    ensemble = fit(planted)
    spread = ensemble.weights.std(axis=1) / np.abs(ensemble.weights).mean()
    assert spread.min() > 0.01
    data = planted.data
    rows = np.random.default_rng(4).permutation(data.n)
    weights = np.stack([data.weight, data.weight[rows]], axis=1)
    one = fit_heads(rotate(data.x), data.target, weights[:, :1], np.array([1.0]))
    again = data.take(rows)
    other = fit_heads(rotate(again.x), again.target, weights[:, :1], np.array([1.0]))
    bases = rotate(data.x).basis, rotate(again.x).basis
    # For a convex loss the order is nothing: such “members” would be the same.
    assert bases[0] @ one == pytest.approx(bases[1] @ other, abs=1e-5)


def test_the_spread_shrinks_as_labels_come() -> None:
    new = np.random.default_rng(7).normal(size=(400, 16))
    spreads = [
        float(fit(plant(n, size=3)).strength(new).sd.mean()) for n in (250, 1000, 4000)
    ]
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[0] > 1.9 * spreads[2]


def test_the_ensemble_learns_more_from_more_labels() -> None:
    planted = plant(2000, 40, size=3)
    curve = fit(planted).curve
    sizes = [point.n_pairs for point in curve]
    assert sizes == sorted(sizes)
    assert sizes[0] < 60
    assert curve[-1].accuracy > curve[0].accuracy + 0.08
    assert curve[-1].log_loss < curve[0].log_loss


def test_a_probability_means_what_it_says() -> None:
    planted = plant(2500, size=3)
    ensemble = fit(planted)
    assert ensemble.out_of_fold is not None
    p = ensemble.out_of_fold.p_a
    for low in np.arange(0, 1, 0.2):
        rows = (p >= low) & (p < low + 0.2)
        assert planted.data.label[rows].mean() == pytest.approx(
            p[rows].mean(), abs=0.08
        )


def test_labels_without_meaning_give_no_confidence() -> None:
    planted = plant(800, size=0)
    ensemble = fit(planted)
    assert ensemble.out_of_fold is not None
    doubt = np.abs(ensemble.out_of_fold.p_a - 0.5)
    assert doubt.mean() < 0.05
    assert doubt.max() < 0.2


def test_swapping_a_and_b_of_every_pair_changes_the_sign_alone() -> None:
    planted = plant(500)
    turned = fit_ensemble(
        swapped(planted.data), planted.blocks, np.random.default_rng(0)
    )
    assert turned.weights == pytest.approx(fit(planted).weights, abs=1e-6)


def test_the_probabilities_of_both_orders_add_up_to_one() -> None:
    margin = np.array([0.0, 0.3, -2.0, 40.0, -800.0])
    total = probability(margin) + probability(-margin)
    assert (total == 1.0).all()
    assert probability(np.zeros(1))[0] == 0.5


def test_the_same_seed_gives_the_same_bytes() -> None:
    planted = plant(400)
    assert dump_ensemble(fit(planted)) == dump_ensemble(fit(planted))
    assert dump_ensemble(fit(planted)) != dump_ensemble(fit(planted, seed=1))


def test_a_stored_head_scores_as_before() -> None:
    ensemble = fit(plant(400))
    again = load_ensemble(dump_ensemble(ensemble))
    new = np.random.default_rng(0).normal(size=(50, 16))
    assert (again.strength(new).mean == ensemble.strength(new).mean).all()
    assert (again.strength(new).sd == ensemble.strength(new).sd).all()


@pytest.mark.parametrize("harm", ["cut", "other", "nan"])
def test_bytes_that_are_no_head_are_refused(harm: str) -> None:
    data = dump_ensemble(fit(plant(200)))
    broken = {
        "cut": data[:-8],
        "other": b"PK" + data,
        "nan": data[:-8] + np.array([np.nan]).tobytes(),
    }[harm]
    with pytest.raises(ValueError, match="head"):
        load_ensemble(broken)


def test_nothing_to_learn_from_is_said() -> None:
    data = plant(50).data
    same = PairData(
        np.zeros_like(data.x), data.label, data.target, data.weight, data.group
    )
    with pytest.raises(ValueError, match="no feature"):
        fit_ensemble(same, (Block("all", 0, 16),), np.random.default_rng(0))


# --- planted errors -----------------------------------------------------------------


def flip_auc(planted: Planted, margin: Floats) -> float:
    sign = np.sign(planted.data.label - 0.5)
    return auc(-sign * margin, planted.is_flipped)


def test_planted_flips_are_found_out_of_fold() -> None:
    planted = plant(4000, 64, noise=0.2)
    assert flip_auc(planted, out_of_fold(fit(planted))) >= BAR


def memorable() -> Planted:
    """Return pairs that can be learned by heart: each prompt has a code of its own.

    Who misread a prompt is wrong on all of its pairs, so an honest scorer must not
    have seen any of them.
    """
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(200), 10)
    base = plant(2000, 16)
    code = rng.normal(size=(200, 600))[group]
    is_flipped = (rng.random(200) < 0.2)[group]
    label = np.where(is_flipped, 1 - base.data.label, base.data.label)
    side = np.sign(label - 0.5)[:, None]
    x = np.hstack([base.data.x, code * side])
    data = PairData(x, label, label, np.ones(2000), group)
    blocks = (Block("signal", 0, 16), Block("code", 16, 616))
    return Planted(data, base.truth, is_flipped, blocks)


def test_scoring_in_sample_fails_where_scoring_out_of_fold_passes() -> None:
    planted = memorable()
    ensemble = fit(planted)
    assert flip_auc(planted, out_of_fold(ensemble)) >= BAR
    in_sample = ensemble.strength(planted.data.x).mean
    assert flip_auc(planted, in_sample) < BAR


def test_folds_that_cut_through_prompts_fail_as_well() -> None:
    planted = memorable()
    data = planted.data
    torn = PairData(data.x, data.label, data.target, data.weight, np.arange(data.n))
    ensemble = fit_ensemble(torn, planted.blocks, np.random.default_rng(0))
    assert flip_auc(planted, out_of_fold(ensemble)) < BAR


def test_suspicious_pairs_are_the_contradicted_ones_and_no_label_changes() -> None:
    planted = plant(2000, 32, noise=0.2)
    label = planted.data.label.copy()
    ensemble = fit(planted)
    assert ensemble.out_of_fold is not None
    found = suspicious_pairs(planted.data.label, ensemble.out_of_fold)
    assert (planted.data.label == label).all()
    margins = [one.margin for one in found]
    assert margins == sorted(margins)
    assert max(margins) < 0
    rows = [one.row for one in found]
    share = planted.is_flipped[rows].mean()
    assert share > 2 * planted.is_flipped.mean()
    worst = planted.is_flipped[rows[:100]].mean()
    assert worst > share


def test_a_tie_is_never_suspicious() -> None:
    planted = plant(300)
    ensemble = fit(planted)
    assert ensemble.out_of_fold is not None
    assert suspicious_pairs(np.full(300, 0.5), ensemble.out_of_fold) == []
