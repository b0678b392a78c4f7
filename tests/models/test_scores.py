"""What scores say as a verdict: side, strength, probability, ties, order."""

from math import exp, log

import pytest

from annotation.questions import Question
from models_service.scores import verdict_of_scores

PAIR = Question("preference", "comparison", "Which is better?", strength=3)
ORDER = Question("order", "ranking", "In which order?")


def test_probability_is_the_sigmoid_of_the_scaled_difference() -> None:
    found = verdict_of_scores(PAIR, (2.5, 0.5), scale=4.0, tie_band=0.0)
    assert found.logit == 2.0
    assert found.p_a == pytest.approx(1 / (1 + exp(-0.5)))
    assert found.probability == pytest.approx(found.p_a)
    assert found.means == {"score": (2.5, 0.5)}
    assert (found.status, found.flags, found.bias) == ("ok", (), None)


@pytest.mark.parametrize(
    ("p_a", "value"),
    # The strength is 2p - 1 of the three steps, rounded, and at least one.
    [(0.51, 1), (0.74, 1), (0.76, 2), (0.9, 2), (0.92, 3), (0.49, -1), (0.08, -3)],
)
def test_strength_grows_with_the_probability(p_a: float, value: int) -> None:
    logit = log(p_a / (1 - p_a))
    found = verdict_of_scores(PAIR, (logit, 0.0), scale=1.0, tie_band=0.0)
    assert found.value == {"value": value}


def test_swapping_the_completions_turns_the_verdict() -> None:
    one = verdict_of_scores(PAIR, (0.3, 1.9), scale=1.0, tie_band=0.05)
    other = verdict_of_scores(PAIR, (1.9, 0.3), scale=1.0, tie_band=0.05)
    assert one.value["value"] == -other.value["value"]
    assert one.p_a is not None
    assert other.p_a is not None
    assert one.p_a == pytest.approx(1 - other.p_a)


def test_within_the_band_is_a_tie() -> None:
    inside = verdict_of_scores(PAIR, (0.1, 0.0), scale=1.0, tie_band=0.03)
    outside = verdict_of_scores(PAIR, (0.2, 0.0), scale=1.0, tie_band=0.03)
    assert inside.value == {"value": 0}
    assert inside.probability is None
    assert outside.value == {"value": 1}


def test_a_tie_where_none_is_offered_is_flagged() -> None:
    strict = Question("p", "comparison", "Which?", strength=1, allow_tie=False)
    found = verdict_of_scores(strict, (1.0, 1.0), scale=1.0, tie_band=0.0)
    assert (found.value, found.flags) == ({"value": 0}, ("unsure",))


def test_a_ranking_is_by_score_and_equal_scores_share_a_place() -> None:
    found = verdict_of_scores(ORDER, (0.5, 2.0, 0.5, -1.0), scale=1.0, tie_band=0.0)
    assert found.value == {"tiers": [[1], [0, 2], [3]], "unacceptable": []}
    assert found.logit is None


def test_a_rating_is_not_answered() -> None:
    rating = Question("marks", "rating", "How good?")
    with pytest.raises(ValueError, match="do not answer"):
        verdict_of_scores(rating, (0.5, 2.0), scale=1.0, tie_band=0.0)


def test_a_scale_must_be_positive() -> None:
    with pytest.raises(ValueError, match="no scale"):
        verdict_of_scores(PAIR, (0.5, 2.0), scale=0.0, tie_band=0.0)


@pytest.mark.parametrize(
    ("spread", "grade", "strength"),
    # 2 · sigmoid(3) - 1 = 0.905; with a spread of 5 the mean is divided by
    # sqrt(1 + 25 pi / 8) = 3.289: 2 · sigmoid(0.912) - 1 = 0.427.
    [(0.0, 3, 0.905), (5.0, 1, 0.427)],
)
def test_members_that_differ_make_an_ensembles_preference_weaker(
    spread: float, grade: int, strength: float
) -> None:
    found = verdict_of_scores(PAIR, (3.0, 0.0), 1.0, 0.0, spread)
    assert (found.value, found.spread) == ({"value": grade}, spread)
    assert found.strength == pytest.approx(strength, abs=5e-4)
    alone = verdict_of_scores(PAIR, (3.0, 0.0), 1.0, 0.0)
    assert (alone.value, alone.strength) == ({"value": 3}, None)
