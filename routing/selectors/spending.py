"""What a policy's budget has spent, promised and left."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from django.db import connection

from annotation.models import Budget, Project
from annotation.money import ZERO, shown
from routing.models import RoutingPolicy, RoutingRun

CENTS = Decimal("0.01")
# An item that people label under the policy costs the price at which it was decided,
# answer by answer, and never less than the ledger says of it; where the project wants
# more answers since, so many times that price. What the ledger has paid
# beyond the answers that were wanted, such as one that came too late, is beside that.
# Answers that came when their lease, and the item's place with people, had ended.
_LATE = """(
    SELECT COALESCE(sum(q.spent_usd + q.owed_usd), 0)
    FROM assignment a JOIN reservation q ON q.assignment_id = a.id
    JOIN route late ON late.item_id = a.item_id
    WHERE %(is_priced)s AND a.project_id = %(project)s AND a.state = 'surplus'
      AND a.finished_at >= %(since)s
      AND late.policy = %(policy)s AND late.source <> 'human')
"""
# Answers whose people withdrew: they are gone, and were paid for.
_WITHDRAWN = """(
    SELECT COALESCE(sum(COALESCE(w.cost_usd, %(price)s)
        / COALESCE(wf.overlap, wp.overlap)), 0)
    FROM assignment a JOIN route w ON w.item_id = a.item_id
    JOIN frontier wf ON wf.item_id = a.item_id
    JOIN project wp ON wp.id = a.project_id
    WHERE NOT %(is_priced)s AND a.project_id = %(project)s AND a.state = 'withdrawn'
      AND a.purpose = 'main' AND a.annotation_id IS NOT NULL
      AND a.finished_at >= date_trunc('day', %(since)s::timestamptz, 'UTC')
      AND w.policy = %(policy)s AND w.source = 'human' AND w.part <> 'by_hand')
"""
_SPENT = """
    SELECT count(*), count(*) FILTER (WHERE w.n_counted >= w.n),
        round(COALESCE(sum(w.spent), 0), 6),
        round(COALESCE(sum(w.spent + w.held
            + w.price * GREATEST(w.n - w.n_taken, 0) / w.n), 0), 6),
        COALESCE(sum(w.booked), 0),
        round(COALESCE(sum(w.beside), 0) + {late} + {withdrawn}, 6)
    FROM (
        SELECT f.n_taken, f.n_counted, c.n, e.price, l.spent AS booked, l.beside,
            GREATEST(l.spent, e.price * f.n_counted / c.n) AS spent,
            GREATEST(l.held, e.price * (f.n_taken - f.n_counted) / c.n) AS held
        FROM route r
        JOIN frontier f ON f.item_id = r.item_id
        JOIN project p ON p.id = r.project_id
        CROSS JOIN LATERAL (SELECT COALESCE(f.overlap, p.overlap) AS n) c
        CROSS JOIN LATERAL (SELECT GREATEST(
            COALESCE(r.cost_usd, %(price)s) * CASE WHEN f.overlap IS NULL
              THEN p.overlap / %(overlap)s::numeric ELSE 1 END,
            %(answer)s * c.n) AS price) e
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(u.usd) FILTER (WHERE u.is_counted), 0) AS spent,
                COALESCE(sum(u.held_usd) FILTER (WHERE u.is_out), 0) AS held,
                COALESCE(sum(u.usd) FILTER (WHERE NOT u.is_counted), 0)
                  + COALESCE(sum(u.held_usd) FILTER (WHERE NOT u.is_out), 0) AS beside
            FROM (SELECT q.spent_usd + q.owed_usd AS usd, q.held_usd,
                    a.purpose = 'main' AND a.state = 'submitted' AS is_counted,
                    a.purpose = 'main'
                      AND a.state IN ('open', 'queued', 'reserved') AS is_out
                FROM assignment a JOIN reservation q ON q.assignment_id = a.id
                WHERE %(is_priced)s AND a.item_id = r.item_id) u) l
        WHERE r.project_id = %(project)s AND r.source = 'human'
          AND r.policy = %(policy)s AND r.part <> 'by_hand'
          AND (NOT f.is_excluded OR f.n_taken > 0)
          AND (NOT %(is_settled)s OR f.n_taken > 0 OR r.part IN ('seed', 'audit'))) w
