"""Checks of machine annotators: the newest one, as the page shows it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotation.models import Job, MachineAnnotator


@dataclass(frozen=True)
class ShownCheck:
    """A check, with what it found: `name`, `state` and `message` of each thing."""

    job: Job

    @property
    def is_under_way(self) -> bool:
        """Tell whether it has not ended."""
        return self.job.state in (Job.State.WAITING, Job.State.RUNNING)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Return what it found."""
        return list(self.job.result.get("findings", []))


def checks_of(machine: MachineAnnotator) -> QuerySet[Job]:
    """Return the jobs that check a machine annotator, the newest first."""
    return Job.objects.filter(
        project_id=machine.project_id,
        kind=Job.Kind.CHECK_BACKEND,
        parameters__machine=str(machine.public_id),
    ).order_by("-created_at")


def newest_check(machine: MachineAnnotator) -> ShownCheck | None:
    """Return the newest check; one query."""
    job = checks_of(machine).first()
    return ShownCheck(job) if job else None
