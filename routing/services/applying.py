"""Step route: store what a run decided, then let it hold, chunk by chunk.

A run that was killed between two chunks begins again with the same decisions; to apply
one twice changes nothing. First come the items that leave the people, then those that
come to them, in the order in which the budget was spent: before each chunk the budget
is counted anew, so that what people took in the meantime is never paid for twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotation.models import FrontierEntry, Route
from annotation.money import ZERO
from annotation.services.assignments import restart_walks
from annotation.services.jobs import JobCancelled, Progress
from annotation.services.routes import RouteDraft, apply_routes
from routing.models import Decision, RoutingPolicy, RoutingRun
from routing.selectors.ai_costs import ai_costs
from routing.selectors.spending import Spending, answer_price, spending_of
from routing.services.seed import SEED_PRIORITY, Plan

CHUNK = 2_000
CHOSEN_PRIORITY = 900
# Priorities of what is chosen come in so many steps, by the order of the budget.
N_STEPS = 100


@transaction.atomic
def store_plan(run: RoutingRun, plan: Plan, versions: dict[str, str]) -> None:
    """Write all decisions of a run at once; where another worker was first, its hold.

    That happens where a worker was silent for longer than its lease.
    """
    stored = RoutingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if stored.planned_at is not None:
        run.refresh_from_db(
            from_queryset=RoutingRun.objects.select_related("policy__project")
        )
        return
    Decision.objects.filter(run=run).delete()
    Decision.objects.bulk_create(
        (_decision(run, place, draft) for place, draft in enumerate(plan.drafts, 1)),
        batch_size=CHUNK,
    )
    run.figures = plan.figures
    run.versions = versions
    run.inputs_sha256 = plan.inputs_sha256
    run.n_labels = plan.n_labels
    run.planned_at = timezone.now()
    run.save()


def _decision(run: RoutingRun, place: int, draft: RouteDraft) -> Decision:
    return Decision(
        run=run,
        item_id=draft.item_id,
        place=place,
        source=draft.source,
        part=draft.part,
        gain=draft.gain,
        gain_low=draft.gain_low,
        gain_high=draft.gain_high,
        propensity=draft.propensity,
        cost_usd=draft.cost_usd,
        reasons=list(draft.reasons),
    )


def apply_run(run: RoutingRun, progress: Progress) -> int:
    """Let the decisions of a run hold; return how many items they reached.

    Raises JobCancelled where somebody asked for it, or the policy has ended; what holds
    by then stays.
    """
    n_total = run.decisions.count()
    n_human = run.decisions.filter(source=Route.Source.HUMAN).count()
    n_done = n_reached = 0
    try:
        for chunk in _chunks(run, is_human=False):
            progress.set(n_done, n_total)
            n_reached += len(_apply(run, chunk, 0))
            n_done += len(chunk)
        for chunk in _chunks(run, is_human=True):
            progress.set(n_done, n_total)
            n_reached += len(_apply(run, chunk, n_human))
            n_done += len(chunk)
    finally:
        restart_walks(project=run.policy.project)
    run.applied_at = timezone.now()
    run.save(update_fields=["applied_at"])
    return n_reached


def _chunks(run: RoutingRun, *, is_human: bool) -> Iterator[list[Decision]]:
    after = 0
    found = run.decisions.order_by("place")
    if is_human:
        found = found.filter(source=Route.Source.HUMAN)
    else:
        found = found.exclude(source=Route.Source.HUMAN)
    while chunk := list(found.filter(place__gt=after)[:CHUNK]):
        yield chunk
        after = chunk[-1].place


@transaction.atomic
def _apply(run: RoutingRun, chunk: Sequence[Decision], n_human: int) -> list[int]:
    """Apply a chunk under the lock of its policy, so that no other run does."""
    policy = (
        RoutingPolicy.objects.select_for_update(no_key=True, of=("self",))
        .select_related("project", "machine")
        .filter(pk=run.policy_id, ended_at=None)
        .first()
    )
    if policy is None:
        raise JobCancelled
    drafts = [draft_of(one, n_human) for one in chunk]
    if n_human:
        drafts = _within_budget(policy, run, drafts)
    return apply_routes(
        project=policy.project,
        policy=policy.number,
        drafts=drafts,
        run=run.job.public_id,
    )


def draft_of(decision: Decision, n_human: int = 0) -> RouteDraft:
    """Return a decision as it is applied; `n_human`: what its run gave to people."""
    return RouteDraft(
        item_id=decision.item_id,
        source=decision.source,
        part=decision.part,
        priority=_priority(decision, n_human),
        gain=decision.gain,
        gain_low=decision.gain_low,
        gain_high=decision.gain_high,
        propensity=decision.propensity,
        cost_usd=decision.cost_usd,
        reasons=decision.reasons,
    )


def _priority(decision: Decision, n_human: int) -> int:
    if decision.source != Route.Source.HUMAN:
        return 0
    if decision.part in (Route.Part.SEED, Route.Part.AUDIT):
        return SEED_PRIORITY
    return CHOSEN_PRIORITY - N_STEPS * (decision.place - 1) // max(n_human, 1)


def _within_budget(
    policy: RoutingPolicy, run: RoutingRun, drafts: Sequence[RouteDraft]
) -> list[RouteDraft]:
    """Return the decisions that can be paid for; what cannot goes as the rest does.

    Items that are with people under this policy already are counted there, at the price
    that they had. What people have taken otherwise is left out, so that it is never
    paid for unseen.
    """
    spending = spending_of(policy, int(run.figures["n_pool"]))
    ids = [draft.item_id for draft in drafts]
    untaken = FrontierEntry.objects.filter(item__in=ids, n_taken=0)
    free = dict(untaken.values_list("item_id", "overlap"))
    answer = answer_price(policy.project)
    counted = dict(
        Route.objects.filter(
            item__in=ids, policy=policy.number, source=Route.Source.HUMAN
        ).values_list("item_id", "cost_usd")
    )
    is_money = spending.budget_items is None
    left = spending.left
    kept = []
    for draft in drafts:
        if draft.item_id not in free:
            continue
        n_wanted = free[draft.item_id] or policy.project.overlap
        cost = _cost(draft, spending, answer * n_wanted)
        if draft.item_id in counted:
            # What it is cheaper by now is free once it holds: it may be taken first.
            before = counted[draft.item_id]
            cost = max(cost - before, ZERO) if is_money and before else ZERO
        left -= cost
        if left < 0:
            left += cost
            draft = _left_out(run, draft)
        kept.append(draft)
    return _with_ai_costs(policy, kept)


def _with_ai_costs(
    policy: RoutingPolicy, drafts: Sequence[RouteDraft]
) -> list[RouteDraft]:
    """Return the drafts, those left to the AI at what its label costs."""
    left_out = [one.item_id for one in drafts if one.source == Route.Source.AI]
    if not left_out:
        return list(drafts)
    found = ai_costs(policy.machine, np.array(left_out))
    costs = dict(zip(left_out, found, strict=True))
    return [
        replace(one, cost_usd=costs[one.item_id]) if one.item_id in costs else one
        for one in drafts
    ]


def _cost(draft: RouteDraft, spending: Spending, least: Decimal) -> Decimal:
    """Return what an item costs, in the unit of what is left.

    `least`: what its answers cost in the ledger now, if that was raised since.
    """
    if spending.budget_items is not None or draft.cost_usd is None:
        return spending.cost
    return max(draft.cost_usd, least)


def _left_out(run: RoutingRun, draft: RouteDraft) -> RouteDraft:
    """Return the decision on an item that the budget does not reach."""
    is_seed = run.kind == RoutingRun.Kind.SEED
    return replace(
        draft,
        source=Route.Source.WAITING if is_seed else Route.Source.AI,
        part=Route.Part.REST,
        priority=0,
        propensity=None if is_seed else 0.0,
        cost_usd=None,
    )
