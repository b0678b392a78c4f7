"""What the page shows of the newest fit whose decisions hold."""

from collections.abc import Mapping
from typing import Any

from annotation.models import Project
from annotation.words import gettext as _
from models_service.cells import MIN_STRATUM_PEOPLE
from routing.curve import LEAST_CELL
from routing.models import RoutingPolicy, RoutingRun
from routing.selectors.audit_page import audit_of, strata_page
from routing.selectors.learned import audited, tag_words, tags_of
from routing.selectors.what_if import Estimate, curve_of


def learned_context(
    project: Project, run: RoutingRun | None, share: float | None = None
) -> dict[str, Any]:
    """Return what the figures of a fit need; nothing where there is none.

    `share`: the size of budget that is looked at, of the open items.
    """
    if run is None:
        return {}
    figures = run.figures
    audit = audit_of(project, run)
    told: Mapping[str, Any] = audit.figures if audit else {}
    tags = tags_of(project, figures)
    groups = [(_("most"), tags.most), (_("least"), tags.least)] if tags else []
    return {
        "fit": figures,
        "fit_run": run,
        "took": 1000 * run.duration_s,
        "strategy": strategy_words(figures),
        "fit_notes": [
            figures[name]
            for name in ("strategy_note", "note", "encoder_note")
            if figures.get(name)
        ],
        "n_measured": n_measured(figures),
        "curve": curve_of(figures, share),
        "audit": audit,
        "audits": audited(told),
        "strata": strata_page(audit),
        "least": {"people": MIN_STRATUM_PEOPLE, "answers": LEAST_CELL},
        "audit_tags": [
            (
                tag_words(one["name"], figures["signals"]),
                one["n"],
                Estimate(**one["agreement"]),
            )
            for one in told.get("by_tag", [])
        ],
        "tags": tags,
        "tag_groups": groups,
    }


def n_measured(figures: Mapping[str, Any]) -> int:
    """Return on how many items the curve rests; the audit, of the seed, is none."""
    audit = figures.get("audit") or {}
    n_audit = figures.get("n_audit", audit.get("n", 0))
    return max(int(figures["n_seed"]) - int(n_audit), 0)


def strategy_words(figures: Mapping[str, Any]) -> str:
    """Return the strategy that was used, in words."""
    name = str(figures.get("strategy", ""))
    known = dict(RoutingPolicy.Strategy.choices)
    return str(known.get(name, name))


def share_of(text: str | None) -> float | None:
    """Return the size of budget in an address; None where it says none."""
    try:
        share = float(text or "")
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
