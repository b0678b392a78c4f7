"""A jury is the weighted mean of its members' calibrated logits."""

from dataclasses import replace

import pytest

from models_service.combining import Combined, combine, sigmoid
from models_service.jury import SPLIT, Member, decide
from tests.models.cases import BACKWARD, FORWARD, of_logit, pairwise


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


def test_strength_is_that_of_the_side_that_won() -> None:
    strong = combine(pairwise(FORWARD, "A", 3), pairwise(BACKWARD, "B", 3))
    slight = combine(pairwise(FORWARD, "A", 2), pairwise(BACKWARD, "B", 2))
    assert decide([Member(strong, weight=3), Member(slight)]).value == {"value": 3}


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
