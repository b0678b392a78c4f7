"""Step budget: reserve before work, commit what it cost, release the rest.

For machine calls and answers of people alike; called by their services. Money is only
ever promised by one conditional UPDATE that a cap refuses, so whatever happens between,
what is spent and reserved together never passes it. Each piece of work has a reference,
and each of these calls can be repeated: what is booked once is not booked again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from annotation.errors import BudgetSpentError, NotFoundError
from annotation.models import LedgerPurpose, Project, Reservation
from annotation.money import ZERO, shown, usd
from annotation.services import ledger_sql as sql
from annotation.services.races import retried
from annotation.words import gettext as _

LEASE_S = 3600


@dataclass(frozen=True)
class Held:
    """A reservation of money that this transaction has locked, as it was then."""

    project_id: int
    id: int
    held: Decimal
    spent: Decimal
    owed: Decimal
    round: int
    purpose: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the statements need."""
        return {
            "project": self.project_id,
            "reservation": self.id,
            "round": self.round,
            "purpose": self.purpose,
        }


# --- a machine's work --------------------------------------------------------------


@retried
def reserve(
    *,
    project: Project,
    amount: Decimal,
    reference: str,
    purpose: str = LedgerPurpose.MACHINE,
    lease_s: int = LEASE_S,
) -> Reservation:
    """Set money aside for the work that `reference` names, such as "run:17:batch:3".

    Repeated, it raises what is held to `amount`, and never holds it twice. It is given
    back by itself after `lease_s`, unless `renew` is called.

    Raises BudgetSpentError where a cap has no room for it; nothing is held then.
    """
    run(sql.OPEN_BUDGET, {"project": project.pk})
    held = open_reservation(project.pk, reference, purpose=purpose)
    missing = usd(amount) - held.held
    if missing > 0 and not hold(held, missing):
        raise spent_error(project, missing)
    Reservation.objects.filter(pk=held.id).update(lease_until=_until(lease_s))
    return Reservation.objects.get(pk=held.id)


@retried
def commit(*, project: Project, reference: str, actual: Decimal) -> Reservation:
    """Book what the work cost and give back the rest of what was held for it.

    Where parts of it are booked already, `actual` is what comes on top of them.
    What it cost beyond what is held is reserved first; where a cap refuses that, it is
    kept as owed, outside the budget.
    """
    held = lock(project, reference)
    book(held, usd(actual), key="", is_last=True)
    return Reservation.objects.get(pk=held.id)


@retried
def commit_part(
    *, project: Project, reference: str, actual: Decimal, key: str
) -> Reservation:
    """Book what a part of the work cost, and keep the rest for the other parts.

    `key` names the part, once in the work: a repeated call with it changes nothing.
    """
    held = lock(project, reference)
    book(held, usd(actual), key=key, is_last=False)
    return Reservation.objects.get(pk=held.id)


@retried
def release(*, project: Project, reference: str) -> Reservation:
    """Give back what is still held for the work."""
    held = lock(project, reference)
    if held.held > 0:
        spend(held, ZERO, freed=held.held)
    return Reservation.objects.get(pk=held.id)


@retried
def reverse(*, project: Project, reference: str) -> Reservation:
    """Take back all that was booked for the work, as if it had cost nothing."""
    held = lock(project, reference)
    take_back(held)
    return Reservation.objects.get(pk=held.id)


def renew(*, project: Project, reference: str, lease_s: int = LEASE_S) -> bool:
    """Keep what is held for longer; False where it was given back meanwhile."""
    found = Reservation.objects.filter(
        project=project, reference=reference, lease_until__isnull=False
    )
    return bool(found.update(lease_until=_until(lease_s)))


@retried
def expire_reservations() -> int:
    """Give back what machines held that have gone; return how many there were."""
    return _free(rows_of(sql.LOCK_OVERDUE, {}))


def _until(lease_s: int) -> Any:
    return timezone.now() + timedelta(seconds=lease_s)


# --- steps inside the transaction of a caller --------------------------------------


def open_reservation(
    project_id: int,
    reference: str,
    *,
    purpose: str = LedgerPurpose.HUMAN,
    assignment: int | None = None,
) -> Held:
    """Lock the reservation of a piece of work, which is made where there is none."""
    values = {"purpose": str(purpose), "assignment": assignment}
    values |= {"project": project_id, "reference": reference}
    return Held(project_id, *rows_of(sql.OPEN, values)[0])


