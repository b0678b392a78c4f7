"""A judge beside people: against what a person reaches, and the longer answer."""

import numpy as np
import pytest

from annotation.agreement import bootstrap_items, cohen_kappa, krippendorff_alpha
from annotation.agreement.coefficients import Floats
from models_service.cells import per_stratum, per_tag
from models_service.comparing import (
    Comparison,
    alpha_interval,
    compare,
    counts_of,
    kappa_interval,
    lines,
    majority_of,
)
from models_service.length_bias import length_bias
from models_service.replacing import replace_person
from models_service.resampling import alpha, kappa, ratio, resample

NAN = float("nan")
N = 300


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def crowd(n_people: int = 5, n_items: int = N, skill: float = 0.8) -> Floats:
    """Return people who say the truth, 1 or -1, with probability `skill`."""
    draw = rng(7)
    truth = np.where(draw.random(n_items) < 0.5, 1.0, -1.0)
    is_right = draw.random((n_people, n_items)) < skill
    people = np.where(is_right, truth, -truth)
    people[draw.random((n_people, n_items)) < 0.1] = 0
    people[draw.random((n_people, n_items)) < 0.1] = NAN
    return people


PEOPLE = crowd()
MAJORITY = majority_of(counts_of(PEOPLE))


# --- majorities and lines by hand ---


def test_majority_by_hand() -> None:
    people = np.array(
        [[1.0, 1.0, NAN, 0.0], [1.0, -1.0, NAN, 0.0], [-1.0, 0.0, NAN, 1.0]]
    )
    found = majority_of(counts_of(people))
    assert found[0] == 1 and np.isnan(found[1]) and np.isnan(found[2])
    assert found[3] == 0


def test_lines_by_hand() -> None:
    people = np.array(
        [
            [1.0, 1.0, -1.0, NAN],
            [1.0, -1.0, -1.0, NAN],
            [-1.0, 1.0, NAN, 1.0],
        ]
    )
    judge = np.array([1.0, 1.0, 0.0, 1.0])
    longer = np.array([5.0, -5.0, -1.0, 1.0])
    found = lines(people, judge, rng(), longer)
    # Item 0: without person 2 the others say 1; without 0 or 1 they are split. Item 1:
    # only without person 1. Item 2: both others say -1. Item 3: nobody else.
    assert (found.n_answers, found.n_open) == (4, 5)
    assert found.person.value == pytest.approx(2 / 4)
    assert found.judge.value == pytest.approx(2 / 4)
    assert found.longer.value == pytest.approx(3 / 4)
    assert found.judge_less_person.value == pytest.approx(0)
    assert found.judge_less_longer.value == pytest.approx(-1 / 4)


def test_a_tie_is_a_choice_like_another() -> None:
    people = np.array([[0.0], [0.0], [1.0]])
    found = lines(people, np.array([0.0]), rng())
    assert (found.n_answers, found.person.value, found.judge.value) == (1, 0.0, 1.0)
    assert np.isnan(found.longer.value)


# --- known judges ---


def test_judge_equal_to_the_majority_reproduces_it() -> None:
    found = compare(PEOPLE, MAJORITY, rng())
    assert found.majority.value == found.kappa.value == 1
    assert found.n_without_verdict == np.isnan(MAJORITY).sum()
    assert found.lines.judge.value > found.lines.person.value
    assert found.lines.judge_less_person.low > 0
    assert found.alpha_with_judge.value > found.alpha_people.value


def test_coin_has_a_kappa_around_nothing() -> None:
    coin = np.where(rng(3).random(N) < 0.5, 1.0, -1.0)
    found = compare(PEOPLE, coin, rng())
    assert abs(found.kappa.value) < 0.1
    assert found.kappa.low < 0 < found.kappa.high
    assert found.lines.judge_less_person.high < 0
    assert found.alpha_with_judge.value < found.alpha_people.value


def test_judge_of_the_first_place_agrees_by_chance() -> None:
    # In canonical order such a judge ties on every item once both orders are combined.
    found = compare(PEOPLE, np.zeros(N), rng())
    assert found.kappa.value == pytest.approx(0, abs=1e-12)
    assert np.isnan(found.decisive.value)


def test_judge_of_the_longer_answer_is_exposed_by_the_length_column() -> None:
    length = rng(4).normal(0, 100, N)
    found = compare(PEOPLE, np.sign(length), rng(), length)
    assert found.lines.judge.value == found.lines.longer.value
    assert found.lines.judge_less_longer.value == 0
    assert found.lines.judge_less_person.high < 0
    bias = length_bias(np.sign(length), MAJORITY, length, rng())
    assert bias.judge_longer.value == 1
    assert bias.people_longer.low < 0.5 < bias.people_longer.high
    assert bias.coefficient.low > 3


