"""Step route: the runner of routing's jobs: plan, store, apply, end."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import F, Q

from annotation.models import Job, Route
from annotation.services.assignments import restart_walks
from annotation.services.jobs import JobFailed, Progress, kept_alive
from annotation.services.routes import RouteDraft, apply_routes
from annotation.words import gettext as _
from annotation.words import ngettext
from routing.models import Decision, RoutingRun
from routing.selectors.pool import n_undecided
from routing.services.applying import CHUNK, apply_run, draft_of, store_plan
from routing.services.audits import refresh as refresh_audit
from routing.services.seed import METHOD, Plan, plan_seed

VERSIONS = {"method": METHOD}


def run_routing(job: Job, progress: Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    if job.parameters["action"] == "end":
        return _end(job, progress)
    run = RoutingRun.objects.select_related("policy__project").get(job=job)
    began = time.monotonic()
    if run.planned_at is None:
        # Learning is one step that can outlast the lease.
        with kept_alive(job):
            store_plan(run, _plan(run, progress), VERSIONS)
    n_reached = apply_run(run, progress)
    if run.kind == RoutingRun.Kind.SEED:
        # What another machine had judged is no part of this policy's pool.
        _return_waiting(job, run.policy.number, progress)
    run.duration_s += time.monotonic() - began
    # What came without embeddings is left for the next run.
    n_left = n_undecided(run.policy) - run.figures.get("n_not_embedded", 0)
    run.figures["n_undecided"] = max(n_left, 0)
    run.save(update_fields=["duration_s", "figures"])
    if run.kind == RoutingRun.Kind.FIT:
        refresh_audit(run=run)
    n_total = run.decisions.count()
    return {"message": _message(run), "n_done": n_total, "n_reached": n_reached}


def _plan(run: RoutingRun, progress: Progress) -> Plan:
    if run.kind == RoutingRun.Kind.FIT:
        # Loads scikit-learn and perhaps an encoder, which no web process needs.
        from routing.services.fit import plan_fit

        with _one_thread():
            plan = plan_fit(run.policy, progress.set)
    else:
        plan = plan_seed(run.policy, progress.set)
    if not plan.figures["n_pool"]:
        raise JobFailed(
            _(
                "The AI annotator has no usable verdict on any item that people could "
                "label. Let it answer the items first."
            )
        )
    if not plan.drafts and run.kind == RoutingRun.Kind.SEED:
        raise JobFailed(
            _(
                "No item can be drawn for the seed: somebody has each of them already, "
                "and they did not come to people by lot. Import more items first."
            )
        )
    return plan


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread: its matrices are small, and threads wait."""
    # Comes with scikit-learn, which the web process does without.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _message(run: RoutingRun) -> str:
    n_human = run.decisions.filter(source=Route.Source.HUMAN).count()
    return ngettext(
        "{n:,} item goes to people.", "{n:,} items go to people.", n_human
    ).format(n=n_human)


def _end(job: Job, progress: Progress) -> dict[str, Any]:
    """Return what waits under policies that have ended, most of it to people."""
    n_items, n_people = _return_waiting(job, job.parameters["policy"], progress)
    message = ngettext(
        "{n:,} item is with people again.",
        "{n:,} items are with people again.",
        n_people,
    ).format(n=n_people)
    return {"message": message, "n_done": n_items, "n_total": n_items}


def _return_waiting(
    job: Job, number: int | None, progress: Progress
) -> tuple[int, int]:
    """Return what waits under a policy that is not in force; how many, to people too.

    What waits for the next run of any policy goes with it where none is in force.
    """
    has_ended = Q(policy__isnull=False) & ~Q(policy=F("project__routing_policy"))
    none_is = Q(project__routing_policy=None)
    waiting = Route.objects.filter(
        has_ended | none_is, project=job.project, source=Route.Source.WAITING
    )
    ids = list(waiting.order_by("item_id").values_list("item_id", flat=True))
    n_people = 0
    for start in range(0, len(ids), CHUNK):
        progress.set(start, len(ids))
        n_people += _return(job, number, ids[start : start + CHUNK])
    if ids:
        restart_walks(project=job.project)
    return len(ids), n_people


def _return(job: Job, number: int | None, ids: Sequence[int]) -> int:
    """Leave to the AI again what a policy had left to it; people get the rest: n."""
    left = _left_to_ai(ids)
    drafts = [
        left.get(item, RouteDraft(item, Route.Source.HUMAN, Route.Part.REST))
        for item in ids
    ]
    apply_routes(project=job.project, policy=number, drafts=drafts, run=job.public_id)
    return sum(draft.source == Route.Source.HUMAN for draft in drafts)


def _left_to_ai(ids: Sequence[int]) -> dict[int, RouteDraft]:
    """Return what the newest fit that held left to the AI, by item; one query.

    A policy that ends before it was learned takes nothing from the AI: so its end does
    not send to people, unpaid, what an earlier one had spared them. What a person gave
    back to a policy is no longer the AI's.
    """
    newest = (
        Decision.objects.filter(
            item__in=ids,
            item__route__policy__isnull=False,
            run__kind=RoutingRun.Kind.FIT,
            run__applied_at__isnull=False,
        )
        .order_by("item_id", "-run_id")
        .distinct("item_id")
    )
    return {
        one.item_id: draft_of(one) for one in newest if one.source == Route.Source.AI
    }
