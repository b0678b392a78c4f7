"""Step recruit: how a recruited participant ends, and is taken in again.

Completed, screened out, timed out, returned or withdrawn: in every case no further item
is lent (`participant.n_wanted`) and what was held returns to the pool at once, as
expired leases, so that drafts survive. Called by pages, by the beat and by
services.participants; people who came without a recruitment link are left alone.
"""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Assignment, Enrolment, Participant, Recruitment
from annotation.services import pairings
from annotation.services.assignments import give_reserved_back, reclaim
from annotation.services.each import for_each
from annotation.services.events import record
from annotation.words import gettext as _

State, Reason, Code = Enrolment.State, Enrolment.Reason, Enrolment.Code
# Reasons of selectors.own_work for which somebody does not qualify.
SCREENED = {"quota_full": Reason.QUOTA_FULL, "not_qualified": Reason.NOT_QUALIFIED}
# ... and those for which nothing is left that this person could answer.
NOTHING_LEFT = ("waiting", "yours_done", "all_done")
OVERDUE_BATCH = 200


@transaction.atomic
def conclude(*, participant: Participant, reason: str) -> Enrolment | None:
    """Decide how a recruited participant ends who gets no item, and note the code.

    `reason` is why there is no item (see selectors.own_work). The enrolment is
    returned in its new or old state; None for a person who was not recruited.
    """
    if participant.source != Participant.Source.RECRUITED:
        return None
    person = _locked(participant.pk)
    enrolment = _enrolment(person)
    if enrolment is None:
        return None
    if enrolment.state == State.WORKING:
        outcome = _outcome(person, enrolment.project.recruitment, reason)
        if outcome is not None:
            _end(enrolment, person, *outcome)
    _note_code(enrolment)
    return enrolment


def _outcome(
    person: Participant, recruitment: Recruitment, reason: str
) -> tuple[Enrolment.State, Enrolment.Reason] | None:
    if reason in SCREENED:
        return State.SCREENED_OUT, SCREENED[reason]
    if _has_all(person):
        return State.COMPLETED, Reason.NONE
    if reason not in NOTHING_LEFT or not recruitment.is_empty_done:
        return None
    if person.n_main:
        return State.COMPLETED, Reason.NONE
    return State.SCREENED_OUT, Reason.NO_ITEMS


@transaction.atomic
def close(
    *,
    participant: Participant,
    state: Enrolment.State,
    reason: Enrolment.Reason = Reason.NONE,
    by: User | None = None,
) -> bool:
    """End an enrolment, if there is one that has not ended this way already."""
    person = _locked(participant.pk)
    enrolment = _enrolment(person)
    if enrolment is None or enrolment.state == state:
        return False
    _end(enrolment, person, state, reason, by=by)
    return True


@transaction.atomic
def take_in(*, participant: Participant, by: User | None) -> bool:
    """Let somebody who ended go on where they were, with the whole time anew.

    Tell whether anything changed. Drafts are still there.
    """
    person = _locked(participant.pk)
    enrolment = _enrolment(person)
    if enrolment is None or enrolment.state == State.WORKING:
        return False
    recruitment = enrolment.project.recruitment
    enrolment.state, enrolment.reason = State.WORKING, Reason.NONE
    enrolment.finished_at = None
    enrolment.due_at = due_after(recruitment)
    enrolment.provider_status = ""
    enrolment.save(
        update_fields=("state", "reason", "finished_at", "due_at", "provider_status")
    )
    _want(person, recruitment.n_items_wanted)
    pairings.settle_all(participant=person, is_settled=False)
    _say(enrolment, by, "enrolment_taken_in")
    return True


@transaction.atomic
def go_on(*, participant: Participant) -> None:
    """Lend further items to somebody who has completed, where the study allows it.

    Raises ConflictError where it does not.
    """
    person = _locked(participant.pk)
    enrolment = _enrolment(person)
    if (
        enrolment is None
        or enrolment.state != State.COMPLETED
        or enrolment.project.recruitment.when_done != Recruitment.WhenDone.GO_ON
    ):
        raise ConflictError(_("This study gives no further items."), code="ended")
    _want(person, None)


def close_overdue() -> int:
    """End the enrolments whose time is over; give their number. Called by the beat.

    Who has answered all that is wanted has completed, also without having come back.
    """
    overdue = Enrolment.objects.filter(
        state=State.WORKING, due_at__lte=timezone.now()
    ).order_by("due_at")
    people = overdue.values_list("participant_id", flat=True)[:OVERDUE_BATCH]
    return sum(for_each(people, _close_overdue))


@transaction.atomic
def _close_overdue(participant_id: int) -> bool:
    person = _locked(participant_id)
    enrolment = _enrolment(person)
    # It may have ended, or been taken in again, while this waited for the lock.
    if (
        enrolment is None
        or enrolment.state != State.WORKING
        or enrolment.due_at is None
        or enrolment.due_at > timezone.now()
    ):
        return False
    state = State.COMPLETED if _has_all(person) else State.TIMED_OUT
    _end(enrolment, person, state, Reason.NONE)
    return True


def due_after(recruitment: Recruitment) -> datetime | None:
    """Return when the time allowed is over for somebody who begins now."""
    if recruitment.time_allowed_min is None:
        return None
    return timezone.now() + timedelta(minutes=recruitment.time_allowed_min)


# --- within a lock on the participant -----------------------------------------------


def _locked(participant_id: int) -> Participant:
    """Lock the participant, as a claim does: no item is lent between look and end."""
    return Participant.objects.select_for_update(no_key=True).get(pk=participant_id)


def _enrolment(person: Participant) -> Enrolment | None:
    return (
        Enrolment.objects.select_related("project__recruitment")
        .filter(participant=person)
        .first()
    )


def _has_all(person: Participant) -> bool:
    return bool(person.n_wanted) and person.has_all_wanted


def _end(
    enrolment: Enrolment,
    person: Participant,
    state: Enrolment.State,
    reason: Enrolment.Reason,
    *,
    by: User | None = None,
) -> None:
    enrolment.state, enrolment.reason = state, reason
    enrolment.finished_at = timezone.now()
    enrolment.save(update_fields=("state", "reason", "finished_at"))
    is_done = state == State.COMPLETED
    _want(person, person.n_main if is_done else 0)
    held = Assignment.objects.filter(
        participant=person,
        state__in=(Assignment.State.OPEN, Assignment.State.QUEUED),
    )
    for assignment in held:
        reclaim(assignment=assignment)
    give_reserved_back(participant=person)
    pairings.settle_all(participant=person, is_settled=True)
    _say(enrolment, by, "enrolment_ended")


def _want(person: Participant, n_wanted: int | None) -> None:
    person.n_wanted = n_wanted
    person.save(update_fields=["n_wanted"])


def _note_code(enrolment: Enrolment) -> None:
    """Remember which code is shown, the first time that it is."""
    kinds = {State.COMPLETED: Code.COMPLETION, State.SCREENED_OUT: Code.SCREEN_OUT}
    kind = kinds.get(State(enrolment.state))
    if kind is None or enrolment.code_kind == kind:
        return
    if kind == Code.SCREEN_OUT and not enrolment.project.recruitment.screen_out_code:
        return
    enrolment.code_kind, enrolment.code_shown_at = kind, timezone.now()
    enrolment.save(update_fields=("code_kind", "code_shown_at"))


def _say(enrolment: Enrolment, by: User | None, kind: str) -> None:
    record(
        project=enrolment.project,
        user=by,
        kind=kind,
        enrolment=enrolment.pk,
        state=enrolment.state,
        reason=enrolment.reason,
    )
