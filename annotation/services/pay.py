"""Step recruit: who is owed what, the list to pay from, and what is paid already.

For owners only: this is the one place where ids of a platform are decrypted.
"""

import csv
import io
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.formats.exports.cells import harmless
from annotation.models import Enrolment, Project, Recruitment
from annotation.pay import Pay, PayRule, PayTable, pay_table
from annotation.selectors.pay import (
    Enrolled,
    enrolled,
    paid_to_withdrawn,
    pay_rule,
    seconds_of,
    work_of,
)
from annotation.services.events import record
from annotation.services.identities import OpenedIds
from annotation.services.owed_pay import OwedLine, mark_owed_paid, owed_lines
from annotation.words import gettext as _

COLUMNS = (
    "external_id",
    "amount",
    "bonus",
    "total",
    "currency",
    "state",
    "provider_status",
    "items",
    "checks",
    "active_minutes",
    "total_minutes",
    "study_id",
    "session_id",
    "paid_at",
)


@dataclass(frozen=True)
class PayLine(OpenedIds):
    """A person on the pay page, under the platform's id and never a pseudonym.

    What the platform told is opened where it is read, so for the lines of a page alone.
    """

    stored: Enrolled
    pay: Pay
    seconds: float

    @property
    def sealed(
        self,
    ) -> "tuple[bytes | memoryview[int], bytes | memoryview[int] | None]":
        """Return the ids as they are stored."""
        return self.stored.external_id_encrypted, self.stored.details_encrypted

    @property
    def is_owed(self) -> bool:
        """Tell whether there is something to pay that is not paid yet."""
        return self.stored.paid_at is None and self.pay.total > 0


@dataclass(frozen=True)
class PayList:
    """Everybody's pay, in the order of coming, with what it adds up to.

    `withdrawn`: what people who withdrew are still owed. `paid_to_withdrawn`: to people
    of whom no line is left.
    """

    recruitment: Recruitment
    rule: PayRule
    table: PayTable
    lines: tuple[PayLine, ...]
    withdrawn: tuple[OwedLine, ...]
    paid_to_withdrawn: Decimal

    @property
    def owed(self) -> Decimal:
        """Return what is still to be paid."""
        return sum((x.pay.total for x in self.lines if x.is_owed), self.owed_withdrawn)

    @property
    def owed_withdrawn(self) -> Decimal:
        """Return how much of that is for people who have withdrawn."""
        return sum((x.stored.total for x in self.withdrawn), Decimal(0))

    @property
    def paid(self) -> Decimal:
        """Return what is marked as paid, whoever has withdrawn since."""
        listed = (x.stored.paid_amount or Decimal(0) for x in self.lines)
        return sum(listed, self.paid_to_withdrawn)

    @property
    def n_below(self) -> int:
        """Return how many completed for less than the floor, before any top-up."""
        return sum(x.pay.is_below for x in self.lines)


def pay_list(project: Project) -> PayList:
    """Return the pay of everybody who came by a link; five queries."""
    recruitment = Recruitment.objects.get(project=project)
    rule = pay_rule(recruitment)
    found = enrolled(project)
    times = [seconds_of(person, recruitment) for person in found]
    works = [work_of(*one) for one in zip(found, times, strict=True)]
    table = pay_table(rule, works)
    lines = tuple(
        PayLine(person, pay, seconds)
        for person, pay, seconds in zip(found, table.pays, times, strict=True)
    )
    return PayList(
        recruitment=recruitment,
        rule=rule,
        table=table,
        lines=lines,
        withdrawn=owed_lines(project),
        paid_to_withdrawn=paid_to_withdrawn(project),
    )


def note_read(project: Project, *, by: User, n_lines: int) -> None:
    """Note in the log that so many lines with ids of the platform were given out."""
    record(project=project, user=by, kind="pay_list_read", n_lines=n_lines)


def pay_csv(project: Project, *, by: User, is_whole: bool = False) -> str:
    """Return who is still to be paid as CSV, or everybody; the download is noted."""
    found = pay_list(project)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    lines = [line for line in found.lines if is_whole or line.is_owed]
    currency = found.recruitment.currency
    writer.writerows(_cells(line, currency) for line in lines)
    writer.writerows(_owed_cells(line, currency) for line in found.withdrawn)
    note_read(project, by=by, n_lines=len(lines) + len(found.withdrawn))
    return text.getvalue()


def _cells(line: PayLine, currency: str) -> tuple[str | int, ...]:
    stored = line.stored
    return (
        harmless(line.external_id),
        f"{line.pay.amount:.2f}",
        f"{line.pay.bonus:.2f}",
        f"{line.pay.total:.2f}",
        currency,
        stored.state,
        stored.provider_status,
        stored.n_items,
        stored.n_checks,
        f"{stored.active_s / 60:.1f}",
        f"{stored.total_s / 60:.1f}",
        harmless(line.study),
        harmless(line.session),
        stored.paid_at.isoformat() if stored.paid_at else "",
    )


def _owed_cells(line: OwedLine, currency: str) -> tuple[str, ...]:
    """Return a line of who withdrew: of their work nothing is told."""
    cells = dict.fromkeys(COLUMNS, "") | {
        "external_id": harmless(line.external_id),
        "amount": f"{line.stored.amount:.2f}",
        "bonus": f"{line.stored.bonus:.2f}",
        "total": f"{line.stored.total:.2f}",
        "currency": currency,
        "state": Enrolment.State.WITHDRAWN,
        "study_id": harmless(line.study),
        "session_id": harmless(line.session),
    }
    return tuple(cells.values())


@transaction.atomic
def mark_paid(
    *,
    project: Project,
    ids: Collection[uuid.UUID] | None,
    by: User,
    owed: Collection[uuid.UUID] = (),
) -> int:
    """Mark people as paid with what they are owed now; all who are owed without ids.

    Return how many were marked. Who is paid already keeps what was paid. `ids`: of
    enrolments, and of what people who withdrew are owed. `owed`: of the latter, beside
    all people. They are always named, since their ids go for good: somebody may have
    withdrawn after the list was read from which the payment was made.
    """
    # One owner at a time: two that mark at once would else each log the payment.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    now = timezone.now()
    wanted = None if ids is None else set(ids)
    marked = [
        line
        for line in pay_list(project).lines
        if line.is_owed and (wanted is None or line.stored.id in wanted)
    ]
    for line in marked:
        Enrolment.objects.filter(
            project=project, public_id=line.stored.id, paid_at__isnull=True
        ).update(paid_at=now, paid_amount=line.pay.total)
        record(
            project=project,
            user=by,
            kind="marked_paid",
            enrolment=str(line.stored.id),
            amount=f"{line.pay.total:.2f}",
        )
    keys = {*owed, *(wanted or ())}
    return len(marked) + mark_owed_paid(project=project, keys=keys, by=by)


@transaction.atomic
def unmark_paid(*, enrolment: Enrolment, by: User) -> None:
    """Take the mark of a payment back; both stay in the log.

    Raises ConflictError where nothing is marked.
    """
    held = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
    if held.paid_at is None:
        raise ConflictError(_("This person is not marked as paid."))
    record(
        project=enrolment.project,
        user=by,
        kind="unmarked_paid",
        enrolment=str(held.public_id),
        amount=f"{held.paid_amount:.2f}",
    )
    held.paid_at = held.paid_amount = None
    held.save(update_fields=("paid_at", "paid_amount"))