""".replace("{late}", _LATE).replace("{withdrawn}", _WITHDRAWN)


@dataclass(frozen=True)
class Spending:
    """What is gone and promised of a policy's budget.

    `n_items`: routed to people under the policy; of them `n_labelled` have all their
    answers. `budget` is in the policy's unit; `budget_items`: the same as items, where
    the unit is labels or a share. `booked_usd`: what the ledger says of what is spent;
    `beside_usd`: what it paid for these items beyond the answers wanted, such as late
    ones and repeats.
    """

    n_items: int
    n_labelled: int
    spent_usd: Decimal
    promised_usd: Decimal
    budget: Decimal
    unit: str
    budget_items: int | None
    label_usd: Decimal
    booked_usd: Decimal = ZERO
    beside_usd: Decimal = ZERO

    @property
    def spent_words(self) -> str:
        """Return what is spent as people read it; so do those below."""
        return _words(self.spent_usd)

    @property
    def promised_words(self) -> str:
        """Return what is promised."""
        return _words(self.promised_usd)

    @property
    def booked_words(self) -> str:
        """Return what the ledger says of what is spent."""
        return _words(self.booked_usd)

    @property
    def beside_words(self) -> str:
        """Return what was paid beside it."""
        return _words(self.beside_usd)

    @property
    def left_words(self) -> str:
        """Return what is left of a budget in money."""
        return _words(self.left)

    @property
    def gone_usd(self) -> Decimal:
        """Return all that is spent or promised, and what was paid beside it."""
        return self.spent_usd + self.promised_usd + self.beside_usd

    @property
    def over_usd(self) -> Decimal:
        """Return by how much that passes a budget in money, as after a higher price."""
        if self.budget_items is not None:
            return ZERO
        return max(self.gone_usd - self.budget, ZERO)

    @property
    def left(self) -> Decimal:
        """Return what is left, in US dollars or in items; never below 0."""
        if self.budget_items is None:
            return max(self.budget - self.gone_usd, ZERO)
        return Decimal(max(self.budget_items - self.n_items, 0))

    @property
    def cost(self) -> Decimal:
        """Return what one more label costs, in the unit of `left`."""
        return self.label_usd if self.budget_items is None else Decimal(1)

    @property
    def n_left(self) -> int:
        """Return how many more labels the budget pays for, at the usual price."""
        return int(self.left / self.cost)


def _words(amount: Decimal) -> str:
    """Return an amount in cents, but small ones in full: prices have more places."""
    return shown(amount.quantize(CENTS) if amount >= 1 else amount)


def spending_of(
    policy: RoutingPolicy, n_pool: int | None = None, *, is_settled: bool = False
) -> Spending:
    """Return what is spent, promised and left; two queries, 3 without `n_pool`.

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
                "overlap": policy.overlap or policy.project.overlap,
                "answer": answer_price(policy.project),
                "since": policy.created_at,
            },
        )
        n_items, n_labelled, spent, total, booked, beside = db.fetchone()
    if n_pool is None and policy.budget_unit == RoutingPolicy.Unit.SHARE:
        n_pool = pool_size(policy)
    return Spending(
        n_items,
        n_labelled,
        Decimal(spent),
        Decimal(total) - Decimal(spent),
        policy.budget,
        policy.budget_unit,
        items_of(policy.budget_unit, policy.budget, n_pool or 0),
        policy.label_usd,
        Decimal(booked),
        Decimal(beside),
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
    return answer_price(project) * project.overlap


def answer_price(project: Project) -> Decimal:
    """Return what one answer costs in the ledger now; one query."""
    found = Budget.objects.filter(project=project).values_list("price_usd", flat=True)
    return found.first() or ZERO
