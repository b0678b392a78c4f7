"""The anchoring effect is recovered, with intervals that hold what they promise."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from annotation.suggestions import ARMS
from models_service.anchoring import (
    MIN_PER_ARM,
    anchoring,
    effect_of,
    half_width,
)
from models_service.crossed import MIN_PEOPLE, t_quantile
from tests.counts import n_runs
from tests.suggestions.copying import (
    World,
    exposures,
    share_covered,
    shown_less_blind,
)

BLIND, REVEALED, HEDGED, SHOWN = range(4)
RUNS = n_runs(150, 2000)

WORLDS = {
    "everybody alike": World(person_spread=0),
    "people differ": World(),
    "people differ much, items too": World(n_people=40, overlap=10, n_items=60),
    "as few people as are told of": World(n_people=MIN_PEOPLE, n_items=150),
    "no effect": World(copying=0),
    "no effect, one answer to an item": World(copying=0, overlap=1),
    "everything is copied": World(copying=1),
    "policies of other shares": World(shares=((0.1, 0, 0, 0.9), (0.7, 0, 0, 0.3))),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_interval_holds_the_true_effect_as_often_as_it_says(name: str) -> None:
    world = WORLDS[name]
    covered, mean = share_covered(world, RUNS, seed=11)
    # Four standard errors of a share of 95 % below: what is wrong would be far lower.
    assert covered > 0.95 - 4 * math.sqrt(0.95 * 0.05 / RUNS)
    assert mean == pytest.approx(world.effect, abs=0.02)


def test_intervals_are_not_much_wider_than_they_must_be() -> None:
    world = World(n_people=40, overlap=10, n_items=60)
    rng = np.random.default_rng(5)
    values = [shown_less_blind(world.drawn(rng)).value for _ in range(RUNS)]
    ideal = 2 * 1.96 * np.std([one.value for one in values])
    assert np.mean([one.high - one.low for one in values]) < 1.25 * ideal


def test_a_naive_interval_would_promise_too_much_of_people_who_differ() -> None:
    # Few people, of whom some always copy and some never do.
    world = World(n_people=8, n_items=400, person_spread=5, item_spread=0)
    rng = np.random.default_rng(6)
    naive = []
    for _ in range(RUNS):
        found = world.drawn(rng)
        effect = shown_less_blind(found)
        p = found.agrees.mean()
        half = 1.96 * math.sqrt(p * (1 - p) * (1 / effect.n + 1 / effect.n_than))
        naive.append(abs(effect.value.value - world.effect) <= half)
    assert np.mean(naive) < 0.75
    assert share_covered(world, RUNS, seed=6)[0] > np.mean(naive) + 0.15


def test_the_variance_is_that_of_a_bootstrap_of_people() -> None:
    # One answer to an item, so that nothing but the people ties answers together.
    found = World(n_people=60, n_items=1200, overlap=1, person_spread=3).drawn(
        np.random.default_rng(3)
    )
    rng, drawn = np.random.default_rng(4), []
    by_person = [np.flatnonzero(found.people == one) for one in range(60)]
    for _ in range(600):
        rows = np.concatenate([by_person[k] for k in rng.integers(0, 60, 60)])
        blind = found.arms[rows] == BLIND
        agrees = found.agrees[rows]
        drawn.append(agrees[~blind].mean() - agrees[blind].mean())
    value = shown_less_blind(found).value
    counts = np.bincount(found.people)
    freedom = counts.sum() ** 2 / (counts**2).sum() - 1
    spread = (value.high - value.low) / 2 / t_quantile(freedom)
    assert spread == pytest.approx(np.std(drawn), rel=0.12)


def test_an_effect_by_hand() -> None:
    people = list(range(8)) * 2
    arms = [SHOWN] * 8 + [BLIND] * 8
    agrees = [*[1] * 6, 0, 0, *[1] * 4, 0, 0, 0, 0]
    effect = shown_less_blind(exposures(range(16), people, arms, agrees))
    assert effect.value.value == pytest.approx(0.25)
    assert (effect.n, effect.n_than, effect.n_people) == (8, 8, 8)
    assert effect.value.low < 0 < effect.value.high


def test_answers_weigh_by_the_inverse_of_the_probability_of_their_arm() -> None:
    # Policy 0 showed nine in ten on easy items, policy 1 one in ten on hard ones; the
    # suggestion does nothing, and only the weights see that.
    rng = np.random.default_rng(8)
    n = 20_000
    policies = np.arange(n) % 2
    shares = ((0.1, 0, 0, 0.9), (0.9, 0, 0, 0.1))
    arms = np.where(rng.random(n) < np.array([0.9, 0.1])[policies], SHOWN, BLIND)
    agrees = rng.random(n) < np.array([0.9, 0.4])[policies]
    people = rng.integers(0, 50, n)
    found = exposures(np.arange(n), people, arms, agrees, policies, shares)
    raw = found.agrees[arms == SHOWN].mean() - found.agrees[arms == BLIND].mean()
    value = shown_less_blind(found).value
    assert raw > 0.3
    assert value.low < 0 < value.high
    assert abs(value.value) < 0.03


def test_a_policy_without_both_arms_says_nothing_of_their_difference() -> None:
    always = exposures(
        range(4),
        range(4),
        [SHOWN] * 4,
        [1] * 4,
        [1] * 4,
        [(0.5, 0, 0, 0.5), (0, 0, 0, 1)],
    )
    world = World().drawn(np.random.default_rng(1))
    both = exposures(
        np.concatenate([world.items, always.items + 1000]),
        np.concatenate([world.people, always.people]),
        np.concatenate([world.arms, always.arms]),
        np.concatenate([world.agrees, always.agrees]),
        np.concatenate([world.policies, always.policies]),
        always.shares.tolist(),
    )
    effect = shown_less_blind(both)
    assert effect.value == shown_less_blind(world).value
    assert effect.n_other == 4


def test_everybody_agreeing_is_not_certainty() -> None:
    n = 60
    arms = np.arange(n) % 2 * SHOWN
    found = exposures(range(n), np.arange(n) // 2 % 10, arms, [1] * n)
    effect = shown_less_blind(found)
    assert effect.value.value == 0
    assert effect.value.low < -0.03
    assert effect.value.high > 0.03
    told = anchoring(found).arms[BLIND]
    assert told.agreement.high == 1
    assert 0.8 < told.agreement.low < 1


def test_one_arm_alone_has_nothing_to_compare_with() -> None:
    n = 50
    found = anchoring(exposures(range(n), np.arange(n) % 10, [SHOWN] * n, [1] * n))
    effect = found.effects[0]
    assert math.isnan(effect.value.value)
    assert (effect.reason, effect.n, effect.n_than) == ("no_answers", n, 0)
    assert found.arms[SHOWN].agreement.value == 1
    assert math.isnan(found.arms[BLIND].agreement.value)


def test_arms_of_two_policies_that_never_met_are_not_compared() -> None:
    n = 40
    policies = np.arange(n) % 2
    arms = np.where(policies == 0, BLIND, SHOWN)
    shares = ((1, 0, 0, 0), (0, 0, 0, 1))
    found = exposures(range(n), np.arange(n) % 10, arms, [1] * n, policies, shares)
    assert shown_less_blind(found).reason == "no_both"


def test_few_people_get_no_interval() -> None:
    world = World(n_people=MIN_PEOPLE - 1).drawn(np.random.default_rng(1))
    effect = shown_less_blind(world)
    assert effect.reason == "few_people"
    assert not math.isnan(effect.value.value)
    assert math.isnan(effect.value.low)


def test_no_answers_at_all_are_told_as_such() -> None:
    found = anchoring(exposures([], [], [], []))
    assert (found.n, found.n_people, found.changes.n) == (0, 0, 0)
    assert {one.reason for one in found.effects} == {"no_answers"}


def test_numbering_people_and_items_anew_changes_nothing() -> None:
    world = World().drawn(np.random.default_rng(2))
    rng = np.random.default_rng(3)
    other = replace(
        world,
        people=rng.permutation(20)[world.people],
        items=rng.permutation(200)[world.items],
    )
    told, again = shown_less_blind(other).value, shown_less_blind(world).value
    for one, same in zip(
        (told.value, told.low, told.high),
        (again.value, again.low, again.high),
        strict=True,
    ):
        assert one == pytest.approx(same)


def test_changing_the_two_arms_changes_the_sign() -> None:
    world = World().drawn(np.random.default_rng(2))
    everything = np.ones(world.arms.size, bool)
    one = effect_of(world, "shown", "blind", everything).value
    other = effect_of(world, "blind", "shown", everything).value
    assert (one.value, one.low) == pytest.approx((-other.value, -other.high))


# --- over-reliance, what changed after a reveal, time ---


def test_leaning_on_a_machine_that_is_wrong_is_told_apart() -> None:
    # The machine is with the others on even items; only on odd ones do people copy.
    rng = np.random.default_rng(9)
    n = 4000
    items = np.arange(n)
    arms = rng.integers(0, 2, n) * SHOWN
    is_with = items % 2 == 0
    agrees = np.where(is_with, 1, (arms == SHOWN) & (rng.random(n) < 0.4))
    found = replace(
        exposures(items, rng.integers(0, 30, n), arms, agrees),
        with_others=is_with.astype(float),
    )
    told = anchoring(found)
    assert told.when_with[0].value.value == 0
    assert told.when_against[0].value.value == pytest.approx(0.4, abs=0.05)
    assert told.when_against[0].value.low > 0.3


def test_too_few_answers_say_nothing_of_reliance() -> None:
    n = 2 * MIN_PER_ARM - 2
    found = replace(
        exposures(range(n), np.arange(n) % 9, np.arange(n) % 2 * SHOWN, [1] * n),
        with_others=np.ones(n),
    )
    assert math.isnan(anchoring(found).when_with[0].value.value)


def test_what_changed_after_a_reveal() -> None:
    n = 100
    before = np.arange(n) < 50
    after = before.copy()
    after[50:60], after[:5] = True, False
    changed = before != after
    changed[90:92] = True
    found = replace(
        exposures(range(n), np.arange(n) % 10, [REVEALED] * n, before),
        last_agrees=after.astype(float),
        is_changed=changed,
        shares=np.array([(0, 1.0, 0, 0)]),
    )
    told = anchoring(found).changes
    assert told.n == n
    assert told.changed.value == pytest.approx(0.17)
    assert told.towards.value == pytest.approx(0.10)
    assert told.away.value == pytest.approx(0.05)
    assert 0 < told.away.low < 0.05 < told.away.high < 0.2


def test_the_time_of_an_arm_is_the_median_of_what_is_known() -> None:
    found = replace(
        exposures(range(4), range(4), [BLIND] * 3 + [SHOWN], [1] * 4),
        active_ms=np.array([1000.0, np.nan, 4000.0, np.nan]),
    )
    told = anchoring(found).arms
    assert told[BLIND].median_ms == 2500
    assert told[SHOWN].median_ms is None
    assert [one.arm for one in told] == list(ARMS)


# --- what to expect ---


def test_the_expected_width_is_that_of_the_intervals_to_come() -> None:
    world = World(
        n_people=60, n_items=900, overlap=1, base=0.5, copying=0, item_spread=0
    )
    told = shown_less_blind(world.drawn(np.random.default_rng(1))).value
    expected = half_width(900, 0.5, 0.5)
    assert (told.high - told.low) / 2 == pytest.approx(expected, rel=0.15)
    assert math.isnan(half_width(900, 0, 1))
    assert half_width(900, 0.1, 0.9) > half_width(900, 0.5, 0.5)


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042)]
)
def test_the_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert t_quantile(freedom) == pytest.approx(quantile, rel=0.004)
    assert t_quantile(1e9) == pytest.approx(NormalDist().inv_cdf(0.975))
