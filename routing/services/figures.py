"""Step route: what a fit tells of itself: the curve, the audit, the tags.

Everything is plain JSON, kept with the run; docs/ROUTING.md explains each key.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from annotation.words import gettext as _
from routing.curve import LEAST_CELL, LEAST_ERRORS, UNDECIDED, Point, mean_of
from routing.models import RoutingPolicy
from routing.pairs import Floats, Ints
from routing.services.judged import judged_figures
from routing.services.plain import Figures, plain, plain_share
from routing.services.tag_figures import tag_figures
from routing.spending_plan import chance_of

if TYPE_CHECKING:
    from routing.services.fit import Decided

TINY = 1e-12


def figures_of(
    policy: RoutingPolicy, decided: "Decided", rng: np.random.Generator
) -> Figures:
    """Return what the page shows of a fit."""
    spent, live = decided.spent, decided.live
    n_open = len(decided.open)
    share = float(spent.human.mean()) if n_open else 0.0
    gain = decided.scores.learned.gain
    judged = judged_figures(policy, decided, rng, share)
    here = judged.here
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
        **judged.figures,
        "verdict": here.words if here else UNDECIDED,
        "advice": _advice(decided, here),
        "ppm": _ppm(decided),
        "audit": _audit(decided),
        **tag_figures(decided),
        "cost_usd": str(
            sum(decided.prices[decided.open[at]] for at in spent.order.tolist())
        ),
        "label_usd": str(policy.label_usd),
        "left": str(decided.spending.left),
    }


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
    return {**asdict(found.fit), "kind": found.kind} if found else None


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
        "agreement": plain_share(len(rows) - n_wrong, len(rows)),
        "hybrid_accuracy": plain(hybrid),
        "errors_found": None,
        "by_tag": _by_tag(decided, rows),
    }
    if n_wrong >= LEAST_ERRORS:
        errors = wrong > 0
        found = mean_of(chance[errors], known.pairs.group[rows][errors])
        told["errors_found"] = plain(found)
    return told


def _chance(decided: "Decided", rows: Ints) -> Floats:
    """Return the chance that items like those of the audit come to people."""
    if not len(decided.open):
        return np.zeros(len(rows))
    if np.ptp(decided.scores.score) < TINY:
        # Nothing is preferred: each has the chance of all.
        return np.full(len(rows), float(decided.spent.human.mean()))
    cost = np.ones(len(rows))
    if decided.spending.budget_items is None:
        cost = np.array([float(decided.prices[at]) for at in rows.tolist()])
    return chance_of(decided.scores.score[rows], cost, decided.spent)


def _by_tag(decided: "Decided", rows: Ints) -> list[Figures]:
    tags = decided.scores.learned.tags
    wrong = decided.known.wrong[rows]
    found = []
    for name, has in zip(tags.names, tags.has[rows].T, strict=True):
        n = int(has.sum())
        if n >= LEAST_CELL:
            n_right = n - int(wrong[has].sum())
            found.append({"name": name, "n": n, "agreement": plain_share(n_right, n)})
    return found
