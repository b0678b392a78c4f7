"""What the commands of machine annotators share: who asks, and waiting for a job."""

import time
from argparse import ArgumentParser
from collections.abc import Callable

from django.core.management.base import CommandError

from annotation.access import Seat
from annotation.models import Job, MachineAnnotator, Project, Role
from annotation.selectors.workers import workers_alive

POLL_S = 0.5
ENDED = (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED, Job.State.PAUSED)


def add_places(parser: ArgumentParser) -> None:
    """Take the project and the machine annotator."""
    parser.add_argument("project", help="the project's short name (slug)")
    parser.add_argument("machine", help="the AI annotator's name, or its id")
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help="print the id of the job and leave it to the worker",
    )


def found_machine(slug: str, name: str) -> tuple[Seat, MachineAnnotator]:
    """Return the newest version under a name, or the one of an id, and an owner's seat.

    Who runs a command has the machine, so it acts as the project's first owner.
    """
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug!r}.")
    machines = MachineAnnotator.objects.filter(project=project).order_by(
        "-number", "-id"
    )
    machine = next(
        (one for one in machines if name in (one.name, str(one.public_id))), None
    )
    if machine is None:
        known = ", ".join(sorted({one.name for one in machines})) or "none yet"
        raise CommandError(f"There is no AI annotator {name!r}. There are: {known}.")
    owner = project.memberships.filter(role=Role.OWNER).order_by("id").first()
    if owner is None:
        raise CommandError(f"The project {slug!r} has no owner.")
    return Seat(project, owner.role, owner.user_id), machine


def wait_for(job: Job, tell: Callable[[str], None], queue: str = "models") -> Job:
    """Wait until a job ends or rests, and tell how far it is whenever that changes."""
    told = ""
    while job.state not in ENDED:
        line = f"{job.get_state_display()}: {job.n_done:,} of {job.n_total:,}"
        if job.state == Job.State.WAITING and not workers_alive()[queue]:
            line = f"Waiting: no worker of the queue `{queue}` is running."
        if line != told:
            tell(line)
            told = line
        time.sleep(POLL_S)
        job.refresh_from_db()
    return job


def end(job: Job) -> str:
    """Return how a job ended; raises CommandError where it did not end well."""
    if job.state != Job.State.DONE:
        state = str(job.get_state_display())
        raise CommandError(f"{state}: {job.message or 'it did not end.'}")
    return str(job.message)
