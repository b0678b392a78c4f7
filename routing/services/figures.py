"""Step route: what a fit tells of itself: the curve, the audit, the tags.

Everything is plain JSON, kept with the run; docs/ROUTING.md explains each key.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from annotation.agreement.intervals import wilson_interval
from annotation.words import gettext as _
from routing.curve import (
    LEAST_CELL,
    LEAST_ERRORS,
    SHARES,
    UNDECIDED,
    Estimate,
    Point,
    cross_scores,
    curve_of,
    mean_of,
)
from routing.models import RoutingPolicy
from routing.pairs import Bools, Floats, Ints
from routing.proxy import folds_of
from routing.scoring import score_by, take_known
from routing.spending_plan import chance_of
from routing.splits import Split
from routing.strategies import learn

if TYPE_CHECKING:
    from routing.services.fit import Decided

N_FOLDS = 5
N_SHOWN = 3
LEAST_CURVE = 20
TINY = 1e-12
NOTHING = np.zeros(0, dtype=np.int64)
Figures = dict[str, Any]


def figures_of(
    policy: RoutingPolicy, decided: "Decided", rng: np.random.Generator
) -> Figures:
    """Return what the page shows of a fit."""
    spent, live = decided.spent, decided.live
    n_open = len(decided.open)
    share = float(spent.human.mean()) if n_open else 0.0
    gain = decided.scores.learned.gain
    points = _curve(policy, decided, rng, share)
    here = points.pop() if points else None
    return {
        "n_pool": live.n,
        "n_open": n_open,
        "n_human": int(spent.human.sum()),
        "n_reserve": int(spent.is_reserve.sum()),
        "n_labelled": int(live.is_labelled.sum()),
        "n_by_people": decided.spending.n_labelled,
        "n_learned": len(decided.rows),
        "n_seed": int((live.is_seed & live.is_labelled).sum()),
        "human_share": round(share, 6),
        "strategy": decided.scores.strategy,
        "strategy_note": decided.scores.note,
        "is_informative": gain.is_informative,
        "note": gain.note,
        "cv_gain": gain.cv_gain,
        "encoder": decided.features.encoder,
        "encoder_note": decided.features.note,
        "signals": list(decided.known.signals.names),
        "curve": [_point(point) for point in points],
        "here": _point(here) if here else None,
        "verdict": here.words if here else UNDECIDED,
        "advice": _advice(decided, here),
        "ppm": _ppm(decided),
        "audit": _audit(decided),
        "tags": _tags(decided),
        "cost_usd": str(sum(decided.prices[at] for at in spent.order.tolist())),
        "label_usd": str(policy.label_usd),
        "left": str(decided.spending.left),
    }


def _curve(
    policy: RoutingPolicy, decided: "Decided", rng: np.random.Generator, share: float
) -> list[Point]:
    """Return the curve on the seed, and last the point of this budget."""
    live = decided.live
    rows = decided.rows
    is_seed = live.is_seed[rows]
    if is_seed.sum() < LEAST_CURVE:
        return []
    known = take_known(decided.known, rows)
    fold = folds_of(known.pairs.group, N_FOLDS, rng)
    streams = iter(rng.spawn(int(fold.max()) + 1))

    def score(inside: Ints, outside: Ints) -> Floats:
        learned = learn(known, Split(inside, outside, NOTHING), next(streams))
        found = score_by(
            known, learned, decided.scores.performance, decided.scores.strategy
        )
        return np.asarray(found[outside])

    scores = cross_scores(len(rows), fold, score)
    shares = (*SHARES, round(share, 6))
    return curve_of(
        scores[is_seed],
        known.wrong[is_seed],
        fold[is_seed],
        known.pairs.group[is_seed],
        shares,
    )


def _point(point: Point) -> Figures:
    return {
        "budget": point.budget,
        "chosen": _estimate(point.chosen),
        "random": _estimate(point.random),
        "gain": _estimate(point.gain),
        "words": point.words,
    }


def _estimate(found: Estimate) -> Figures:
    return {name: round(value, 6) for name, value in asdict(found).items()}


def _advice(decided: "Decided", here: Point | None) -> list[str]:
    """Return what would help, where routing cannot be told from random."""
    if here is not None and here.words != UNDECIDED:
        return []
    said = [_("More labels in the seed would narrow the interval.")]
    signals = decided.known.signals
    if not signals.n_judges:
        said.append(_("A second judge would show where the AI may be wrong."))
    if len(signals.names) == signals.n_judges:
        said.append(_("Ask the AI in both orders: where they differ it is unsure."))
    return said


def _ppm(decided: "Decided") -> Figures | None:
    found = decided.scores.performance
    return asdict(found.fit) if found else None


# --- the audit ----------------------------------------------------------------------


def _audit(decided: "Decided") -> Figures:
    """Return unbiased estimates from items that nothing was learned from."""
    live, known = decided.live, decided.known
    rows = np.flatnonzero(live.is_audit & live.is_labelled)
    if len(rows) < LEAST_CELL:
        return {"n": len(rows), "is_suppressed": True}
    wrong = known.wrong[rows]
    n_wrong = int(wrong.sum())
    chance = _chance(decided, rows)
    hybrid = mean_of(1.0 - wrong * (1.0 - chance), known.pairs.group[rows])
    told: Figures = {
        "n": len(rows),
        "n_wrong": n_wrong,
        "is_suppressed": False,
        "agreement": _share(len(rows) - n_wrong, len(rows)),
        "hybrid_accuracy": _estimate(hybrid),
        "errors_found": None,
        "by_tag": _by_tag(decided, rows),
    }
    if n_wrong >= LEAST_ERRORS:
        errors = wrong > 0
        found = mean_of(chance[errors], known.pairs.group[rows][errors])
        told["errors_found"] = _estimate(found)
    return told


def _chance(decided: "Decided", rows: Ints) -> Floats:
    """Return the chance that items like those of the audit come to people."""
    if not len(decided.open):
        return np.zeros(len(rows))
    if np.ptp(decided.scores.score) < TINY:
        # Nothing is preferred: each has the chance of all.
        return np.full(len(rows), float(decided.spent.human.mean()))
    cost = np.full(len(rows), float(np.median(decided.cost)))
    return chance_of(decided.scores.score[rows], cost, decided.spent)


def _by_tag(decided: "Decided", rows: Ints) -> list[Figures]:
    tags = decided.scores.learned.tags
    wrong = decided.known.wrong[rows]
    found = []
    for name, has in zip(tags.names, tags.has[rows].T, strict=True):
        n = int(has.sum())
        if n >= LEAST_CELL:
            n_right = n - int(wrong[has].sum())
            found.append({"name": name, "n": n, "agreement": _share(n_right, n)})
    return found


def _share(n_hits: int, n: int) -> Figures:
    found = wilson_interval(n_hits, n)
    return _estimate(Estimate(found.value, found.low, found.high))


# --- the tags -----------------------------------------------------------------------


def _tags(decided: "Decided") -> list[Figures]:
    """Return what each tag gains from people, the most first.

    `gain`: the mean of its open items; `slope` with its interval: what the performance
    prediction model says, in nats of log-likelihood for all items of the pool.
    """
    tags = decided.scores.learned.tags
    performance = decided.scores.performance
    has_open = tags.has[decided.open]
    gain = decided.scores.gain[decided.open]
    found = []
    for place, name in enumerate(tags.names):
        has: Bools = has_open[:, place]
        n = int(has.sum())
        if n < LEAST_CELL:
            continue
        taught = decided.rows[tags.has[decided.rows, place]]
        one: Figures = {
            "name": name,
            "n_open": n,
            "gain": round(float(gain[has].mean()), 6),
            "n_seed": len(taught),
            "wrong": _wrong(decided, taught),
            "slope": None,
            "examples": _strongest(decided, np.flatnonzero(has)),
        }
        if performance is not None:
            model = performance.model
            values = (model.slopes[place], model.low[place], model.high[place])
            one["slope"] = _estimate(Estimate(*(float(v) for v in values)))
        found.append(one)
    return sorted(found, key=lambda one: (-one["gain"], one["name"]))


def _wrong(decided: "Decided", taught: Ints) -> Figures | None:
    if len(taught) < LEAST_CELL:
        return None
    return _share(int(decided.known.wrong[taught].sum()), len(taught))


def _strongest(decided: "Decided", rows: Ints) -> list[int]:
    """Return the numbers of the open items of a tag with the highest gains."""
    gain = decided.scores.gain[decided.open][rows]
    best = rows[np.argsort(-gain, kind="stable")[:N_SHOWN]]
    return [int(n) for n in decided.live.numbers[decided.open[best]]]
