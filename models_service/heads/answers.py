"""PURE: what a reward says as an answer to a project's question."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from annotation.answers import Question
from annotation.rankings import asked
from models_service.heads.ensemble import probability


def answer_of(question: Question, rewards: Sequence[float]) -> dict[str, Any] | None:
    """Return the value of an answer in canonical order; None where there is no such.

    A comparison has the strength 2p - 1 of the steps that the question offers, and at
    least one: only equal rewards are a tie. A ranking has the rewards in their order.
    A reward has no place on a scale of marks, so a rating is never answered.
    """
    if question.type == "comparison" and len(rewards) == 2:
        return {"value": _grade(rewards[0] - rewards[1], question.strength)}
    if question.type == "ranking":
        return _ranking(asked(question, len(rewards)), rewards)
    return None


def _grade(logit: float, strength: int) -> int:
    if logit == 0:
        return 0
    p = float(probability(np.array(abs(logit))))
    steps = min(strength, max(1, round((2 * p - 1) * strength)))
    return steps if logit > 0 else -steps


def _ranking(question: Question, rewards: Sequence[float]) -> dict[str, Any]:
    tiers: list[list[int]] = []
    for index in sorted(range(len(rewards)), key=lambda i: -rewards[i]):
        if tiers and rewards[tiers[-1][0]] == rewards[index]:
            tiers[-1].append(index)
        else:
            tiers.append([index])
    if not question.n_places:
        return {"tiers": tiers, "unacceptable": []}
    below = sorted(i for tier in tiers[question.n_places :] for i in tier)
    kept = tiers[: question.n_places]
    return {"tiers": kept, "unacceptable": [], "below": below}
