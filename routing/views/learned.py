"""What the page shows of the newest fit whose decisions hold."""

from collections.abc import Mapping
from typing import Any

from annotation.models import Project
from models_service.cells import MIN_STRATUM_PEOPLE
from routing.curve import LEAST_CELL
from routing.models import RoutingRun
from routing.selectors.audit_page import audit_of, strata_page
from routing.selectors.estimates import Estimate
from routing.selectors.learned import audited, tags_of, telling_decisions
from routing.selectors.tag_words import tag_words
from routing.selectors.what_if import n_measured, strategy_words
from routing.views.policy_form import percent


def learned_context(project: Project, run: RoutingRun | None) -> dict[str, Any]:
    """Return what the figures of a fit need; nothing where there is none."""
    if run is None:
        return {}
    figures = run.figures
    audit = audit_of(project, run)
    told: Mapping[str, Any] = audit.figures if audit else {}
    return {
        "fit": figures,
        "fit_run": run,
        "fit_policy": run.policy,
        "fit_reserve": percent(run.policy.reserve_share),
        "took": 1000 * run.duration_s,
        "strategy": strategy_words(str(figures.get("strategy", ""))),
        "fit_notes": [
            figures[name]
            for name in ("strategy_note", "note", "encoder_note")
            if figures.get(name)
        ],
        "n_measured": n_measured(figures),
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
        "tags": tags_of(project, figures),
        "examples": telling_decisions(project, run),
    }
