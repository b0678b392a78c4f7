"""PURE: what the scores of a reward model say as a verdict on one item."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from annotation.questions import Question
from annotation.rankings import asked
from models_service.combining import UNSURE, Combined, sigmoid
from models_service.prompts.base import Case, question_for
from models_service.strength import grade_of, strength_of


def question_of(case: Case) -> Question | None:
    """Return the question that scores answer: a comparison of two, else a ranking."""
    n = len(case.completions)
    compared = question_for("pairwise", case.questions) if n == 2 else None
    ranked = question_for("ranking", case.questions) if n > 1 else None
    return compared or ranked


def verdict_of_scores(
    question: Question,
    scores: Sequence[float],
    scale: float,
    tie_band: float,
    spread: float | None = None,
) -> Combined:
    """Return the verdict on one item of which every completion has a score.

    Parameters
    ----------
    question : Question
        A comparison, of two completions, or a ranking.
    scores : float, shape [n_completions]
        In canonical order; higher is better. They stand in `means` under "score".
    scale : float
        P(completion 0 is preferred) = sigmoid((scores[0] - scores[1]) / scale).
    tie_band : float, in [0, 1/2)
        A comparison with |P - 1/2| up to this is a tie.
    spread : float or None
        Of an ensemble: standard deviation of its members' differences of the two
        scores, which weakens the strength (models_service.strength). None = no
        ensemble.

    Raises
    ------
    ValueError
        If the question is answered by no scores, or the scale is not positive.
    """
    if not scale > 0:
        raise ValueError(f"{scale!r} is no scale: it must be positive.")
    told = {"score": tuple(scores)}
    if question.type == "ranking":
        value = _ranking(asked(question, len(scores)), scores)
        return Combined("ok", question=question, value=value, means=told)
    if question.type != "comparison" or len(scores) != 2:
        raise ValueError(f"{len(scores)} scores do not answer {question.name!r}")
    logit = scores[0] - scores[1]
    p_a = sigmoid(logit / scale)
    lead, width = logit / scale, (spread or 0.0) / scale
    is_tie = abs(p_a - 0.5) <= tie_band
    grade = 0 if is_tie else grade_of(lead, width, question.strength)
    # A tie where people are offered none is the machine's own doubt.
    flags = () if grade or question.allow_tie else (UNSURE,)
    return Combined(
        "ok",
        question=question,
        value={"value": grade},
        logit=logit,
        p_a=p_a,
        flags=flags,
        means=told,
        spread=spread,
        strength=None if spread is None else strength_of(lead, width),
    )


def _ranking(question: Question, scores: Sequence[float]) -> dict[str, Any]:
    """Return the completions by score; equal scores share a place."""
    ordered = sorted(range(len(scores)), key=lambda index: -scores[index])
    tiers = [list(tier) for _score, tier in groupby(ordered, key=scores.__getitem__)]
    most = question.n_places
    if not most:
        return {"tiers": tiers, "unacceptable": []}
    below = sorted(index for tier in tiers[most:] for index in tier)
    return {"tiers": tiers[:most], "unacceptable": [], "below": below}
