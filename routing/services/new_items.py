"""Step route: let new items wait for the verdict of the policy's AI, and see to it.

Called by beat for every policy in force, once it has asked for what is due.
"""

from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError
from annotation.models import Job, Project, Role, Route
from annotation.services.assignments import restart_walks
from annotation.services.each import for_each
from annotation.services.routes import hold_items, let_go, set_policy_in_force
from models_service.services.runs import request_run
from routing.models import RoutingPolicy
from routing.selectors.new_items import (
    NEW,
    UNENDED,
    Verdicts,
    to_hold,
    to_let_go,
    verdicts_coming,
)
from routing.services.requests import request_end

CHUNK = 2_000


def settle_new_items(policy: RoutingPolicy, *, is_settled: bool) -> None:
    """Ask for verdicts where the policy wants that; hold and let go what follows.

    `is_settled`: no run of routing is due or unended.
    """
    verdicts = verdicts_coming(policy)
    if verdicts.is_due and _begin(policy):
        verdicts = verdicts_coming(policy)
    _tell_imports(policy, verdicts)
    if verdicts.is_at_work:
        _each(policy.project, hold_items, to_hold(policy, verdicts.category))
    freed = to_let_go(policy, verdicts, is_settled=is_settled)
    if freed:
        _each(policy.project, let_go, freed)
        restart_walks(project=policy.project)


def mend_lost() -> None:
    """See to it that what waits though no policy is in force returns.

    As where one is gone with its AI annotator, or the job that ends one was cancelled:
    another such job begins.
    """
    for_each(_lost(), _mend)


@transaction.atomic
def _mend(project: Project) -> None:
    """Tell the project that no policy is in force, and let what waits return.

    Locked, so that a policy that is set meanwhile is not forgotten.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if RoutingPolicy.objects.filter(project=project, ended_at=None).exists():
        return
    set_policy_in_force(project=project, number=None)
    if Route.objects.filter(project=project, source=Route.Source.WAITING).exists():
        request_end(project=project, user=None)


def _lost() -> QuerySet[Project]:
    """Return the projects where nobody else returns what waits."""
    routes = Route.objects.filter(project=OuterRef("pk"), source=Route.Source.WAITING)
    jobs = Job.objects.filter(
        project=OuterRef("pk"), kind=Job.Kind.ROUTE, state__in=UNENDED
    )
    in_force = RoutingPolicy.objects.filter(ended_at=None).values("project")
    is_lost = Q(~Q(routing_policy=None) | Exists(routes))
    found = Project.objects.exclude(pk__in=in_force).filter(is_lost, ~Exists(jobs))
    return found.order_by("id")


def _begin(policy: RoutingPolicy) -> Job | None:
    """Let the policy's AI judge the new items; None where that cannot be now."""
    busy = Job.objects.filter(
        project=policy.project_id,
        kind=Job.Kind.IMPORT,
        state__in=(Job.State.WAITING, Job.State.RUNNING),
    )
    if busy.exists():
        # What it brings is judged with the others, by one run.
        return None
    by = policy.created_by_id or policy.project.created_by_id
    seat = Seat(policy.project, Role.OWNER, by)
    try:
        return request_run(seat=seat, machine=policy.machine, selection=NEW)
    except (ConflictError, InvalidError):
        # Somebody was faster, or has put it aside; the page says what to do.
        return None


def _tell_imports(policy: RoutingPolicy, verdicts: Verdicts) -> None:
    """Let imports know whether what they bring waits."""
    do_wait = policy.judge_new_items or (verdicts.is_at_work and not verdicts.category)
    if policy.project.do_new_items_wait != do_wait:
        set_policy_in_force(
            project=policy.project, number=policy.number, do_new_items_wait=do_wait
        )


def _each(project: Project, move: Callable[..., list[int]], ids: Sequence[int]) -> None:
    for start in range(0, len(ids), CHUNK):
        move(project=project, item_ids=ids[start : start + CHUNK])
