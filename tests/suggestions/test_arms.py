"""Arms are drawn as their weights say, and the same way each time."""

import math

import pytest

from annotation.suggestions import ARMS, draw_arm


def test_each_arm_has_its_share() -> None:
    weights: dict[str, int] = {"blind": 1, "revealed": 2, "hedged": 3, "shown": 4}
    drawn = [draw_arm(weights, 7, item, item % 40) for item in range(10_000)]
    for arm in ARMS:
        share = weights[arm] / 10
        n = sum(one == (arm, share) for one in drawn)
        bound = 4 * math.sqrt(10_000 * share * (1 - share))
        assert abs(n - 10_000 * share) < bound


def test_the_same_person_and_item_keep_their_arm() -> None:
    weights = {str(arm): 1 for arm in ARMS}
    first = [draw_arm(weights, 3, item, 5)[0] for item in range(50)]
    assert first == [draw_arm(weights, 3, item, 5)[0] for item in range(50)]
    assert first != [draw_arm(weights, 4, item, 5)[0] for item in range(50)]
    assert first != [draw_arm(weights, 3, item, 6)[0] for item in range(50)]


def test_a_policy_of_one_arm_draws_nothing_else() -> None:
    assert {draw_arm({"shown": 5}, 1, item, 1) for item in range(20)} == {("shown", 1)}


def test_no_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="an arm with a weight"):
        draw_arm({"shown": 0}, 1, 1, 1)
