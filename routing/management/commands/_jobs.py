"""What the commands of the live loop share: the project, its policy, and its jobs."""

from collections.abc import Callable

from django.core.management.base import CommandError

from annotation.models import Job, Project
from annotation.services.jobs import registered
from models_service.management.commands._jobs import end, wait_for
from routing.models import RoutingPolicy
from routing.selectors.state import policy_of


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


def see_through(job: Job, tell: Callable[[str], None]) -> Job:
    """Wait for a job, and for the fit that follows where it embeds; return the last.

    Raises CommandError where one did not end well.
    """
    if job.kind == Job.Kind.EMBED:
        tell("The texts are embedded first.")
    tell(end(wait_for(job, tell, registered(job.kind).queue)))
    if job.kind != Job.Kind.EMBED:
        return job
    later = Job.objects.filter(
        project=job.project_id, kind=Job.Kind.ROUTE, pk__gt=job.pk
    )
    following = later.order_by("pk").first()
    return see_through(following, tell) if following else job
