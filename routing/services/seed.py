"""Step route: draw the seed of a policy at random; all other items wait.

What an earlier run of the policy drew stays drawn, so that this can be repeated at any
time, as when the first run was cancelled or items were imported since.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from annotation.models import Route
from annotation.money import ZERO
from annotation.services.routes import RouteDraft
from models_service.selectors.arrays import compared_questions
from routing.lots import Bools, Floats, Ints, chance_of_next, lots_of, lowest
from routing.models import RoutingPolicy, RoutingRun
from routing.selectors.pool import last_at_work, last_number, windows_of
from routing.selectors.prices import prices_for
from routing.selectors.seed_parts import drawn_parts
from routing.selectors.spending import items_of
from routing.services.lengths import measure_lengths

SEED_PRIORITY = 1_000
# What makes decisions beside their inputs: a change of the method is a new version.
METHOD = "4"
# What the seed stands for, as the run said that drew it.
KEPT = ("n_before", "n_labelled", "n_drawn_from", "is_even", "last_number")
Tell = Callable[[int], None]
Prices = Sequence[Decimal]


@dataclass(frozen=True)
class Plan:
    """What a run decided: the decisions in the order of their places, and figures."""

    drafts: list[RouteDraft]
    figures: dict[str, Any]
    inputs_sha256: str = ""
    n_labels: int = 0


@dataclass(frozen=True)
class _Standing:
    """The items of a pool as arrays, by number.

    `is_kept`: drawn by an earlier run of this policy; `is_audit`: of these, for the
    audit, and `propensity`: float64 [n], the chance of then; `is_seen`: with a
    suggestion that somebody has seen. `n_wanted`: int64 [n], answers that each wants.
    `is_even`: what people answered before came to them by lot among all of these.
    """

    ids: Ints
    numbers: Ints
    n_wanted: Ints
    is_open: Bools
    is_labelled: Bools
    is_kept: Bools
    is_audit: Bools
    propensity: Floats
    is_seen: Bools
    is_even: bool


def plan_seed(policy: RoutingPolicy, tell: Tell) -> Plan:
    """Draw the seed: what people answered before counts where it came to them by lot.

    That is so where all items had the same priority before the policy was set, and none
    came after people had begun. Items whose suggestion somebody has seen are not drawn:
    the seed is blind.
    """
    measure_lengths(policy.project)
    now = _standing(policy, tell)
    prices = prices_for(policy, now.ids, now.n_wanted)
    n_kept = int(now.is_kept.sum())
    is_new = ~now.is_kept & ~now.is_seen
    is_before = now.is_labelled & is_new & now.is_even & (n_kept == 0)
    lots = lots_of(now.numbers, policy.seed, "seed")
    before = _some(is_before, lots, policy.n_seed - n_kept)
    n_missing = policy.n_seed - n_kept - int(before.sum())
    drawn = _some(now.is_open & is_new, lots, n_missing)
    drawn = _paid(policy, drawn, now.is_kept | before, lots, prices)
    is_seed = now.is_kept | before | drawn
    is_audit = _audit(now, is_seed, policy)
    # What came by lot before and what could be drawn: the items that it stands for.
    is_drawn_from = is_before | (now.is_open & is_new)
    n_new = int(is_seed.sum()) - n_kept
    share = _chance(policy, now, n_new, int(is_drawn_from.sum()))
    propensity = np.where(now.is_kept, now.propensity, share)
    drafts = _drafts(now, is_seed, is_audit, propensity, prices)
    figures = {
        "n_pool": len(now.ids),
        "n_seed": int(is_seed.sum()),
        "n_audit": int(is_audit.sum()),
        "n_before": int(before.sum()),
        "n_labelled": int(is_before.sum()),
        "n_drawn_from": int((is_drawn_from | now.is_kept).sum()),
        "n_waiting": sum(draft.source == Route.Source.WAITING for draft in drafts),
        "is_even": now.is_even,
        "last_number": last_number(policy.project),
    }
    if n_kept and not n_new:
        told = _drawn_before(policy)
        figures |= {name: told[name] for name in KEPT if name in told}
    return Plan(drafts, figures)


def _chance(policy: RoutingPolicy, now: _Standing, n: int, n_open: int) -> float:
    """Return the chance with which the new items of the seed came to it.

    What was left by an earlier draw had its chance then too: where one item takes the
    place of another that left the work, it is drawn by the next lot and not by one of
    its own. One query, where there was an earlier draw.
    """
    if not now.is_kept.any() or not n:
        return n / max(n_open, 1)
    told = _drawn_before(policy)
    n_left = min(told["n_drawn_from"] - told["n_seed"], n_open)
    before = float(now.propensity[now.is_kept].max())
    return chance_of_next(n, n_left, n_open - n_left, before)


def _drawn_before(policy: RoutingPolicy) -> dict[str, Any]:
    """Return the figures of the run that drew last; one query."""
    runs = RoutingRun.objects.filter(policy=policy, kind=RoutingRun.Kind.SEED)
    told: dict[str, Any] = runs.exclude(planned_at=None).latest("job_id").figures
    return {"n_drawn_from": told["n_pool"]} | told


def _some(wanted: Bools, lots: np.ndarray[Any, Any], n: int) -> Bools:
    """Return the `n` items with the lowest lots of those that are wanted."""
    return lowest(np.where(wanted, lots, 2.0), min(n, int(wanted.sum())))


def _paid(
    policy: RoutingPolicy, drawn: Bools, has: Bools, lots: Floats, prices: Prices
) -> Bools:
    """Return what of the drawn items the budget pays for, by their lots."""
    n_items = items_of(policy.budget_unit, policy.budget, len(drawn))
    left = policy.budget
    if n_items is not None:
        left, prices = Decimal(n_items), [Decimal(1)] * len(drawn)
    left -= sum((prices[at] for at in np.flatnonzero(has).tolist()), ZERO)
    rows = np.flatnonzero(drawn)
    paid = np.zeros(len(drawn), dtype=bool)
    for at in rows[np.argsort(lots[rows], kind="stable")].tolist():
        left -= prices[at]
        if left < 0:
            break
        paid[at] = True
    return paid


def _audit(now: _Standing, is_seed: Bools, policy: RoutingPolicy) -> Bools:
    """Keep what is of the audit, and draw what its share lacks from the new ones."""
    n_audit = round(policy.audit_share * int(is_seed.sum()))
    lots = lots_of(now.numbers, policy.seed, "audit")
    kept = now.is_kept & now.is_audit
    return kept | _some(is_seed & ~now.is_kept, lots, n_audit - int(kept.sum()))


def _drafts(
    now: _Standing,
    is_seed: Bools,
    is_audit: Bools,
    propensity: Floats,
    prices: Prices,
) -> list[RouteDraft]:
    """Return the decisions: the seed in the order of numbers, then what waits."""
    used = is_seed | now.is_open
    order = np.flatnonzero(used)
    order = order[np.argsort(~is_seed[order], kind="stable")]
    return [
        _seeded(int(now.ids[at]), bool(is_audit[at]), float(propensity[at]), prices[at])
        if is_seed[at]
        else RouteDraft(int(now.ids[at]), Route.Source.WAITING, Route.Part.REST)
        for at in order.tolist()
    ]


def _seeded(
    item_id: int, is_audit: bool, propensity: float, price: Decimal
) -> RouteDraft:
    return RouteDraft(
        item_id=item_id,
        source=Route.Source.HUMAN,
        part=Route.Part.AUDIT if is_audit else Route.Part.SEED,
        priority=SEED_PRIORITY,
        propensity=propensity,
        cost_usd=price,
    )


def _standing(policy: RoutingPolicy, tell: Tell) -> _Standing:
    drawn = drawn_parts(policy)
    questions = compared_questions(policy.project)
    rows = []
    for window in windows_of(policy, questions):
        for item, place in zip(window.items, window.places, strict=True):
            part = drawn.get(item.id)
            rows.append(
                (
                    item.id,
                    item.number,
                    place.n_wanted,
                    place.is_open,
                    place.is_labelled,
                    part is not None,
                    part is not None and part.is_audit,
                    place.is_seen,
                    place.rank,
                    part.propensity if part else 0.0,
                )
            )
        tell(len(rows))
    # Keys and numbers are exact as floats far beyond what a project holds.
    table = np.array(rows, dtype=np.float64).reshape(-1, 10)
    whole, flags = table[:, :3].astype(np.int64), table[:, 3:8].astype(bool)
    last = int(whole[:, 1].max(initial=0))
    return _Standing(
        whole[:, 0],
        whole[:, 1],
        whole[:, 2],
        flags[:, 0],
        flags[:, 1],
        flags[:, 2],
        flags[:, 3],
        table[:, 9],
        flags[:, 4],
        is_even=len(np.unique(table[:, 8])) < 2
        and (not flags[:, 0].any() or last <= last_at_work(policy.project)),
    )
