"""A jury is the weighted mean of its members' calibrated logits."""

from dataclasses import replace
from math import exp, pi, sqrt

import pytest

from models_service.combining import (
    ORDER_INCONSISTENT,
    UNSURE,
    Combined,
    combine,
    sigmoid,
)
from models_service.jury import SPLIT, Member, decide
from tests.models.cases import BACKWARD, FORWARD, PREFERENCE, of_logit, pairwise


def judge(logit: float) -> Combined:
    return combine(of_logit(FORWARD, logit), of_logit(BACKWARD, -logit))


def test_mean_of_logits_each_by_its_own_temperature() -> None:
    found = decide([Member(judge(4.0), temperature=2.0), Member(judge(-1.0))])
    assert found.logit == pytest.approx((2 - 1) / 2)
    assert found.p_a == pytest.approx(sigmoid(0.5))
    assert found.spread == pytest.approx(1.5)
    assert found.value == {"value": 1} and found.flags == (SPLIT,)


def test_weights_decide_and_no_weight_is_not_heard() -> None:
    one, other = judge(2.0), judge(-1.0)
    assert decide([Member(one, weight=1), Member(other, weight=3)]).value == {
        "value": -1
    }
    alone = decide([Member(one), Member(other, weight=0)])
    assert alone.logit == pytest.approx(2.0)
    assert (alone.spread, alone.flags) == (0.0, ())


def test_order_of_members_does_not_matter() -> None:
    members = [Member(judge(x), weight=w) for x, w in ((2.0, 1), (-0.5, 2), (1.0, 1))]
    one, other = decide(members), decide(members[::-1])
    assert one.logit == pytest.approx(other.logit or 0)
    assert one.value == other.value


def test_most_weight_for_a_tie_is_a_tie() -> None:
    tie = combine(pairwise(FORWARD, "tie", 0), pairwise(BACKWARD, "tie", 0))
    assert decide([Member(tie), Member(tie), Member(judge(3.0))]).value == {"value": 0}
    assert decide([Member(judge(0.1)), Member(judge(-0.1))]).value == {"value": 0}
    both_bad = combine(
        pairwise(FORWARD, "both_bad", 0), pairwise(BACKWARD, "both_bad", 0)
    )
    found = decide([Member(both_bad), Member(both_bad), Member(tie)])
    assert found.value == {"value": 0, "both_bad": True}


def test_contradictions_are_no_votes_for_a_tie() -> None:
    torn = combine(pairwise(FORWARD, "A"), pairwise(BACKWARD, "A"))
    assert torn.value == {"value": 0} and torn.logit == 0
    found = decide([Member(torn), Member(torn), Member(judge(3.0))])
    assert found.logit == pytest.approx(1.0)
    assert found.value["value"] > 0
    assert decide([Member(torn), Member(torn)]).value == {"value": 0}


def test_contradictions_are_no_evidence_however_sure_they_are() -> None:
    # Evidence 3 where completion 0 is in front, -1 where it is behind: mean 1.
    torn = combine(of_logit(FORWARD, 3.0), of_logit(BACKWARD, 1.0))
    assert (torn.logit, torn.flags) == (1.0, (ORDER_INCONSISTENT,))
    alone = decide([Member(torn)] * 3)
    assert (alone.value, alone.flags) == ({"value": 0}, (ORDER_INCONSISTENT,))
    assert (alone.logit, alone.spread, alone.strength) == (0, 0, 0)
    beside = decide([Member(torn), Member(judge(-0.5))])
    assert beside.logit == pytest.approx(-0.25)
    assert beside.value["value"] < 0 and ORDER_INCONSISTENT not in beside.flags


def test_three_members_by_hand() -> None:
    # Evidence 3/1.5 = 2, 1, -1; shares 2/4, 1/4, 1/4: the mean is 1, the variance
    # (2 · 1² + 1 · 0² + 1 · 2²) / 4 = 1.5.
    found = decide(
        [
            Member(judge(3.0), temperature=1.5, weight=2),
            Member(judge(1.0), weight=1),
            Member(judge(-1.0), weight=1),
        ]
    )
    assert found.logit == pytest.approx(1.0)
    assert found.spread == pytest.approx(sqrt(1.5))
    moderated = 1 / (1 + exp(-1 / sqrt(1 + pi * 1.5 / 8)))
    assert found.strength == pytest.approx(2 * moderated - 1)
    assert found.p_a == pytest.approx(1 / (1 + exp(-1)))
    assert (found.value, found.flags) == ({"value": 1}, (SPLIT,))
    # Of the three pairs of members two are opposed: each lies 2/12 + 1/2 apart.
    assert found.disagreement == pytest.approx((0 + 2 / 3 + 2 / 3) / 3)


def test_one_judge_thrice_is_that_judge() -> None:
    one = judge(1.7)
    found = decide([Member(one)] * 3)
    assert found.logit == pytest.approx(one.logit or 0)
    assert found.p_a == pytest.approx(one.p_a or 0)
    assert found.spread == pytest.approx(0, abs=1e-12)
    assert (found.disagreement, found.flags) == (0.0, ())
    assert found.value["value"] > 0 < one.value["value"]


def test_member_without_weight_changes_nothing() -> None:
    heard = [Member(judge(1.5)), Member(judge(0.5))]
    biased = Member(judge(-9.0), weight=0)
    assert decide([*heard, biased]) == decide(heard)


def test_agreement_is_strong_and_a_split_is_weak() -> None:
    agreed = decide([Member(judge(x)) for x in (3.0, 3.2, 2.8)])
    split = decide([Member(judge(x)) for x in (6.0, -3.0, 6.0)])
    assert split.logit == pytest.approx(agreed.logit or 0)
    assert agreed.spread is not None and split.spread is not None
    assert agreed.spread < 0.2 < 4 < split.spread
    assert agreed.strength is not None and split.strength is not None
    assert split.strength < agreed.strength
    assert (agreed.value, split.value) == ({"value": 3}, {"value": 1})
    torn = decide([Member(judge(x)) for x in (6.0, -5.0)])
    assert (torn.value, torn.flags) == ({"value": 1}, (SPLIT,))


def test_tie_that_people_are_not_offered_is_flagged() -> None:
    strict = replace(PREFERENCE, allow_tie=False)
    said = [replace(judge(x), question=strict) for x in (1.0, -1.0)]
    found = decide([Member(one) for one in said])
    assert (found.value, found.flags) == ({"value": 0}, (SPLIT, UNSURE))


def test_members_without_a_verdict_do_not_count() -> None:
    failed = Combined("failed", "It broke.")
    refused = Combined("refused", "It declined.")
    assert decide([Member(failed), Member(judge(1.0))]).logit == pytest.approx(1.0)
    silent = decide([Member(refused), Member(failed)])
    assert (silent.status, silent.answers) == ("failed", {})


def test_jury_without_weight_has_no_verdict_and_no_tie() -> None:
    found = decide([Member(judge(1.0), weight=0)])
    assert found.status == "failed" and found.value is None
    assert "carries weight" in found.reason


def test_jury_needs_members_and_weights() -> None:
    with pytest.raises(ValueError, match="needs members"):
        decide([])
    with pytest.raises(ValueError, match="negative"):
        decide([Member(judge(1.0), weight=-1)])
    unknown = replace(judge(1.0), logit=None)
    assert decide([Member(unknown), Member(judge(-1.0))]).value == {"value": -1}
