"""What the commands of the live loop share: the policy, and waiting for a job."""

import time
from collections.abc import Callable

from django.core.management.base import CommandError

from annotation.models import Job, Project
from annotation.selectors.workers import workers_alive
from routing.models import RoutingPolicy
from routing.selectors.state import policy_of

POLL_S = 0.5
ENDED = (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED)


def found_project(slug: str) -> Project:
    """Return the project of a slug."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug!r}.")
    return project


def found_policy(project: Project) -> RoutingPolicy:
    """Return the policy in force."""
    policy = policy_of(project)
    if policy is None:
        raise CommandError(
            f"No routing policy is in force in {project.slug!r}. Set one: manage.py "
            f"route {project.slug} --machine NAME --budget N --unit share."
        )
    return policy


def wait_for(job: Job, tell: Callable[[str], None]) -> str:
    """Wait until a job ends, and return its message; CommandError where it failed."""
    told = ""
    while job.state not in ENDED:
        line = f"{job.get_state_display()}: {job.n_done:,} of {job.n_total:,}"
        if job.state == Job.State.WAITING and not workers_alive()["default"]:
            line = "Waiting: no worker of the queue `default` is running."
        if line != told:
            tell(line)
            told = line
        time.sleep(POLL_S)
        job.refresh_from_db()
    if job.state != Job.State.DONE:
        raise CommandError(
            f"{job.get_state_display()}: {job.message or 'it did not end.'}"
        )
    return str(job.message)