def lock(project: Project, reference: str) -> Held:
    """Lock a reservation that is there."""
    values = {"project": project.pk, "reference": reference}
    rows = rows_of(sql.LOCK, values)
    if not rows:
        raise NotFoundError(
            _("Nothing was ever reserved for “{reference}”.").format(
                reference=reference
            )
        )
    return Held(project.pk, *rows[0])


def hold(held: Held, amount: Decimal) -> bool:
    """Set money aside, unless a cap has no room for it."""
    return run(sql.HOLD, held.parameters | {"amount": amount}) == 1


def spend(held: Held, spent: Decimal, *, freed: Decimal, key: str = "") -> None:
    """Use a part of what is held, and give back another."""
    run(sql.SPEND, held.parameters | {"spent": spent, "freed": freed, "key": key})


def book(held: Held, actual: Decimal, *, key: str, is_last: bool) -> None:
    """Book what work cost, from what is held and else from what the caps allow."""
    if rows_of(sql.IS_BOOKED, held.parameters | {"key": key})[0][0]:
        if is_last and held.held > 0:
            spend(held, ZERO, freed=held.held)
        return
    excess = actual - held.held
    if excess > 0 and not hold(held, excess):
        run(sql.OWE, held.parameters | {"amount": excess, "key": key})
        actual = held.held
    rest = max(held.held - actual, ZERO) if is_last else ZERO
    if actual > 0 or rest > 0:
        spend(held, actual, freed=rest, key=key)


def take_back(held: Held) -> None:
    """Take back all that was booked, each part on its own day, and what is owed."""
    if held.owed > 0:
        run(sql.SETTLE, held.parameters | {"amount": held.owed})
    if held.spent <= 0 and held.owed <= 0:
        return
    parts = rows_of(sql.NET_BY_DAY, held.parameters)
    ((today,),) = rows_of(sql.LOCK_BUDGET, held.parameters)
    amounts = {
        "amount": sum((amount for _day, amount in parts), ZERO),
        "amount_of_day": sum((amount for day, amount in parts if day == today), ZERO),
    }
    run(sql.REVERSE, held.parameters | amounts)
    for day, amount in parts:
        run(sql.REVERSE_ENTRY, held.parameters | {"day": day, "amount": amount})


def free(assignment_ids: Sequence[int]) -> None:
    """Give back what is held for leases that have ended without an answer.

    To be called after the last lock on items that a transaction takes.
    """
    if assignment_ids:
        _free(rows_of(sql.LOCK_ENDED, {"assignments": list(assignment_ids)}))


def _free(rows: Sequence[Any]) -> int:
    by_project: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    for reservation, project, amount in rows:
        by_project[project].append((reservation, amount))
    for project in sorted(by_project):
        found = by_project[project]
        total = sum((amount for _id, amount in found), ZERO)
        ids = [reservation for reservation, _amount in found]
        run(sql.FREE, {"project": project, "amount": total, "reservations": ids})
    return len(rows)


def spent_error(project: Project, amount: Decimal) -> BudgetSpentError:
    """Return the error that says which cap has no room for an amount."""
    _price, left, left_today = rows_of(sql.ROOM, {"project": project.pk})[0]
    cap = "project" if left is not None and left < amount else "day"
    room = max((left if cap == "project" else left_today) or ZERO, ZERO)
    words = (
        _(
            "The budget of the project has {left} left, and {amount} is needed. An "
            "owner can raise its cap."
        )
        if cap == "project"
        else _(
            "The budget of this day has {left} left, and {amount} is needed. It goes "
            "on tomorrow (UTC), or when an owner raises the cap of the day."
        )
    )
    text = words.format(left=shown(room), amount=shown(amount))
    return BudgetSpentError(text, cap=cap, left_usd=f"{room:.6f}")


def run(statement: str, values: dict[str, Any]) -> int:
    """Run a statement; return how many rows it wrote."""
    with connection.cursor() as db:
        db.execute(statement, values)
        return int(db.rowcount)


def rows_of(statement: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())
