"""How far each machine annotator agrees with people: computed by a worker, kept.

Beat looks for what has changed; a page or REST asks for one at once. What it costs to
compute bounds how often that is done.
"""

import time
from datetime import timedelta

import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from annotation.models import MachineAnnotator, PreAnnotation, Project, Withdrawal
from annotation.selectors import figures as counted
from annotation.services.each import for_each
from models_service.models import MachineReport, Run
from models_service.selectors.arrays import SEED
from models_service.selectors.evidence import Found, read_evidence
from models_service.trust import FORMULA, figures

# A report that took long is computed again later, so that they never take more than a
# twentieth of a worker's time.
REST_FACTOR = 20
LONGEST_S = 3600


@transaction.atomic
def request_report(*, machine: MachineAnnotator) -> MachineReport:
    """Ask a worker for a report; where none is alive, beat asks again."""
    report, _made = MachineReport.objects.get_or_create(machine=machine)
    MachineReport.objects.filter(pk=report.pk).update(requested_at=timezone.now())
    # Imported here: tasks imports this module.
    from models_service.tasks import compute_report

    transaction.on_commit(lambda: compute_report.delay(machine.pk), robust=True)
    report.refresh_from_db()
    return report


def refresh_stale() -> None:
    """Compute each report that was asked for, or whose answers have changed since."""
    reports = MachineReport.objects.in_bulk()

    def look(project: Project) -> None:
        machines = MachineAnnotator.objects.filter(project=project).exclude(
            kind=MachineAnnotator.Kind.TAGGER
        )
        due = [
            one for one in machines.order_by("id") if not _rests(reports.get(one.pk))
        ]
        mark = _mark(project) if due else ""
        stale = [one for one in due if _is_stale(reports.get(one.pk), mark)]
        for_each(stale, refresh_once)

    for_each(Project.objects.order_by("id").iterator(), look)


def _rests(report: MachineReport | None) -> bool:
    """Tell whether it is too early to compute it anew."""
    if report is None or report.computed_at is None or report.requested_at:
        return False
    if report.formula != FORMULA:
        return False
    rest = timedelta(seconds=report.cost_s * REST_FACTOR)
    return timezone.now() < report.computed_at + rest


def _is_stale(report: MachineReport | None, mark: str) -> bool:
    if report is None or report.requested_at:
        return True
    return (report.mark, report.formula) != (mark, FORMULA)


def _mark(project: Project) -> str:
    """Return what changes whenever answers or verdicts come or go; five queries."""
    gone = Withdrawal.objects.filter(project=project).aggregate(
        n=Count("id"), n_answers=Sum("n_answers")
    )
    said = PreAnnotation.objects.filter(project=project).aggregate(
        n=Count("id"), newest=Max("id")
    )
    # A verdict that replaces one that failed is counted by its run.
    runs = Run.objects.filter(machine__project=project).aggregate(
        n=Sum("n_ok") + Sum("n_unparsable") + Sum("n_refused") + Sum("n_failed")
    )
    machines = MachineAnnotator.objects.filter(project=project, archived_at=None)
    # Without its last part, the day: nothing here depends on that.
    latest = counted.latest(project).rpartition("|")[0]
    rest = (*gone.values(), *said.values(), runs["n"], machines.count())
    return "|".join([latest, *map(str, rest)])


def refresh_once(machine: MachineAnnotator) -> None:
    """Compute a report unless another worker is at it."""
    key = f"report-at-work:{machine.pk}"
    if not cache.add(key, True, LONGEST_S):
        return
    try:
        refresh(machine=machine)
    finally:
        cache.delete(key)


def refresh(*, machine: MachineAnnotator) -> MachineReport:
    """Compute and store the report of a machine annotator.

    The same answers and verdicts give the same figures, which are then kept.
    """
    began, started_at = time.monotonic(), timezone.now()
    mark = _mark(machine.project)
    found = read_evidence(machine)
    inputs = found.inputs_sha256
    before = MachineReport.objects.filter(pk=machine.pk).first()
    is_same = before is not None and (before.inputs_sha256, before.formula) == (
        inputs,
        FORMULA,
    )
    told = before.figures if before is not None and is_same else compute(found)
    report, _made = MachineReport.objects.update_or_create(
        machine=machine,
        defaults={
            "figures": told,
            "inputs_sha256": inputs,
            "mark": mark,
            "formula": FORMULA,
            "cost_s": round(time.monotonic() - began, 3),
            "computed_at": timezone.now(),
        },
    )
    # What was asked for while this was computed is still to be done.
    MachineReport.objects.filter(Q(requested_at__lte=started_at), pk=machine.pk).update(
        requested_at=None
    )
    report.refresh_from_db()
    return report


def compute(found: Found) -> dict[str, object]:
    """Return all figures, with what they rest on."""
    told = figures(found.evidence, found.position, np.random.default_rng(SEED))
    people = told["people"]["shown"]
    for row in people:
        row["participant"] = found.labels.people[row.pop("index")]
    return {
        **told,
        "seed": SEED,
        "n_labelled": found.drawn.n_all,
        "n_used": len(found.drawn.items),
        "n_judged": found.n_judged,
        "n_answers": found.labels.n_main,
        "n_imported": found.labels.n_imported,
        "n_seen": found.labels.n_seen,
        "n_chosen": found.n_chosen,
    }
