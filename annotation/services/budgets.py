"""Step budget: set the caps and the price; pay what is owed; compute the books anew.

Called by the page and the interface of the budget, by beat and by `rebuild_frontier`.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import connection, transaction

from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.models import Assignment, Budget, Project, Reservation
from annotation.money import ZERO, shown
from annotation.services import ledger
from annotation.services import ledger_sql as sql
from annotation.services.each import for_each
from annotation.services.events import record
from annotation.services.races import retried
from annotation.words import gettext as _

# Debts of a project that are paid in one go: within a request, and by beat.
PAID_AT_ONCE, PAID_BY_BEAT = 20, 200
LENT = (Assignment.State.OPEN, Assignment.State.QUEUED, Assignment.State.RESERVED)


@dataclass(frozen=True)
class Terms:
    """What an owner sets, in USD. A cap of None bounds nothing."""

    cap_usd: Decimal | None
    day_cap_usd: Decimal | None
    price_usd: Decimal


def set_budget(*, project: Project, user: User, terms: Terms) -> Budget:
    """Set the caps and the price of an answer; what is promised already stays so.

    Where the caps have room again, what is owed is paid from them, the oldest first:
    a part of it here, the rest by beat.

    Raises InvalidError where the cap is below what is spent and reserved.
    """
    budget = _set(project, user, terms)
    if pay_owed(project=project, most=PAID_AT_ONCE):
        budget.refresh_from_db()
    return budget


@transaction.atomic
def _set(project: Project, user: User, terms: Terms) -> Budget:
    Budget.objects.get_or_create(project=project)
    budget = Budget.objects.select_for_update().get(project=project)
    least = budget.spent_usd + budget.reserved_usd
    if terms.cap_usd is not None and terms.cap_usd < least:
        words = _(
            "{spent} is spent and {reserved} reserved, so the cap can be no lower than "
            "{least}. To stop at once, set it to that, or pause the project."
        ).format(
            spent=shown(budget.spent_usd),
            reserved=shown(budget.reserved_usd),
            least=shown(least),
        )
        raise InvalidError(
            _("The budget needs mending."), problems=[Problem("cap_usd", words)]
        )
    budget.cap_usd = terms.cap_usd
    budget.day_cap_usd = terms.day_cap_usd
    budget.price_usd = terms.price_usd
    budget.save(update_fields=("cap_usd", "day_cap_usd", "price_usd"))
    if terms.price_usd > 0 and not project.has_priced_answers:
        # It stays so: what was promised must end in the books, whatever the price.
        Project.objects.filter(pk=project.pk).update(has_priced_answers=True)
        project.has_priced_answers = True
    record(
        project=project,
        user=user,
        kind="budget_set",
        **{
            name: None if amount is None else str(amount)
            for name, amount in vars(terms).items()
        },
    )
    return budget


def pay_owed(*, project: Project | None = None, most: int = PAID_BY_BEAT) -> int:
    """Pay from the budgets what is owed and has room by now; return how many.

    At most so many of each project, so that none keeps the others waiting.
    """
    owed = Reservation.objects.filter(owed_usd__gt=0)
    if project is not None:
        owed = owed.filter(project=project)
    projects = owed.order_by("project_id").values_list("project_id", flat=True)
    return sum(for_each(projects.distinct(), lambda key: _pay_project(key, most)))


def _pay_project(project_id: int, most: int) -> int:
    """Pay the oldest debts of a project until one has no room; return how many."""
    owed = Reservation.objects.filter(project=project_id, owed_usd__gt=0)
    n_paid = 0
    for one in owed.select_related("project").order_by("id")[:most]:
        if not _pay(one):
            break
        n_paid += 1
    return n_paid


@retried
def _pay(reservation: Reservation) -> bool:
    held = ledger.lock(reservation.project, reservation.reference)
    if held.owed <= 0 or not ledger.hold(held, held.owed):
        return False
    ledger.spend(
        held, held.owed, freed=ZERO, key=f"owed:{held.round}:{_n_entries(held.id)}"
    )
    ledger.run(sql.SETTLE, held.parameters | {"amount": held.owed})
    return True


def _n_entries(reservation_id: int) -> int:
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM ledger_entry WHERE reservation_id = %s",
            [reservation_id],
        )
        return int(db.fetchone()[0])


# --- the books ----------------------------------------------------------------------

_OF_WORK = """
    UPDATE reservation r
    SET held_usd = real.held, spent_usd = real.spent, owed_usd = real.owed
    FROM (SELECT q.id,
            COALESCE(sum(CASE e.kind WHEN 'reserve' THEN e.amount_usd
              WHEN 'commit' THEN -e.amount_usd WHEN 'release' THEN -e.amount_usd
              ELSE 0 END), 0) AS held,
            COALESCE(sum(CASE e.kind WHEN 'commit' THEN e.amount_usd
              WHEN 'reverse' THEN -e.amount_usd ELSE 0 END), 0) AS spent,
            COALESCE(sum(CASE e.kind WHEN 'owe' THEN e.amount_usd
              WHEN 'settle' THEN -e.amount_usd ELSE 0 END), 0) AS owed
          FROM reservation q LEFT JOIN ledger_entry e ON e.reservation_id = q.id
          WHERE q.project_id = %(project)s GROUP BY q.id) real
    WHERE r.id = real.id
      AND (r.held_usd, r.spent_usd, r.owed_usd) <> (real.held, real.spent, real.owed)
"""
_OF_BUDGET = """
    UPDATE budget b
    SET reserved_usd = real.held, spent_usd = real.spent, day_spent_usd = real.today
    FROM (SELECT c.id,
            COALESCE(sum(CASE e.kind WHEN 'reserve' THEN e.amount_usd
              WHEN 'commit' THEN -e.amount_usd WHEN 'release' THEN -e.amount_usd
              ELSE 0 END), 0) AS held,
            COALESCE(sum(CASE e.kind WHEN 'commit' THEN e.amount_usd
              WHEN 'reverse' THEN -e.amount_usd ELSE 0 END), 0) AS spent,
            COALESCE(sum(CASE e.kind WHEN 'commit' THEN e.amount_usd
              WHEN 'reverse' THEN -e.amount_usd ELSE 0 END)
              FILTER (WHERE e.day = c.day), 0) AS today
          FROM budget c LEFT JOIN ledger_entry e ON e.project_id = c.project_id
          WHERE c.project_id = %(project)s GROUP BY c.id) real
    WHERE b.id = real.id AND (b.reserved_usd, b.spent_usd, b.day_spent_usd)
      <> (real.held, real.spent, real.today)
"""


@retried
def rebuild_ledger(*, project: Project) -> int:
    """Give back what ended leases hold; compute the counters anew from the entries.

    Return how many of them differed. The entries are the truth.
    """
    values = {"project": project.pk}
    ledger.rows_of(
        "SELECT id FROM reservation WHERE project_id = %(project)s"
        " ORDER BY id FOR UPDATE",
        values,
    )
    ledger.rows_of(sql.LOCK_BUDGET, values)
    n_mended = ledger.run(_OF_WORK, values) + ledger.run(_OF_BUDGET, values)
    forgotten = Reservation.objects.filter(
        project=project, held_usd__gt=0, assignment__isnull=False
    ).exclude(assignment__state__in=LENT)
    ids = list(forgotten.values_list("assignment_id", flat=True))
    ledger.free(ids)
    return n_mended + len(ids)
