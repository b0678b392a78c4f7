"""What the commands of the live loop share: the project and its policy."""

from django.core.management.base import CommandError

from annotation.models import Project
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
