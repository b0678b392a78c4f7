"""Find out whether a machine annotator can be asked, as a job: one small call."""

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.access import Seat
from annotation.errors import ConflictError
from annotation.models import Job, MachineAnnotator
from annotation.services import jobs
from annotation.words import gettext as _
from models_service.selectors.checks import checks_of
from models_service.services.backends import open_endpoint, open_generator
from models_service.specs import OFFERED

if TYPE_CHECKING:
    from models_service.backends.endpoint_check import Finding


@transaction.atomic
def request_check(*, seat: Seat, machine: MachineAnnotator) -> Job:
    """Store a job that checks a machine annotator; the one that waits, if one does.

    Raises ConflictError where it is of a kind that is not asked.
    """
    if machine.backend not in OFFERED:
        raise ConflictError(_("This AI annotator is not one that is asked."))
    MachineAnnotator.objects.select_for_update(no_key=True).get(pk=machine.pk)
    waiting = checks_of(machine).filter(state__in=jobs.UNFINISHED).first()
    if waiting is not None:
        return waiting
    return jobs.create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.CHECK_BACKEND,
        parameters={"name": machine.name, "machine": str(machine.public_id)},
    )


def run_check(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    machine = MachineAnnotator.objects.get(
        project_id=job.project_id, public_id=job.parameters["machine"]
    )
    with jobs.kept_alive(job):
        findings = _findings(machine)
    return {
        "findings": [asdict(one) for one in findings],
        "message": _summary([one.state for one in findings]),
        "n_done": 1,
        "n_total": 1,
    }


def _findings(machine: MachineAnnotator) -> "list[Finding]":
    # Heavy: they load an HTTP client or torch, which no web process needs.
    from models_service.backends.endpoint_check import Finding, check
    from models_service.backends.local import LocalModel

    if machine.backend == MachineAnnotator.Backend.ENDPOINT:
        with closing(open_endpoint(machine)) as endpoint:
            return check(endpoint)
    with closing(open_generator(machine)) as model:
        if not isinstance(model, LocalModel):
            raise jobs.JobFailed(_("This AI annotator is not one that is asked."))
        runs, *notes = model.check()
    return [
        Finding("model", "ok", runs),
        *(Finding("template", "warning", note) for note in notes),
    ]


def _summary(states: list[str]) -> str:
    if "problem" in states:
        return _("It cannot be asked as it is. What to mend is said below.")
    if "warning" in states:
        return _("It can be asked; some things are worth knowing.")
    return _("It can be asked.")
