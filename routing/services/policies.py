"""Step route: set the policy of a project, or end it.

Called by pages, the interface and commands. A policy never changes: another one is the
next version, with a budget of its own.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotation.errors import ConflictError, InvalidError
from annotation.models import Job, MachineAnnotator, Project
from annotation.money import LARGEST, SMALLEST
from annotation.services import jobs
from annotation.services.events import record
from annotation.services.routes import set_policy_in_force
from annotation.words import gettext as _
from routing.models import RoutingPolicy
from routing.selectors.spending import price_of
from routing.selectors.taught_here import without_taught
from routing.services.policy_rules import policy_problems
from routing.services.requests import request_embedding, request_end, request_run


@dataclass(frozen=True)
class PolicyDraft:
    """What an owner wants; the fields are those of RoutingPolicy.

    `judges` None: all others of the project that have judged. `label_usd` None: the
    price of an answer in the project's budget times its overlap. `surcharges`: factors
    by “field=value”. `seed` None: drawn. `tagger` None: the newest tags of
    each item, whoever gave them.
    """

    machine: MachineAnnotator | None
    n_seed: int
    budget: Decimal
    budget_unit: str
    judges: Sequence[MachineAnnotator] | None = None
    label_usd: Decimal | None = None
    length_share: float = 0.0
    surcharges: Mapping[str, float] = field(default_factory=dict)
    audit_share: float = 0.25
    strategy: str = RoutingPolicy.Strategy.DEFAULT
    reserve_share: float = 0.10
    refit_every: int = 100
    stop_gain: float | None = None
    seed: int | None = None
    ppm: str = RoutingPolicy.Ppm.RIDGE
    tagger: MachineAnnotator | None = None
    metadata_fields: Sequence[str] = ()
    judge_new_items: bool = False


@transaction.atomic
def set_policy(*, project: Project, by: User, draft: PolicyDraft) -> RoutingPolicy:
    """Let a policy be in force from now on, and ask for its first run.

    The one before it ends; what people have answered or have in hand stays.

    Raises InvalidError with every fault at its field.
    """
    row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    label_usd = price_of(row) if draft.label_usd is None else draft.label_usd
    if label_usd.is_finite() and abs(label_usd) <= LARGEST:
        label_usd = label_usd.quantize(SMALLEST, ROUND_UP)
    judges = draft.judges
    if judges is None:
        judges = other_judges(row, draft.machine)
    problems = policy_problems(row, draft, judges, label_usd)
    if problems or draft.machine is None:
        said = _("The routing policy needs mending.")
        raise InvalidError(said, problems=problems)
    _end(row)
    newest = RoutingPolicy.objects.filter(project=row).aggregate(n=Max("number"))
    policy = RoutingPolicy.objects.create(
        project=row,
        number=(newest["n"] or 0) + 1,
        machine=draft.machine,
        n_seed=draft.n_seed,
        audit_share=draft.audit_share,
        budget_unit=draft.budget_unit,
        budget=draft.budget,
        label_usd=label_usd,
        overlap=row.overlap,
        length_share=draft.length_share,
        surcharges=dict(draft.surcharges),
        strategy=draft.strategy,
        reserve_share=draft.reserve_share,
        refit_every=draft.refit_every,
        stop_gain=draft.stop_gain,
        judge_new_items=draft.judge_new_items,
        seed=secrets.randbits(62) if draft.seed is None else draft.seed,
        ppm=draft.ppm,
        tagger=draft.tagger,
        metadata_fields=list(draft.metadata_fields),
        created_by=by,
    )
    policy.judges.set(judges)
    set_policy_in_force(
        project=row,
        number=policy.number,
        do_new_items_wait=policy.judge_new_items,
    )
    record(project=row, user=by, kind="routing_policy_set", number=policy.number)
    request_run(policy=policy, user=by, action="seed")
    # While people label the seed, so that there is nothing to wait for afterwards.
    request_embedding(policy=policy, user=by)
    return policy


@transaction.atomic
def end_policy(*, project: Project, by: User) -> Job:
    """End the policy in force, and return what waits to people; a job does that.

    What is left to the AI stays so.

    Raises ConflictError where none is in force.
    """
    row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    policy = _end(row)
    if policy is None:
        raise ConflictError(_("No routing policy is in force."))
    record(project=row, user=by, kind="routing_policy_ended", number=policy.number)
    return request_end(project=row, user=by)


def other_judges(
    project: Project, machine: MachineAnnotator | None
) -> list[MachineAnnotator]:
    """Return the machines in use whose verdicts can be signals, by name; 2 queries."""
    found = (
        MachineAnnotator.objects.filter(project=project, archived_at=None)
        .exclude(kind=MachineAnnotator.Kind.TAGGER)
        .exclude(pk=machine.pk if machine else 0)
        .filter(pre_annotations__status="ok")
        .distinct()
        .order_by("name", "number")
    )
    return without_taught(project, list(found))


def _end(project: Project) -> RoutingPolicy | None:
    """End the policy in force and ask its job to stop; return it, if there was one."""
    policy = (
        RoutingPolicy.objects.select_for_update()
        .filter(project=project, ended_at=None)
        .first()
    )
    if policy is None:
        return None
    policy.ended_at = timezone.now()
    policy.save(update_fields=["ended_at"])
    set_policy_in_force(project=project, number=None)
    unended = Job.objects.filter(
        project=project,
        kind__in=(Job.Kind.ROUTE, Job.Kind.EMBED),
        state__in=(*jobs.UNFINISHED, Job.State.PAUSED),
    )
    for job in unended:
        jobs.cancel_job(job=job)
    return policy
