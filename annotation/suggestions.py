"""PURE: the arms of a policy for suggestions, and which one an assignment falls into.

Steps set-up and annotate. An arm says when a person sees what a machine annotator said
of an item (design after Kim et al. 2024, "I'm Not Sure, But ...", on hedged wording):

========  ===========================================================================
arm       the verdict is
========  ===========================================================================
blind     never shown
revealed  shown once the first answer is stored, which may be changed then
hedged    shown from the beginning, as "I am not sure, but ..."
shown     shown from the beginning
========  ===========================================================================
"""

import random
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Arm: TypeAlias = Literal["blind", "revealed", "hedged", "shown"]
ARMS: tuple[Arm, ...] = get_args(Arm)
BLIND: Arm = "blind"
REVEALED: Arm = "revealed"
# What is visible before the first answer.
BEFORE: frozenset[Arm] = frozenset(("hedged", "shown"))
MAX_WEIGHT = 100
# The type of question that each judging protocol answers; a test holds it full.
PROTOCOL_TYPES: Mapping[str, str] = {
    "pairwise": "comparison",
    "self_reference": "comparison",
    "debate": "comparison",
    "criteria": "rating",
    "ranking": "ranking",
}


def blind_percent(weights: Mapping[str, int]) -> float:
    """Return how many percent of the items have no suggestion for good, in [0, 100]."""
    total = sum(weights.values())
    return 100 * weights.get(BLIND, 0) / total if total else 100.0


def least_blind(check_share: float) -> float:
    """Return how many percent of the items must have no suggestion, in [0, 100].

    Checks and repeats never have one. With a share s of them among all that a person
    meets, and a share b of the items blind, what comes without a suggestion is one of
    them with probability s / (s + (1 - s) b): at most a half where b >= s / (1 - s).

    Parameters
    ----------
    check_share : float
        s, in [0, 1]; from a half on, no share of blind items is enough but all.
    """
    if check_share >= 0.5:
        return 100.0
    return 100 * check_share / (1 - check_share)


def draw_arm(
    weights: Mapping[str, int], seed: int, item: int, participant: int
) -> tuple[Arm, float]:
    """Return the arm of an item lent to a person, and the probability it had.

    The same seed, item and participant give the same arm, so that giving an item back
    and taking it again draws no second time.

    Parameters
    ----------
    weights : mapping of str to int
        The weight of each arm, from 0 to MAX_WEIGHT; what is missing is 0.
    item, participant : int
        Their numbers in the database.

    Raises
    ------
    ValueError
        If no arm has a weight.
    """
    held = [(arm, weights.get(arm, 0)) for arm in ARMS if weights.get(arm, 0) > 0]
    total = sum(weight for _, weight in held)
    if not total:
        raise ValueError("a policy needs an arm with a weight")
    # Not for secrets: the arm must be the same again from the same seed.
    draw = random.Random(f"{seed}:arm:{item}:{participant}")  # noqa: S311
    place = draw.randrange(total)
    for arm, weight in held:
        if place < weight:
            return arm, weight / total
        place -= weight
    raise AssertionError("unreachable: the place lies below the total")
