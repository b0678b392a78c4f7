"""Step route: ask for a run of a policy; at most one of a project is unended."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import ConflictError
from annotation.models import Job, Project
from annotation.services import jobs
from annotation.words import gettext as _
from routing.models import RoutingPolicy, RoutingRun
from routing.selectors.spending import n_labelled_of

UNENDED = (*jobs.UNFINISHED, Job.State.PAUSED)


@transaction.atomic
def request_run(*, policy: RoutingPolicy, user: User | None, action: str) -> Job:
    """Make the job that draws the seed (`seed`) or learns from it (`fit`).

    Raises ConflictError where the policy has ended, or another job of routing has not.
    """
    Project.objects.select_for_update(no_key=True).get(pk=policy.project_id)
    if not RoutingPolicy.objects.filter(pk=policy.pk, ended_at=None).exists():
        raise ConflictError(_("This routing policy has ended. Set a new one."))
    unended = unended_jobs(policy.project).exclude(is_cancel_wanted=True)
    if unended.exists():
        text = _("A routing job has not ended. Wait for it, or cancel it.")
        raise ConflictError(text)
    job = _job(policy, user, action)
    RoutingRun.objects.create(job=job, policy=policy, kind=action)
    return job


def request_end(*, policy: RoutingPolicy, user: User | None) -> Job:
    """Make the job that returns to people what waits under an ended policy."""
    return _job(policy, user, "end")


def unended_jobs(project: Project) -> QuerySet[Job]:
    """Return the jobs of routing that wait, run or rest."""
    return Job.objects.filter(project=project, kind=Job.Kind.ROUTE, state__in=UNENDED)


def _job(policy: RoutingPolicy, user: User | None, action: str) -> Job:
    return jobs.create_job(
        project=policy.project,
        user=user,
        kind=Job.Kind.ROUTE,
        parameters={
            "action": action,
            "policy": policy.number,
            "n_labelled": n_labelled_of(policy),
        },
    )
