"""Two orders become one verdict; what the place adds goes out, and is told."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models_service.combining import (
    ONE_ORDER,
    ORDER_INCONSISTENT,
    UNSURE,
    Combined,
    combine,
    sigmoid,
)
from models_service.services.verdict_store import verdict_row
from models_service.verdicts import OrderVerdict, read
from models_service.weight import carries_weight, position_bias, position_bias_of
from tests.models.cases import (
    BACKWARD,
    FORWARD,
    LOG_3,
    MARKS,
    ORDER,
    case,
    of_logit,
    pairwise,
    reply,
)


def judged(true: float, bias: float) -> Combined:
    """Return the verdict of a judge whose logit is the truth plus a pull of the place.

    `true` favours completion 0.
    """
    return combine(of_logit(FORWARD, true + bias), of_logit(BACKWARD, -true + bias))


@pytest.mark.parametrize("true", [-3.0, -0.2, 0.1, 0.7, 4.0])
@pytest.mark.parametrize("bias", [-5.0, -0.3, 0.0, 0.3, 5.0])
def test_additive_bias_is_removed_exactly(true: float, bias: float) -> None:
    found = judged(true, bias)
    assert found.logit == pytest.approx(true, abs=1e-12)
    assert found.bias == pytest.approx(bias, abs=1e-12)
    assert found.p_a == pytest.approx(sigmoid(true), abs=1e-12)


@pytest.mark.parametrize("bias", [-5.0, 5.0])
def test_mean_of_probabilities_would_not_remove_it(bias: float) -> None:
    mean = (sigmoid(0.7 + bias) + 1 - sigmoid(-0.7 + bias)) / 2
    assert abs(mean - sigmoid(0.7)) > 0.1


def test_verdict_stands_where_both_orders_bear_it_out() -> None:
    found = judged(2.0, 0.5)
    assert (found.status, found.flags) == ("ok", ())
    assert found.answers == {"preference": {"value": 1}}
    assert found.probability == found.p_a == pytest.approx(sigmoid(2.0))
    assert judged(-2.0, 0.5).probability == pytest.approx(sigmoid(2.0))


def test_swapping_the_completions_turns_everything_but_the_bias() -> None:
    one, other = judged(1.3, 0.4), judged(-1.3, 0.4)
    assert one.answers["preference"]["value"] == -other.answers["preference"]["value"]
    assert one.p_a == pytest.approx(1 - (other.p_a or 0))
    assert one.bias == pytest.approx(other.bias)


def test_contradicting_orders_are_a_tie_with_the_flag_and_ok() -> None:
    found = judged(0.5, 2.0)
    assert found.status == "ok"
    assert found.answers == {"preference": {"value": 0}}
    assert found.flags == (ORDER_INCONSISTENT,)
    assert found.disagreement == pytest.approx(2 / 12 + 1 / 2)
    assert found.p_a == pytest.approx(sigmoid(0.5)) and found.probability is None
    assert found.rationale == ""


def test_order_of_the_two_verdicts_does_not_matter() -> None:
    one, other = pairwise(FORWARD, "A", 3), pairwise(BACKWARD, "tie", 0)
    assert combine(one, other) == combine(other, one)


@pytest.mark.parametrize(
    ("forward", "backward", "value", "flags"),
    [
        (("A", 3), ("B", 1), {"value": 2}, ()),
        (("A", 3), ("B", 2), {"value": 2}, ()),
        (("B", 2), ("A", 1), {"value": -1}, ()),
        (("A", 3), ("tie", 0), {"value": 1}, (UNSURE,)),
        (("tie", 0), ("A", 1), {"value": -1}, (UNSURE,)),
        (("tie", 0), ("tie", 0), {"value": 0}, ()),
        (("both_bad", 0), ("both_bad", 0), {"value": 0, "both_bad": True}, ()),
        (("both_bad", 0), ("tie", 0), {"value": 0}, ()),
        (("A", 1), ("A", 1), {"value": 0}, (ORDER_INCONSISTENT,)),
    ],
)
def test_values_of_two_orders(
    forward: tuple[str, int],
    backward: tuple[str, int],
    value: dict[str, object],
    flags: tuple[str, ...],
) -> None:
    found = combine(pairwise(FORWARD, *forward), pairwise(BACKWARD, *backward))
    assert (found.value, found.flags) == (value, flags)


def test_probability_that_gainsays_the_letters_makes_a_tie() -> None:
    one = pairwise(FORWARD, "A", logit=-2.0)
    found = combine(one, pairwise(BACKWARD, "B", logit=-0.1))
    assert found.value == {"value": 0} and found.flags == (UNSURE,)
    assert found.rationale == ""


def test_temperature_softens_and_tie_band_ties() -> None:
    both = of_logit(FORWARD, 1.0), of_logit(BACKWARD, -1.0)
    assert combine(*both, temperature=2.0).p_a == pytest.approx(sigmoid(0.5))
    assert combine(*both, tie_band=0.23).value == {"value": 1}
    assert combine(*both, tie_band=0.24).value == {"value": 0}
    with pytest.raises(ValueError, match="positive"):
        combine(*both, temperature=0)


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ("ok", "unparsable", "unparsable"),
        ("refused", "ok", "refused"),
        ("unparsable", "failed", "failed"),
        ("refused", "unparsable", "refused"),
    ],
)
def test_the_worse_status_is_that_of_both(one: str, other: str, status: str) -> None:
    first = OrderVerdict(FORWARD, one, f"{one}.")  # type: ignore[arg-type] # parametrised
    second = OrderVerdict(BACKWARD, other, f"{other}.")  # type: ignore[arg-type] # parametrised
    found = combine(first, second)
    assert (found.status, found.reason) == (status, f"{status}.")
    assert found.answers == {} and found.p_a is None and found.value is None


def test_one_order_says_that_it_is_one() -> None:
    found = combine(pairwise(BACKWARD, "A", 2))
    assert found.answers == {"preference": {"value": -2}}
    assert found.flags == (ONE_ORDER,) and found.bias is None
    assert found.p_a == pytest.approx(0.25)


def test_the_same_order_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="order of both"):
        combine(pairwise(FORWARD), pairwise(FORWARD))


# --- marks and rankings ---


def marked(
    order: tuple[int, ...], truth: list[object], tone: list[object]
) -> OrderVerdict:
    """Return marks in canonical order, as a judge says them of places."""
    letters = "ABC"[: len(order)]
    rows = {
        name: {at: marks[index] for at, index in zip(letters, order, strict=True)}
        for name, marks in (("truth", truth), ("tone", tone))
    }
    critiques = {at: str(index) for at, index in zip(letters, order, strict=True)}
    text = json.dumps({"critiques": critiques, "marks": rows, "reason": "r"})
    asked = case(*map(str, order), question=MARKS)
    found = read("criteria", asked, order, reply(text))
    assert found.status == "ok", found.reason
    return found


def test_marks_are_the_means_of_two_orders_with_their_spread() -> None:
    found = combine(
        marked(FORWARD, [4, 1], [3, "na"]), marked(BACKWARD, [2, 1], [2, "na"])
    )
    assert found.means == {"truth": (3.0, 1.0), "tone": (2.5, None)}
    assert found.answers == {"marks": {"truth": [3, 1], "tone": [2, "na"]}}
    assert found.spread == pytest.approx((1 + 0 + 0.5) / 3)
    assert found.critiques == ("0", "1")
    assert found.flags == () and found.p_a is None
    # Completion 0 leads in both orders, so the place shown first wins once.
    assert found.bias == 0


def test_marks_that_turn_with_the_order_are_flagged() -> None:
    found = combine(marked(FORWARD, [4, 1], [2, 2]), marked(BACKWARD, [1, 4], [2, 2]))
    assert found.flags == (ORDER_INCONSISTENT,) and found.bias == 1
    assert found.status == "ok"


def ranked(
    order: tuple[int, ...], *tiers: list[int], out: tuple[int, ...] = ()
) -> OrderVerdict:
    """Return a ranking in canonical order, as a judge says it of places."""
    letters = {index: "ABCD"[place] for place, index in enumerate(order)}
    said = {
        "ranking": [[letters[index] for index in tier] for tier in tiers],
        "unacceptable": [letters[index] for index in out],
        "reason": "r",
    }
    asked = case(*map(str, order), question=ORDER)
    found = read("ranking", asked, order, reply(json.dumps(said)))
    assert found.status == "ok", found.reason
    return found


ABCD, DCBA = (0, 1, 2, 3), (3, 2, 1, 0)


def test_rankings_meet_at_mean_ranks() -> None:
    found = combine(ranked(ABCD, [0], [1], [2], [3]), ranked(DCBA, [0], [2], [1], [3]))
    assert found.value == {"tiers": [[0], [1, 2], [3]], "unacceptable": []}
    assert found.flags == () and found.disagreement == pytest.approx(1 / 6)
    # One of six pairs follows the place in both orders.
    assert found.bias == pytest.approx(1 / 6)


def test_ranking_that_follows_the_places_is_one_tie_and_flagged() -> None:
    found = combine(ranked(ABCD, [0], [1], [2], [3]), ranked(DCBA, [3], [2], [1], [0]))
    assert found.value == {"tiers": [[0, 1, 2, 3]], "unacceptable": []}
    assert found.flags == (ORDER_INCONSISTENT,)
    assert (found.bias, found.disagreement) == (1, 1)


def test_unacceptable_in_both_orders_stays_so_and_in_one_is_last() -> None:
    found = combine(
        ranked(ABCD, [0], [1], out=(2, 3)), ranked(DCBA, [0], [1], [2], out=(3,))
    )
    assert found.value == {"tiers": [[0], [1], [2]], "unacceptable": [3]}


# --- whether a judge carries weight ---


def test_judge_of_the_first_place_ties_throughout_and_carries_no_weight() -> None:
    verdicts = [
        combine(pairwise(FORWARD, "A"), pairwise(BACKWARD, "A")) for _ in range(12)
    ]
    assert {one.value["value"] for one in verdicts} == {0}
    found = position_bias_of(verdicts)
    assert found.flips.value == 1 and found.n_flips == found.n_items == 12
    assert found.mean_bias.value == pytest.approx(LOG_3)
    assert found.bias_ratio == float("inf")
    weight = carries_weight(found)
    assert not weight.carries
    assert weight.reasons[0].startswith("It contradicts itself on 100% of 12 items")


def test_judge_of_the_longer_answer_has_no_position_bias() -> None:
    verdicts = [
        combine(pairwise(FORWARD, "A"), pairwise(BACKWARD, "B")) for _ in range(30)
    ]
    found = position_bias_of(verdicts)
    assert found.n_flips == 0 and found.mean_bias.value == 0
    assert carries_weight(found).carries


def test_coin_carries_no_weight() -> None:
    rng = np.random.default_rng(5)
    letters = ["AB"[side] for side in rng.integers(2, size=120)]
    verdicts = [
        combine(pairwise(FORWARD, one), pairwise(BACKWARD, other))
        for one, other in zip(letters[::2], letters[1::2], strict=True)
    ]
    found = position_bias_of(verdicts)
    assert found.flips.low < 0.5 < found.flips.high
    assert found.mean_bias.low < 0 < found.mean_bias.high
    assert not carries_weight(found).carries


def test_bias_below_the_evidence_carries_weight_and_above_it_does_not() -> None:
    rng = np.random.default_rng(6)
    truths = rng.normal(0, 2, 200)
    evidence = float(np.abs(truths).mean())
    slight = position_bias_of([judged(t, 0.2) for t in truths])
    assert slight.mean_bias.value == pytest.approx(0.2, abs=1e-12)
    assert slight.mean_evidence == pytest.approx(evidence)
    assert carries_weight(slight).carries
    heavy = carries_weight(position_bias_of([judged(t, -3.0) for t in truths]))
    assert [reason[:14] for reason in heavy.reasons] == [
        "It contradicts",
        "Where an answe",
    ]


def test_few_flips_on_few_items_say_nothing() -> None:
    assert carries_weight(position_bias([1.1], [True], [0.0])).carries
    assert carries_weight(position_bias([], [], [])).carries


def test_verdicts_without_a_status_do_not_count() -> None:
    good = combine(pairwise(FORWARD, "A"), pairwise(BACKWARD, "B"))
    failed = replace(good, status="failed")
    alone = combine(pairwise(FORWARD, "A"))
    assert position_bias_of([good, failed, alone]).n_items == 1


def test_the_reason_comes_with_the_order_whose_letters_it_uses() -> None:
    first = replace(pairwise(FORWARD, "A"), rationale="A is right.")
    second = replace(pairwise(BACKWARD, "B"), rationale="B is right.")
    found = combine(second, first)
    assert (found.rationale, found.rationale_order) == ("B is right.", (1, 0))
    assert tuple(verdict_row(found)["metadata"]["rationale_order"]) == (1, 0)
    silent = verdict_row(judged(0.5, 2.0))["metadata"]
    assert not {"rationale", "rationale_order"} & set(silent)
