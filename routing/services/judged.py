"""Step route: the strategy of a fit beside every baseline, as the run keeps it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.baselines import BASELINES, Judged, judge_all
from routing.curve import SHARES, Point
from routing.models import RoutingPolicy
from routing.services.plain import Figures, plain

if TYPE_CHECKING:
    from routing.services.fit import Decided

LEAST_CURVE = 20


@dataclass(frozen=True)
class JudgedFigures:
    """The point of this budget, None without a curve, and what the run keeps."""

    here: Point | None
    figures: Figures


def judged_figures(
    policy: RoutingPolicy, decided: "Decided", rng: np.random.Generator, share: float
) -> JudgedFigures:
    """Judge what was chosen and all else on the seed; nothing where it is too small.

    `share`: what people label of the open items under this budget.
    """
    rows, strategy = decided.rows, decided.scores.strategy
    is_seed = decided.live.is_seed[rows]
    if is_seed.sum() < LEAST_CURVE:
        return JudgedFigures(None, {"curve": [], "here": None, "baselines": {}})
    shares = (*SHARES, round(share, 6))
    reserve = policy.reserve_share
    judged = judge_all(
        decided.known, rows, is_seed, strategy, shares, reserve, rng, policy.ppm
    )
    *points, here = judged[strategy].points
    kept = {
        "curve": [_compared(one) for one in points],
        "here": _compared(here),
        "baselines": {
            name: _baseline(judged[name]) for name in BASELINES if name != strategy
        },
    }
    return JudgedFigures(here, kept)


def _compared(point: Point) -> Figures:
    return {
        "budget": point.budget,
        "chosen": plain(point.chosen),
        "random": plain(point.random),
        "gain": plain(point.gain),
        "words": point.words,
    }


def _baseline(judged: Judged) -> Figures:
    if not judged.points:
        return {"reason": judged.reason, "curve": None, "here": None}
    *points, here = judged.points
    return {
        "reason": None,
        "curve": [_alone(one) for one in points],
        "here": _alone(here),
    }


def _alone(point: Point) -> Figures:
    return {
        "budget": point.budget,
        "label_accuracy": plain(point.chosen),
        "gain": plain(point.gain),
        "words": point.words,
    }