def test_a_fair_judge_has_no_length_bias_though_people_like_length() -> None:
    draw = rng(11)
    length = draw.normal(0, 100, 2000)
    labels = np.where(draw.random(2000) < 1 / (1 + np.exp(-length / 100)), 1.0, -1.0)
    fair = np.where(draw.random(2000) < 0.85, labels, -labels)
    found = length_bias(fair, labels, length, rng())
    assert found.judge_longer.low > 0.55
    assert found.coefficient.low < 0 < found.coefficient.high
    assert found.label_coefficient.value == pytest.approx(np.log(0.85 / 0.15), abs=0.2)


def test_planted_length_bias_is_recovered() -> None:
    draw = rng(6)
    length, labels = draw.normal(0, 1, 5000), draw.choice([-1.0, 1.0], 5000)
    logits = 0.8 * length + 1.2 * labels
    judge = np.where(draw.random(5000) < 1 / (1 + np.exp(-logits)), 1.0, -1.0)
    found = length_bias(judge, labels, 300 * length, rng())
    assert found.coefficient.low < 0.8 < found.coefficient.high
    assert found.label_coefficient.low < 1.2 < found.label_coefficient.high


@pytest.mark.parametrize("outlier", [1e3, 1e6, 1e12])
@pytest.mark.parametrize("n", [20, N, 5000])
def test_one_answer_of_huge_length_leaves_a_length_bias(n: int, outlier: float) -> None:
    draw = rng(8)
    length, labels = draw.normal(0, 100, n), draw.choice([-1.0, 1.0], n)
    length[0] = 100 * outlier
    found = length_bias(np.sign(length), labels, length, rng(), n_resamples=20)
    assert found.coefficient.value > 0
    swapped = length_bias(-np.sign(length), -labels, -length, rng(), n_resamples=20)
    assert swapped.coefficient.value == pytest.approx(found.coefficient.value)


def test_length_bias_of_nothing_is_unknown() -> None:
    nothing = np.full(3, NAN)
    found = length_bias(nothing, nothing, nothing, rng())
    assert found.n_items == 0 and np.isnan(found.coefficient.value)


# --- invariances, and the same as the plain coefficients ---


def figures(found: Comparison) -> Floats:
    """Return all figures of a comparison, each with the ends of its interval."""
    rows = [
        found.majority,
        found.decisive,
        found.kappa,
        found.alpha_people,
        found.alpha_with_judge,
        found.lines.person,
        found.lines.judge,
        found.lines.longer,
        found.lines.judge_less_person,
        found.lines.judge_less_longer,
        *(one.agreement for one in found.persons),
        *(one.kappa for one in found.persons),
    ]
    return np.array([[row.value, row.low, row.high] for row in rows])


def test_swapping_the_completions_leaves_every_figure() -> None:
    length = rng(4).normal(0, 100, N)
    judge = np.where(rng(9).random(N) < 0.2, 0.0, PEOPLE[0])
    one = compare(PEOPLE, judge, rng(), length)
    other = compare(-PEOPLE, -judge, rng(), -length)
    values, others = figures(one), figures(other)
    assert values[:, 0] == pytest.approx(others[:, 0], abs=1e-12)
    # Only the draws differ.
    assert values == pytest.approx(others, abs=0.03)
    first = length_bias(judge, MAJORITY, length, rng())
    second = length_bias(-judge, -MAJORITY, -length, rng())
    assert first.coefficient.value == pytest.approx(second.coefficient.value)
    assert first.coefficient.low == pytest.approx(second.coefficient.low)


def test_the_order_of_people_and_items_does_not_matter() -> None:
    order = rng(2).permutation(N)
    one = compare(PEOPLE, PEOPLE[0], rng())
    other = compare(PEOPLE[::-1][:, order], PEOPLE[0][order], rng())
    assert one.majority.value == other.majority.value
    assert one.alpha_people.value == pytest.approx(other.alpha_people.value)
    assert one.lines.person.value == other.lines.person.value


def test_sums_give_the_plain_coefficients() -> None:
    tables = np.zeros((1, 9))
    for first, second in zip(PEOPLE[0], PEOPLE[1], strict=True):
        if not np.isnan(first + second):
            tables[0, int(3 * (first + 1) + second + 1)] += 1
    assert kappa(tables)[0] == pytest.approx(cohen_kappa(PEOPLE[0], PEOPLE[1]).value)
    counts = counts_of(PEOPLE)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(3)
    n = counts.sum(axis=1)
    sums = (pairs[n > 1] / (n[n > 1] - 1)[:, None, None]).sum(axis=0).reshape(1, 9)
    assert alpha(sums)[0] == pytest.approx(krippendorff_alpha(PEOPLE).value)


