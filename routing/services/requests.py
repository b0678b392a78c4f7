"""Step route: ask for a run of a policy; at most one of a project is unended.

A fit reads embeddings alone. Where texts of the pool have none, the job of the queue
`models` that makes them is asked for first, and the fit follows by itself.
"""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import ConflictError
from annotation.models import Job, Project
from annotation.services import jobs
from annotation.words import gettext as _
from routing.models import EmbeddingRun, RoutingPolicy, RoutingRun
from routing.selectors.embedded import embedding_job, is_embedded
from routing.selectors.spending import n_labelled_of

UNENDED = (*jobs.UNFINISHED, Job.State.PAUSED)


@transaction.atomic
def request_run(*, policy: RoutingPolicy, user: User | None, action: str) -> Job:
    """Make the job that draws the seed (`seed`) or learns from it (`fit`).

    Raises ConflictError where the policy has ended, or another job of routing has not.
    """
    _check(policy)
    job = _job(policy, user, action)
    RoutingRun.objects.create(job=job, policy=policy, kind=action)
    return job


def _check(policy: RoutingPolicy) -> None:
    """Hold the project; refuse where its policy has ended, or a job of it has not."""
    Project.objects.select_for_update(no_key=True).get(pk=policy.project_id)
    if not RoutingPolicy.objects.filter(pk=policy.pk, ended_at=None).exists():
        raise ConflictError(_("This routing policy has ended. Set a new one."))
    unended = unended_jobs(policy.project).exclude(is_cancel_wanted=True)
    if unended.exists():
        text = _("A routing job has not ended. Wait for it, or cancel it.")
        raise ConflictError(text)


@transaction.atomic
def request_fit(*, policy: RoutingPolicy, user: User | None) -> Job:
    """Make the job of a fit, or where texts are not embedded the job that comes first.

    Raises ConflictError as request_run does.
    """
    _check(policy)
    if is_embedded(policy):
        return request_run(policy=policy, user=user, action="fit")
    return request_embedding(policy=policy, user=user, then="fit")


@transaction.atomic
def request_embedding(
    *, policy: RoutingPolicy, user: User | None, then: str = ""
) -> Job:
    """Make the job that embeds the pool of a policy; the one under way, if there is.

    `then`: "fit" where it is to be learned at its end, due or not.
    """
    Project.objects.select_for_update(no_key=True).get(pk=policy.project_id)
    under_way = _embedding_under_way(policy)
    if under_way is not None:
        under_way.parameters["then"] = then or under_way.parameters["then"]
        under_way.save(update_fields=["parameters"])
        return under_way
    job = jobs.create_job(
        project=policy.project,
        user=user,
        kind=Job.Kind.EMBED,
        parameters={"policy": policy.number, "then": then},
    )
    EmbeddingRun.objects.create(job=job, policy=policy)
    return job


def _embedding_under_way(policy: RoutingPolicy) -> Job | None:
    """Return the job that embeds now and can still be told what is to follow."""
    newest = embedding_job(policy)
    if newest is None:
        return None
    job = Job.objects.select_for_update(no_key=True).get(pk=newest.pk)
    if job.state not in UNENDED or job.is_cancel_wanted:
        return None
    is_over = EmbeddingRun.objects.filter(job=job).exclude(ended_at=None).exists()
    return None if is_over else job


def request_end(*, project: Project, user: User | None) -> Job:
    """Make the job that returns what waits where no policy is in force."""
    policies = RoutingPolicy.objects.filter(project=project)
    newest = policies.order_by("-number").first()
    return jobs.create_job(
        project=project,
        user=user,
        kind=Job.Kind.ROUTE,
        parameters={"action": "end", "policy": newest and newest.number},
    )


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
