"""What a policy's budget has spent, promised and left."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from django.db import connection

from annotation.models import Project
from routing.models import RoutingPolicy, RoutingRun

ZERO = Decimal(0)
# An item that people label under the policy costs what the ledger says, where it knows;
# else, answer by answer, the price at which it was decided. What it still lacks is
# promised at that price.
_SPENT = """
    SELECT count(*), count(*) FILTER (WHERE w.n_counted >= w.n),
        COALESCE(sum(w.spent), 0),
        COALESCE(sum(w.held + w.price * GREATEST(w.n - w.n_taken, 0) / w.n), 0)
    FROM (
        SELECT f.n_taken, f.n_counted, c.price, c.n,
            CASE WHEN l.usd > 0 THEN l.spent ELSE c.price * f.n_counted / c.n END
              AS spent,
            CASE WHEN l.usd > 0 THEN l.held
                 ELSE c.price * (f.n_taken - f.n_counted) / c.n END AS held
        FROM route r
        JOIN frontier f ON f.item_id = r.item_id
        JOIN project p ON p.id = r.project_id
        CROSS JOIN LATERAL (SELECT COALESCE(f.overlap, p.overlap) AS n,
            COALESCE(r.cost_usd, %(price)s) AS price) c
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(q.spent_usd + q.owed_usd), 0) AS spent,
                COALESCE(sum(q.held_usd), 0) AS held,
                COALESCE(sum(q.spent_usd + q.owed_usd + q.held_usd), 0) AS usd
            FROM assignment a JOIN reservation q ON q.assignment_id = a.id
            WHERE %(is_priced)s AND a.item_id = r.item_id) l
        WHERE r.project_id = %(project)s AND r.source = 'human'
          AND r.policy = %(policy)s AND r.part <> 'by_hand'
          AND (NOT f.is_excluded OR f.n_taken > 0)
          AND (NOT %(is_settled)s OR f.n_taken > 0 OR r.part IN ('seed', 'audit'))) w
"""


@dataclass(frozen=True)
class Spending:
    """What is gone and promised of a policy's budget.

    `n_items`: routed to people under the policy; of them `n_labelled` have all their
    answers. `budget` is in the policy's unit; `budget_items`: the same as items, where
    the unit is labels or a share.
    """

    n_items: int
    n_labelled: int
    spent_usd: Decimal
    promised_usd: Decimal
    budget: Decimal
    unit: str
    budget_items: int | None
    label_usd: Decimal

    @property
    def left(self) -> Decimal:
        """Return what is left, in US dollars or in items; never below 0."""
        if self.budget_items is None:
            return max(self.budget - self.spent_usd - self.promised_usd, ZERO)
        return Decimal(max(self.budget_items - self.n_items, 0))

    @property
    def cost(self) -> Decimal:
        """Return what one more label costs, in the unit of `left`."""
        return self.label_usd if self.budget_items is None else Decimal(1)

    @property
    def n_left(self) -> int:
        """Return how many more labels the budget pays for, at the usual price."""
        return int(self.left / self.cost)


def spending_of(
    policy: RoutingPolicy, n_pool: int | None = None, *, is_settled: bool = False
) -> Spending:
    """Return what is spent, promised and left; one query, two without `n_pool`.

    `n_pool`: the items that the policy decides on, which a share is of. `is_settled`:
    without what a new run decides anew, which nobody has taken yet.
    """
    with connection.cursor() as db:
        db.execute(
            _SPENT,
            {
                "project": policy.project_id,
                "policy": policy.number,
                "price": policy.label_usd,
                "is_priced": policy.project.has_priced_answers,
                "is_settled": is_settled,
            },
        )
        n_items, n_labelled, spent, promised = db.fetchone()
    if n_pool is None and policy.budget_unit == RoutingPolicy.Unit.SHARE:
        n_pool = pool_size(policy)
    return Spending(
        n_items,
        n_labelled,
        Decimal(spent),
        Decimal(promised),
        policy.budget,
        policy.budget_unit,
        items_of(policy.budget_unit, policy.budget, n_pool or 0),
        policy.label_usd,
    )


def n_labelled_of(policy: RoutingPolicy) -> int:
    """Return how many items have all answers of people under a policy; one query."""
    return spending_of(policy, 0).n_labelled


def items_of(unit: str, budget: Decimal, n_pool: int) -> int | None:
    """Return the budget as a number of items; None where it is money."""
    if unit == RoutingPolicy.Unit.MONEY:
        return None
    whole = budget * n_pool if unit == RoutingPolicy.Unit.SHARE else budget
    return int(whole.to_integral_value(ROUND_FLOOR))


def pool_size(policy: RoutingPolicy) -> int:
    """Return the items that the policy decided on when it last ran; one query."""
    run = (
        RoutingRun.objects.filter(policy=policy, planned_at__isnull=False)
        .order_by("-job_id")
        .first()
    )
    return int(run.figures["n_pool"]) if run else 0


def price_of(project: Project) -> Decimal:
    """Return what all answers to one item cost as people are paid now; one query."""
    budget = project.budget if hasattr(project, "budget") else None
    return budget.price_usd * project.overlap if budget else ZERO