def test_intervals_are_those_of_the_plain_bootstrap() -> None:
    fast = alpha_interval(PEOPLE, rng())
    plain = bootstrap_items(PEOPLE, krippendorff_alpha, rng(2), n_resamples=600)
    assert fast.value == plain.value
    assert (fast.low, fast.high) == pytest.approx((plain.low, plain.high), abs=0.02)
    two = PEOPLE[:2]
    pair = kappa_interval(two[0], two[1], rng())
    plain = bootstrap_items(two, lambda r: cohen_kappa(r[0], r[1]), rng(2), 600)
    assert (pair.low, pair.high) == pytest.approx((plain.low, plain.high), abs=0.03)


def test_kappa_that_chance_alone_would_reach_is_not_defined() -> None:
    found = kappa_interval(np.ones(5), np.ones(5), rng())
    assert np.isnan(found.value) and np.isnan(found.low)


def test_draws_in_chunks_are_the_draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # All different, so that items are drawn and not patterns.
    sums = np.stack([rng(3).random(50), np.ones(50)], axis=1)
    whole = resample(sums, lambda s: s[:, 0] / s[:, 1], rng(), 200)
    monkeypatch.setattr("models_service.resampling.CHUNK", 50 * 7)
    assert resample(sums, lambda s: s[:, 0] / s[:, 1], rng(), 200) == whole


def test_patterns_give_the_interval_of_items() -> None:
    hits = (rng(3).random(400) < 0.3).astype(float)
    few = np.stack([hits, np.ones(400)], axis=1)
    many = np.column_stack([few, rng(4).random(400)])
    one, other = resample(few, ratio, rng(), 2000), resample(many, ratio, rng(), 2000)
    half = 1.96 * (0.3 * 0.7 / 400) ** 0.5
    for found in (one, other):
        assert found.value == hits.mean()
        assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)


def test_choices_are_codes_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="1, 0, -1"):
        compare(PEOPLE, np.full(N, 0.5), rng())
    with pytest.raises(ValueError, match="do not match"):
        compare(PEOPLE, np.zeros(N - 1), rng())


# --- tags, strata, replacement ---


def test_each_tag_has_its_own_figures_and_small_ones_are_not_shown() -> None:
    tags = [["even"] if at % 2 == 0 else ["odd", "odd"] for at in range(N)]
    tags[0] = ["even", "rare"]
    judge = np.where(np.arange(N) % 2 == 0, MAJORITY, -MAJORITY)
    found = per_tag(PEOPLE, judge, tags, rng())
    assert [cell.name for cell in found.shown] == ["even", "odd"]
    assert found.n_suppressed == 1
    even, odd = found.shown
    # A majority of ties stays one when it is turned round.
    assert even.majority.value == 1 > odd.majority.value
    assert even.n_items == (~np.isnan(MAJORITY[::2])).sum()
    assert even.kappa.value == 1 and odd.kappa.low < odd.kappa.high < 0


def test_each_stratum_is_compared_with_its_own_people() -> None:
    people = np.vstack([np.tile(np.r_[np.ones(30), -np.ones(30)], (5, 1))] * 2)
    people[5:] *= -1
    strata = ["one"] * 5 + ["two"] * 5 + ["few", ""]
    people = np.vstack([people, np.zeros((2, 60))])
    found = per_stratum(people, people[0], strata, rng())
    assert [(c.name, c.majority.value) for c in found.shown] == [("one", 1), ("two", 0)]
    assert [c.n_people for c in found.shown] == [5, 5]
    assert found.n_suppressed == 1


def test_replacing_a_coin_by_the_majority_is_a_gain() -> None:
    people = PEOPLE.copy()
    people[2] = np.where(rng(8).random(N) < 0.5, 1.0, -1.0)
    rest = majority_of(counts_of(np.delete(people, 2, axis=0)))
    found = replace_person(people, rest, 2, rng())
    assert found.gain.low > 0.2
    assert found.gain.value == pytest.approx(
        found.with_model.value - found.with_person.value
    )


def test_replacing_somebody_by_themselves_changes_nothing() -> None:
    found = replace_person(PEOPLE, PEOPLE[1], 1, rng())
    assert (found.gain.value, found.gain.low, found.gain.high) == (0, 0, 0)
    assert found.with_person.value == found.with_model.value
    assert found.n_items <= N and found.n_pairs > found.n_items


def test_replacement_by_hand() -> None:
    people = np.array([[1.0, 1.0, NAN], [1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
    found = replace_person(people, np.array([1.0, -1.0, 1.0]), 0, rng())
    assert (found.n_items, found.n_pairs) == (2, 4)
    assert found.with_person.value == pytest.approx(1 / 4)
    assert found.with_model.value == pytest.approx(3 / 4)
