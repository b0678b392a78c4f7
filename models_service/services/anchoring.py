"""What suggestions do to answers: computed by a worker and kept; and who sets them.

Beat looks for what has changed; a page or REST asks for it at once. What it costs to
compute bounds how often that is done, as for services.reports.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from math import isfinite
from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from annotation.models import (
    MachineAnnotator,
    Project,
    SuggestionPolicy,
    Withdrawal,
)
from annotation.selectors import figures as counted
from annotation.services.each import for_each
from annotation.services.suggestions import set_policy
from models_service.anchoring import FORMULA, anchoring
from models_service.calibration import Temperature
from models_service.models import AnchoringReport
from models_service.selectors.exposures import Shown, read_exposures
from models_service.selectors.trust import trust_of
from models_service.services.reports import LONGEST_S, REST_FACTOR
from models_service.trust import plain


def choose_policy(
    *,
    project: Project,
    by: User,
    machine: MachineAnnotator | None,
    arms: Mapping[str, int],
    has_reason: bool,
) -> SuggestionPolicy | None:
    """Set when people see what a machine says, with how sure it is; None ends it.

    Raises InvalidError with every fault named.
    """
    return set_policy(
        project=project,
        by=by,
        machine=machine,
        arms=arms,
        has_reason=has_reason,
        temperature=temperature_of(machine) if machine else None,
    )


def temperature_of(machine: MachineAnnotator) -> float | None:
    """Return what a machine's evidence is to be divided by; one query.

    None where its newest report tells none: before labels, for one that never tells how
    sure it is, and where its evidence was put right in another way.
    """
    trust = trust_of(machine)
    told = trust.figures["calibration"] if trust else None
    calibrator = trust.calibrator if trust else None
    if not told or told["is_silent"] or not isinstance(calibrator, Temperature):
        return None
    value = calibrator.value
    return value if isfinite(value) and value > 0 else None


@transaction.atomic
def request_anchoring(*, project: Project) -> AnchoringReport:
    """Ask a worker for the report; where none is alive, beat asks again."""
    report, _made = AnchoringReport.objects.get_or_create(project=project)
    AnchoringReport.objects.filter(pk=report.pk).update(requested_at=timezone.now())
    # Imported here: tasks imports this module.
    from models_service.tasks import compute_anchoring

    transaction.on_commit(lambda: compute_anchoring.delay(project.pk), robust=True)
    report.refresh_from_db()
    return report


def refresh_stale() -> None:
    """Compute each report that was asked for, or whose answers have changed since.

    Projects that never had a policy cost nothing.
    """
    reports = AnchoringReport.objects.in_bulk()
    had = SuggestionPolicy.objects.values("project_id")

    def look(project: Project) -> None:
        report = reports.get(project.pk)
        if _rests(report):
            return
        is_asked = report is None or report.requested_at is not None
        if is_asked or _is_stale(report, project):
            refresh_once(project)

    for_each(Project.objects.filter(pk__in=had).order_by("id").iterator(), look)


def _rests(report: AnchoringReport | None) -> bool:
    """Tell whether it is too early to compute it anew."""
    if report is None or report.computed_at is None or report.requested_at:
        return False
    if report.formula != FORMULA:
        return False
    rest = timedelta(seconds=report.cost_s * REST_FACTOR)
    return timezone.now() < report.computed_at + rest


def _is_stale(report: AnchoringReport | None, project: Project) -> bool:
    if report is None:
        return True
    return (report.mark, report.formula) != (_mark(project), FORMULA)


def _mark(project: Project) -> str:
    """Return what changes whenever answers or policies come or go; three queries."""
    gone = Withdrawal.objects.filter(project=project).aggregate(
        n=Count("id"), n_answers=Sum("n_answers")
    )
    n_policies = SuggestionPolicy.objects.filter(project=project).count()
    # Without its last part, the day: nothing here depends on that.
    latest = counted.latest(project).rpartition("|")[0]
    return "|".join(map(str, (latest, *gone.values(), n_policies)))


def refresh_once(project: Project) -> None:
    """Compute a report unless another worker is at it."""
    key = f"anchoring-at-work:{project.pk}"
    if not cache.add(key, True, LONGEST_S):
        return
    try:
        refresh(project=project)
    finally:
        cache.delete(key)


def _beside(shown: Shown) -> dict[str, Any]:
    """Return what a report tells beside its figures: of whom, and what is not in it."""
    machine = shown.machine
    return {
        "machine": machine
        and {
            "id": str(machine.public_id),
            "name": machine.name,
            "number": machine.number,
        },
        "n_unclear": shown.n_unclear,
        "n_other_machines": shown.n_other_machines,
        "skips": dict(shown.skips),
    }


def refresh(*, project: Project) -> AnchoringReport:
    """Compute and store the report; the same answers give the same figures."""
    began, started_at = time.monotonic(), timezone.now()
    mark = _mark(project)
    shown = read_exposures(project)
    told = plain(anchoring(shown.exposures)) | _beside(shown)
    report, _made = AnchoringReport.objects.update_or_create(
        project=project,
        defaults={
            "figures": told,
            "mark": mark,
            "formula": FORMULA,
            "cost_s": round(time.monotonic() - began, 3),
            "computed_at": timezone.now(),
        },
    )
    # What was asked for while this was computed is still to be done.
    AnchoringReport.objects.filter(
        Q(requested_at__lte=started_at), pk=project.pk
    ).update(requested_at=None)
    report.refresh_from_db()
    return report
