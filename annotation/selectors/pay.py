"""What is stored of everybody who came by a recruitment link; for owners only.

The ids stay encrypted here; services.pay opens them for the owner's page.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F, Sum

from annotation.models import Enrolment, OwedPay, Participant, Project, Recruitment
from annotation.pay import Pay, PayRule, Work, base_pay, pay_table
from annotation.selectors.enrolments import own_enrolment

_ENROLLED = """
    SELECT e.public_id, e.state, e.reason, e.provider_status, e.created_at,
        e.finished_at, e.code_kind, e.code_shown_at, e.paid_at, e.paid_amount,
        x.value_encrypted, x.details_encrypted, p.n_done - p.n_checks,
        p.n_checks, w.active_ms, w.last_at
    FROM enrolment e
    JOIN participant p ON p.id = e.participant_id
    JOIN external_identity x ON x.participant_id = p.id
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(n.active_ms), 0)::bigint AS active_ms,
            max(a.finished_at) AS last_at
        FROM assignment a JOIN annotation n ON n.id = a.annotation_id
        WHERE a.participant_id = p.id AND a.purpose <> 'imported') w
    WHERE e.project_id = %s AND (%s::bigint IS NULL OR e.participant_id = %s)
    ORDER BY e.id
"""


@dataclass(frozen=True)
class Enrolled:
    """A person who came by a link: state, work, and the ids as they are stored."""

    id: uuid.UUID
    state: str
    reason: str
    provider_status: str
    started_at: datetime
    finished_at: datetime | None
    code_kind: str
    code_shown_at: datetime | None
    paid_at: datetime | None
    paid_amount: Decimal | None
    external_id_encrypted: "bytes | memoryview[int]"
    details_encrypted: "bytes | memoryview[int] | None"
    n_items: int
    n_checks: int
    active_ms: int
    last_at: datetime | None

    @property
    def active_s(self) -> float:
        """Return the active time on the items."""
        return self.active_ms / 1000

    @property
    def total_ms(self) -> int:
        """Return the time from the start in milliseconds."""
        return round(self.total_s * 1000)

    @property
    def state_words(self) -> str:
        """Return the state as people read it."""
        return str(Enrolment.State(self.state).label)

    @property
    def reason_words(self) -> str:
        """Return why the part ended, as people read it."""
        return str(Enrolment.Reason(self.reason).label)

    @property
    def status_words(self) -> str:
        """Return what the platform said last."""
        return self.provider_status.replace("_", " ")

    @property
    def total_s(self) -> float:
        """Return the time from the start to the last answer, else to the end."""
        is_screened = self.state == Enrolment.State.SCREENED_OUT
        end = (self.finished_at if is_screened else None) or self.last_at
        end = end or self.finished_at
        if end is None:
            return 0.0
        return max((end - self.started_at).total_seconds(), 0.0)


def paid_to_withdrawn(project: Project) -> Decimal:
    """Return what was paid to people who have withdrawn, before or since; 2 queries."""
    before = Enrolment.objects.filter(
        project=project, participant__withdrawal__isnull=False
    ).aggregate(n=Sum("paid_amount"))
    since = OwedPay.objects.filter(project=project, paid_at__isnull=False).aggregate(
        n=Sum(F("amount") + F("bonus"))
    )
    return sum((one["n"] or Decimal(0) for one in (before, since)), Decimal(0))


def owed_pays(project: Project) -> list[OwedPay]:
    """Return what people who withdrew are still owed, by day; one query."""
    found = OwedPay.objects.filter(project=project, paid_at__isnull=True)
    return list(found.order_by("owed_on", "id"))


def enrolled(project: Project) -> list[Enrolled]:
    """Return everybody who came by a link, in the order of coming; one query."""
    return _found(project.pk, None)


def _found(project_id: int, participant_id: int | None) -> list[Enrolled]:
    with connection.cursor() as db:
        db.execute(_ENROLLED, [project_id, participant_id, participant_id])
        return [Enrolled(*row) for row in db.fetchall()]


def pay_rule(recruitment: Recruitment) -> PayRule:
    """Return how a study pays, as annotation.pay reads it."""
    return PayRule(
        kind=recruitment.pay_kind,
        amount=recruitment.pay_amount,
        screen_out=recruitment.screen_out_amount,
        is_partial=recruitment.is_pay_partial,
        n_wanted=recruitment.n_items_wanted or 0,
        floor=recruitment.floor_per_hour,
        top_up=recruitment.top_up,
    )


def work_of(person: Enrolled, seconds: float) -> Work:
    """Return what somebody did, as annotation.pay reads it."""
    return Work(
        person.state, person.provider_status, person.n_items, seconds, person.n_checks
    )


def seconds_of(person: Enrolled, recruitment: Recruitment) -> float:
    """Return the time of somebody by the clock that the study pays by."""
    is_active = recruitment.clock == Recruitment.Clock.ACTIVE
    return person.active_s if is_active else person.total_s


def owed_if_withdrawn(participant: Participant) -> Pay | None:
    """Return what is owed to somebody who withdraws now; None where nothing is.

    Who has ended keeps what the list of pay says at this moment, the top-up too; who is
    at work ends by it. At most two queries, none for who was not recruited.
    """
    enrolment = own_enrolment(participant)
    if enrolment is None or enrolment.paid_at is not None:
        return None
    recruitment = enrolment.project.recruitment
    works = {
        one.id: work_of(one, seconds_of(one, recruitment))
        for one in enrolled(enrolment.project)
    }
    own = works.get(enrolment.public_id)
    if own is None:
        return None
    if own.state == Enrolment.State.WORKING:
        works[enrolment.public_id] = replace(own, state=Enrolment.State.WITHDRAWN)
    pays = pay_table(pay_rule(recruitment), [*works.values()]).pays
    pay = pays[[*works].index(enrolment.public_id)]
    return pay if pay.total else None


@dataclass(frozen=True)
class OwnPay:
    """What a recruited person may know of their own part.

    `amount`: by their own work, before a top-up that depends on everybody's times.
    """

    stored: Enrolled
    platform: str
    due_at: datetime | None
    amount: Decimal
    currency: str


def own_pay(participant: Participant) -> OwnPay | None:
    """Return a recruited participant's part and pay; two queries, none for others."""
    enrolment = own_enrolment(participant)
    if enrolment is None:
        return None
    recruitment = enrolment.project.recruitment
    (stored,) = _found(participant.project_id, participant.pk)
    work = work_of(stored, seconds_of(stored, recruitment))
    return OwnPay(
        stored=stored,
        platform=str(Recruitment.Provider(enrolment.provider).label),
        due_at=enrolment.due_at,
        amount=base_pay(pay_rule(recruitment), work),
        currency=recruitment.currency,
    )
