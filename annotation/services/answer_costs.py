"""Step budget: what the answers of people cost; only where they have a price.

Called by the services that lend and store. Every answer that a person is asked for
costs the price, checks and repeats too, as pay by item counts them: it is work. What is
promised with a lease is kept, though the price changes meanwhile.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection

from annotation.models import Assignment, Participant, Project, Reservation
from annotation.money import ZERO
from annotation.services import ledger
from annotation.services import ledger_sql as sql


def price_now(project: Project) -> Decimal:
    """Return what the next answer costs; one query, and none without a price.

    Raises BudgetSpentError where a cap has no room for it.
    """
    if not project.has_priced_answers:
        return ZERO
    price, left, left_today = _room(project.pk)
    if price > 0 and any(
        room is not None and room < price for room in (left, left_today)
    ):
        raise ledger.spent_error(project, price)
    return price


def promised_to(participant: Participant) -> frozenset[int]:
    """Return the reserved assignments of a person that keep their money; one query."""
    held = Reservation.objects.filter(
        assignment__participant=participant,
        assignment__state=Assignment.State.RESERVED,
        held_usd__gt=0,
    )
    return frozenset(held.values_list("assignment_id", flat=True))


def promise(*, assignment: Assignment, project: Project, price: Decimal) -> None:
    """Set the price aside for an assignment that is lent in this transaction.

    The last step of a claim. Raises BudgetSpentError, with which the claim is undone.
    """
    if price <= 0:
        return
    held = _open(assignment.pk, assignment.project_id)
    missing = price - held.held
    if missing > 0 and not ledger.hold(held, missing):
        raise ledger.spent_error(project, missing)


def pay(*, assignment_id: int, project_id: int) -> None:
    """Book an answer that was just stored, at the price that was promised.

    A late one, whose promise ended with its lease, costs the price of now; where the
    caps have no room for that the answer is kept all the same, and is owed.
    """
    held = _open(assignment_id, project_id)
    if held.spent > 0 or held.owed > 0:
        return
    price = held.held or _room(project_id)[0]
    if price > 0:
        ledger.book(held, price, key="", is_last=True)


def unpay(*, assignment: Assignment, is_open_again: bool, ended: Sequence[int]) -> bool:
    """Reverse an answer that was taken back; False where its lease must end.

    A lease that goes on needs the same promise again. That can fail only where the
    answer was of another day, or owed. `ended`: leases that made room for it.
    """
    held = _open(assignment.pk, assignment.project_id)
    price = held.spent or held.owed
    ledger.take_back(held)
    ledger.free(ended)
    return not is_open_again or price <= 0 or ledger.hold(_again(held), price)


def _again(held: ledger.Held) -> ledger.Held:
    return ledger.Held(
        held.project_id, held.id, ZERO, ZERO, ZERO, held.round + 1, held.purpose
    )


def _open(assignment_id: int, project_id: int) -> ledger.Held:
    return ledger.open_reservation(
        project_id, f"assignment:{assignment_id}", assignment=assignment_id
    )


def _room(project_id: int) -> tuple[Decimal, Decimal | None, Decimal | None]:
    with connection.cursor() as db:
        db.execute(sql.ROOM, {"project": project_id})
        price, left, left_today = db.fetchone()
    return price, left, left_today
