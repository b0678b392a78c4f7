"""Step recruit: pay that is still owed to people who have withdrawn.

What is left of them for it is an amount and the platform's ids, apart from everything
else; once it is paid, or found not to be owed, the ids are deleted. Written by
services.withdrawals, read and settled by services.pay.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation.models import ExternalIdentity, OwedPay, Participant, Project
from annotation.selectors.enrolments import own_enrolment
from annotation.selectors.pay import owed_if_withdrawn, owed_pays
from annotation.services.events import record
from annotation.services.identities import OpenedIds, sealed_anew


@dataclass(frozen=True)
class OwedLine(OpenedIds):
    """What somebody who has withdrawn is still owed, under the platform's id."""

    stored: OwedPay

    @property
    def sealed(
        self,
    ) -> "tuple[bytes | memoryview[int], bytes | memoryview[int] | None]":
        """Return the ids as they are stored."""
        return self.stored.external_id_encrypted or b"", self.stored.details_encrypted


def owed_lines(project: Project) -> tuple[OwedLine, ...]:
    """Return what people who withdrew are still owed, by day; one query."""
    return tuple(OwedLine(stored) for stored in owed_pays(project))


def owe(*, participant: Participant) -> Decimal:
    """Keep what somebody who withdraws now is owed, with the ids to pay it by.

    Called within the withdrawal, before anything is forgotten. Return the amount.
    """
    if own_enrolment(participant) is None:
        return Decimal(0)
    # A payment that is marked at this moment is seen here, or waits: see `mark_paid`.
    Project.objects.select_for_update(no_key=True).get(pk=participant.project_id)
    pay = owed_if_withdrawn(participant)
    ids = ExternalIdentity.objects.filter(participant=participant).first()
    if pay is None or ids is None:
        return Decimal(0)
    today, details = timezone.now().date(), ids.details_encrypted
    # Copied as they are, they would tell the second at which the enrolment began.
    OwedPay.objects.create(
        project_id=participant.project_id,
        owed_on=today,
        amount=pay.amount,
        bonus=pay.bonus,
        external_id_encrypted=sealed_anew(ids.value_encrypted, today),
        details_encrypted=sealed_anew(details, today) if details else None,
    )
    return pay.total


@transaction.atomic
def mark_owed_paid(*, project: Project, keys: Collection[UUID], by: User) -> int:
    """Mark what is owed as paid, by its keys; the ids go for good."""
    held = OwedPay.objects.select_for_update().filter(project=project, paid_at=None)
    found = list(held.filter(pk__in=keys))
    for owed in found:
        owed.paid_at = timezone.now()
        owed.external_id_encrypted = owed.details_encrypted = None
        owed.save(
            update_fields=("paid_at", "external_id_encrypted", "details_encrypted")
        )
        _say(owed, by, "marked_paid")
    return len(found)


@transaction.atomic
def drop_owed(*, owed: OwedPay, by: User) -> None:
    """Delete what is not owed after all, such as of who was refused; it is logged."""
    n_deleted, _each = OwedPay.objects.filter(pk=owed.pk, paid_at=None).delete()
    if n_deleted:
        _say(owed, by, "owed_dropped")


def _say(owed: OwedPay, by: User, kind: str) -> None:
    record(
        project=owed.project,
        user=by,
        kind=kind,
        owed_pay=str(owed.pk),
        amount=f"{owed.total:.2f}",
    )
