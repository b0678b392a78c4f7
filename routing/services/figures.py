"""Step route: what a fit tells of itself: the curve and the tags.

Everything is plain JSON, kept with the run; docs/ROUTING.md explains each key.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from annotation.words import gettext as _
from routing.budget_prices import price_curve
from routing.curve import SHARES, UNDECIDED
from routing.models import RoutingPolicy
from routing.services.audit_facts import audit_facts
from routing.services.judged import judged_figures
from routing.services.plain import Figures
from routing.services.tag_figures import tag_figures

if TYPE_CHECKING:
    from routing.services.fit import Decided


def figures_of(
    policy: RoutingPolicy, decided: "Decided", rng: np.random.Generator
) -> Figures:
    """Return what the page shows of a fit."""
    spent, live = decided.spent, decided.live
    n_open = len(decided.open)
    share = _share_of_people(decided)
    gain = decided.scores.learned.gain
    judged = judged_figures(policy, decided, rng, share)
    here = judged.here
    return {
        "n_pool": live.n,
        "n_open": n_open,
        "n_human": int(spent.human.sum()),
        "n_bought": int(live.is_bought.sum()),
        "n_reserve": int(spent.is_reserve.sum()),
        "n_seen": int(live.is_seen[decided.open].sum()),
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
        "advice": _advice(decided),
        "ppm": _ppm(decided),
        **audit_facts(policy, decided),
        "reserve": asdict(spent.reserve) if spent.reserve else None,
        **tag_figures(decided),
        "cost_usd": str(
            sum(decided.prices[decided.open[at]] for at in spent.order.tolist())
        ),
        "label_usd": str(policy.label_usd),
        "prices": price_curve(
            decided.scores.score[decided.open],
            decided.cost,
            [decided.prices[at] for at in decided.open.tolist()],
            SHARES,
        ),
        "left": str(decided.spending.left),
    }


def _share_of_people(decided: "Decided") -> float:
    """Return the share of all that was routed which people have or get, in [0, 1].

    What they had from earlier runs counts: else every run would look at what is left
    of the budget alone.
    """
    n_bought = int(decided.live.is_bought.sum())
    n = n_bought + len(decided.open)
    return (n_bought + int(decided.spent.human.sum())) / n if n else 0.0


def _advice(decided: "Decided") -> list[str]:
    """Return what would help, where routing cannot be told from random."""
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
