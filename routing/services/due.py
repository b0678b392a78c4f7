"""Step route: do what is due in a project with a policy: draw, fit, fit again.

Called by beat for every policy in force, and by the command `route` for one. What a
person cancelled, and what failed for want of labels, is begun again by a person or when
there is something new.
"""

from django.contrib.auth.models import User

from annotation.errors import ConflictError
from annotation.models import Job
from annotation.services.each import for_each
from routing.models import RoutingPolicy, RoutingRun
from routing.selectors.audited import has_somebody_left
from routing.selectors.embedded import embedding_job, is_embedded
from routing.selectors.pool import is_judged_since, n_undecided
from routing.selectors.spending import Spending, n_labelled_of, spending_of
from routing.selectors.state import is_unended, newest_job, newest_run, seed_progress
from routing.services.new_items import settle_new_items
from routing.services.requests import request_fit, request_run, unended_jobs

# Verdicts that are still being given: their items come together when they are there.
_BUSY = (Job.Kind.IMPORT, Job.Kind.PRE_ANNOTATE)


def refresh_due() -> list[int]:
    """Ask for what is due in every project; return the ids of the jobs."""
    policies = RoutingPolicy.objects.select_related("project", "machine").filter(
        ended_at=None
    )
    found: list[int] = []

    def ask(policy: RoutingPolicy) -> None:
        job = do_next(policy=policy)
        if job is not None:
            found.append(job.pk)
        settle_new_items(policy, is_settled=job is None and is_settled(policy))

    for_each(policies.order_by("id"), ask)
    return found


def is_settled(policy: RoutingPolicy) -> bool:
    """Tell whether no run is unended or due, and the newest did what it was to do."""
    job = newest_job(policy)
    is_done = job is not None and job.state == Job.State.DONE
    return is_done and not due_action(policy)


def do_next(*, policy: RoutingPolicy, user: User | None = None) -> Job | None:
    """Ask for the run that is due now; None where none is, or one is unended."""
    if unended_jobs(policy.project).exists():
        return None
    action = due_action(policy, is_asked=user is not None)
    if not action:
        return None
    try:
        if action == "fit":
            return _fit(policy, user)
        return request_run(policy=policy, user=user, action=action)
    except ConflictError:
        # Somebody was faster; what they asked for is done.
        return None


def _fit(policy: RoutingPolicy, user: User | None) -> Job | None:
    """Ask for a fit, or for the embedding before it.

    An embedding that has not ended is waited for, and one that did not end well is
    begun again by a person alone.
    """
    job = embedding_job(policy)
    is_over = job is None or job.state == Job.State.DONE
    if user is None and not is_over and not is_embedded(policy):
        return None
    return request_fit(policy=policy, user=user)


def follow_embedding(*, policy: RoutingPolicy, job: Job) -> None:
    """Ask for what waited for the embedding: what is due, or what a person wants."""
    action = str(job.parameters["then"]) or due_action(policy)
    if not action:
        return
    try:
        request_run(policy=policy, user=job.created_by, action=action)
    except ConflictError:
        # The policy has ended, or a run of it is on the way.
        return


def due_action(policy: RoutingPolicy, *, is_asked: bool = False) -> str:
    """Return `seed`, `fit` or nothing: what is due in this project.

    `is_asked`: a person wants it, so a run that was cancelled or failed is begun again.
    """
    job = newest_job(policy)
    if is_unended(job):
        return ""
    seed_run = newest_run(policy, RoutingRun.Kind.SEED)
    fit_run = newest_run(policy, RoutingRun.Kind.FIT)
    wanted = _wanted(policy, seed_run, fit_run)
    if job is None or job.state == Job.State.DONE or is_asked:
        return wanted
    is_failed = job.state == Job.State.FAILED
    return wanted if is_failed and _is_news(policy, job) else ""


def _wanted(
    policy: RoutingPolicy, seed_run: RoutingRun | None, fit_run: RoutingRun | None
) -> str:
    if seed_run is None:
        return "seed"
    if fit_run is None:
        if seed_progress(policy).is_full:
            return "fit"
        return "seed" if _has_new_items(policy, seed_run) else ""
    if policy.refit_every and has_somebody_left(fit_run):
        # What they said is learned from no longer.
        return "fit"
    spending = spending_of(policy)
    n_new = spending.n_labelled - int(fit_run.figures["n_by_people"])
    is_many = n_new >= policy.refit_every
    if policy.refit_every and n_new > 0 and (is_many or _rests(spending)):
        return "fit"
    return "fit" if _has_new_items(policy, fit_run) else ""


def _rests(spending: Spending) -> bool:
    """Tell whether people are through with all that is theirs, and money is left.

    So it is where answers cost less than was promised, or the lots drawn were cheap.
    """
    return spending.n_labelled >= spending.n_items and spending.n_left > 0


def _is_news(policy: RoutingPolicy, job: Job) -> bool:
    """Tell whether there are more labels than when a job failed."""
    return n_labelled_of(policy) > int(job.parameters.get("n_labelled", 0))


def _has_new_items(policy: RoutingPolicy, run: RoutingRun) -> bool:
    """Tell whether there are items that the policy has not seen; two to four queries.

    Some are never decided on, as where a verdict says nothing of two completions: those
    of the last run are no news, but a verdict from since then is, as they may be gone.
    """
    busy = Job.objects.filter(
        project=policy.project_id,
        kind__in=_BUSY,
        state__in=(Job.State.WAITING, Job.State.RUNNING),
    )
    if busy.exists():
        return False
    n_now = n_undecided(policy)
    if n_now > int(run.figures.get("n_undecided", 0)):
        return True
    began = run.job.started_at
    return n_now > 0 and began is not None and is_judged_since(policy, began)
