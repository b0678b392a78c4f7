"""Step route: what the audit says, computed by a worker and kept; anew when it changes.

What a fit leaves of its audit is no answer of people (services.audit_facts); what they
said is read anew each time. Beat looks for what has changed, so that nothing of who
withdrew stays; until then pages tell nothing.
"""

import time
from dataclasses import asdict
from datetime import timedelta

import numpy as np
from django.utils import timezone

from annotation.services.each import for_each
from models_service.services.reports import REST_FACTOR
from models_service.trust import plain as as_json
from routing.curve import LEAST_CELL, LEAST_ERRORS, share_of_all
from routing.models import AuditReport, RoutingPolicy, RoutingRun
from routing.pairs import Floats, consensus_of
from routing.selectors.audited import AuditItems, gone_from, mark_of, read_audit
from routing.selectors.pairs import votes_of
from routing.selectors.state import newest_run
from routing.services.plain import Figures, plain
from routing.strata import strata_of

# The version of what `figures_of` returns; others are computed anew.
FORMULA = 1


def refresh_stale() -> None:
    """Compute each audit whose answers have changed; forget those of ended policies."""
    policies = RoutingPolicy.objects.select_related("project", "machine").filter(
        ended_at=None
    )
    reports = AuditReport.objects.in_bulk()
    AuditReport.objects.exclude(project__in=policies.values("project")).delete()

    def compute(policy: RoutingPolicy) -> None:
        report = reports.get(policy.project_id)
        if _rests(report):
            return
        run = audited_run(policy)
        if run is not None and _is_stale(report, run):
            refresh(run=run)

    for_each(policies.order_by("id"), compute)


def audited_run(policy: RoutingPolicy) -> RoutingRun | None:
    """Return the newest fit whose decisions hold and that left an audit; one query."""
    run = newest_run(policy, RoutingRun.Kind.FIT)
    if run is None or "audit_facts" not in run.figures:
        return None
    run.policy = policy
    return run


def _rests(report: AuditReport | None) -> bool:
    """Tell whether it is too early to compute it anew; never where somebody left."""
    if report is None or report.formula != FORMULA:
        return False
    if report.gone != gone_from(report.project):
        return False
    rest = timedelta(seconds=report.cost_s * REST_FACTOR)
    return timezone.now() < report.computed_at + rest


def _is_stale(report: AuditReport | None, run: RoutingRun) -> bool:
    if report is None:
        return True
    return (report.mark, report.formula) != (mark_of(run), FORMULA)


def refresh(*, run: RoutingRun) -> AuditReport:
    """Compute and store the audit of a fit; the same answers give the same figures."""
    began = time.monotonic()
    project = run.policy.project
    # Before the answers are read: what comes in between makes it stale.
    mark, gone = mark_of(run), gone_from(project)
    told = figures_of(read_audit(run))
    report, _made = AuditReport.objects.update_or_create(
        project=project,
        defaults={
            "figures": told | {"run": str(run.job.public_id)},
            "mark": mark,
            "gone": gone,
            "formula": FORMULA,
            "cost_s": round(time.monotonic() - began, 3),
            "computed_at": timezone.now(),
        },
    )
    return report


def figures_of(found: AuditItems) -> Figures:
    """Return unbiased estimates from items that nothing was learned from."""
    n = len(found.ai)
    strata = as_json(strata_of(found.table, found.ai, found.chance, found.strata))
    told: Figures = {"n": n, "is_suppressed": n < LEAST_CELL, "strata": strata}
    if n < LEAST_CELL:
        return told
    votes = votes_of(found.table, found.table.choices)
    wrong = (consensus_of(votes) != found.ai).astype(np.float64)
    n_wrong = int(wrong.sum())
    group, weight, all_items = found.group, found.weight, found.population
    right = share_of_all(1.0 - wrong, group, weight)
    hybrid = share_of_all(1.0 - wrong * (1.0 - found.chance), group, weight)
    told |= {
        "n_wrong": n_wrong,
        **asdict(all_items),
        "agreement": plain(all_items.agreement(right)),
        "hybrid_accuracy": plain(all_items.accuracy(hybrid)),
        "errors_found": None,
        "by_tag": _by_tag(found, wrong),
    }
    if n_wrong >= LEAST_ERRORS:
        errors = wrong > 0
        mended = share_of_all(found.chance[errors], group[errors], weight[errors])
        told["errors_found"] = plain(mended)
    return told


def _by_tag(found: AuditItems, wrong: Floats) -> list[Figures]:
    told = []
    for name, rows in found.tags.items():
        if len(rows) >= LEAST_CELL:
            share = share_of_all(
                1.0 - wrong[rows], found.group[rows], found.weight[rows]
            )
            told.append({"name": name, "n": len(rows), "agreement": plain(share)})
    return told
