"""Step consent: withdraw for good, as the text that a person agreed to says.

At once, in one transaction, the link between the person and what they did is cut: from
then on no export holds it and no request of theirs reaches it. Their assignments follow
in steps, each of which is whole, so a killed process goes on where it stopped. What
stays is a tombstone: how many items somebody answered, and no more. Pay that is owed
stays apart from it, see services.owed_pay.
"""

import logging
import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Func, Q
from django.utils import timezone

from annotation.allocation.presentation import with_first
from annotation.models import (
    Chart,
    CheckPlan,
    Comment,
    ConsentDocument,
    ConsentRecord,
    Conversation,
    DerivedAttribute,
    Draft,
    Enrolment,
    Event,
    Exposure,
    ExternalIdentity,
    Flag,
    Participant,
    PastSurveyAnswer,
    ProtocolPair,
    QualificationAttempt,
    StandingChange,
    SurveyAnswer,
    Thread,
    Withdrawal,
)
from annotation.selectors.consent import last_word, manner_of
from annotation.services.assignments import give_slots_back
from annotation.services.each import for_each
from annotation.services.endings import close
from annotation.services.events import record
from annotation.services.identities import decrypt, withdrawn_mark
from annotation.services.ledger import free
from annotation.services.owed_pay import owe
from annotation.services.races import retried

logger = logging.getLogger(__name__)
ERASE = ConsentDocument.OnWithdrawal.ERASE
BATCH = 500
# What a withdrawal does to each table that names a participant; a test holds it full.
TABLES: dict[str, str] = {
    "Annotation": "emptied where the text says erase, else kept out of every export",
    "Assignment": "its place is free again; times keep their day where it says erase",
    "CheckPlan": "deleted",
    "ConsentRecord": "kept: it shows that somebody agreed, and not who",
    "Conversation": "no longer names the person",
    "DerivedAttribute": "deleted",
    "Enrolment": "kept for the books, by days and without its resume code",
    "Exposure": "deleted where the text says erase, else kept out of every export",
    "ExternalIdentity": "deleted",
    "Flag": "its note is emptied where the text says erase",
    "PastSurveyAnswer": "deleted",
    "ProtocolPair": "deleted",
    "QualificationAttempt": "deleted",
    "QuotaHold": "goes back with the place it held",
    "StandingChange": "deleted",
    "SurveyAnswer": "deleted",
    "Thread": "its comments are emptied",
    "Withdrawal": "is the tombstone",
}
ANSWER_ERASED = frozenset(
    (
        "answers",
        "metadata",
        "active_ms",
        "total_ms",
        "reading_ms",
        "submission_id",
        "created_at",
    )
)
ANSWER_KEPT = frozenset(
    (
        "id",
        "public_id",
        "project",
        "item",
        "assignment",
        "participant",
        "is_retraction",
        "supersedes",
        "source",
    )
)
TIMES_OF_ENROLMENT = (
    "created_at",
    "due_at",
    "finished_at",
    "code_shown_at",
    "paid_at",
)
TAKING = ("open", "queued", "reserved", "submitted")
ANSWERED = ("submitted", "surplus")


class _Ended(NamedTuple):
    """An assignment of who withdrew, as it was."""

    id: int
    item_id: int
    state: str
    purpose: str
    order: list[int] | None


def withdraw(
    *, participant: Participant, by: User | None = None, reason: str = ""
) -> Withdrawal:
    """Withdraw a person from a project; a second call finds the first one's result.

    `by` and `reason`: the owner who does it at the person's wish, see
    services.on_behalf. The first step over the answers is taken here, so that most
    people's are gone when the page comes back; a worker does the rest.
    """
    withdrawal = _cut(participant, by, reason)
    if not carry_on(withdrawal):
        # Imported here: tasks imports the services. Without a broker beat sends it.
        from annotation.tasks import finish_withdrawals

        transaction.on_commit(lambda: finish_withdrawals.delay(), robust=True)
    withdrawal.refresh_from_db()
    return withdrawal


def carry_on(withdrawal: Withdrawal) -> bool:
    """Take one step over the answers of who withdrew; tell whether all is done."""
    return _step(withdrawal.pk)


def finish_all() -> int:
    """Carry out every withdrawal that is not done; return how many there were."""
    unfinished = Withdrawal.objects.filter(done_at__isnull=True).order_by("id")
    return len(for_each(list(unfinished.values_list("pk", flat=True)), _finish))


def _finish(key: int) -> None:
    while not _step(key):
        logger.info("withdrawal_step id=%s", key)


# --- at once ------------------------------------------------------------------------


@retried
def _cut(participant: Participant, by: User | None, reason: str) -> Withdrawal:
    """Cut every link from the person to the participant, and end what they hold."""
    person = Participant.objects.select_for_update().get(pk=participant.pk)
    known = Withdrawal.objects.filter(participant=person).first()
    if known is not None:
        return known
    manner = manner_of(person)
    _tell_consent(person)
    file_mark = _file_mark(person)
    owe(participant=person)
    close(
        participant=person,
        state=Enrolment.State.WITHDRAWN,
        reason=Enrolment.Reason.CONSENT,
    )
    for forget in FORGET_AT_ONCE:
        forget(person)
    _become_nobody(person)
    _set_aside(person, manner, "state NOT IN ('submitted', 'surplus')", None)
    withdrawal = Withdrawal.objects.create(
        project_id=person.project_id,
        participant=person,
        manner=manner,
        by=by,
        reason=reason,
        file_mark=file_mark,
    )
    record(
        project=person.project,
        user=by,
        kind="consent_withdrawn",
        withdrawal=withdrawal.pk,
        manner=manner,
    )
    logger.info("withdrawal id=%s manner=%s", withdrawal.pk, manner)
    return withdrawal


def _file_mark(person: Participant) -> str:
    """Return the mark by which a person's labels are known in another import."""
    if person.source != Participant.Source.IMPORT:
        return ""
    known = ExternalIdentity.objects.filter(participant=person).first()
    if known is None:
        return ""
    name = decrypt(known.value_encrypted)
    return withdrawn_mark(person.project, known.provider, name)


def _tell_consent(person: Participant) -> None:
    """Add the last record of consent, where there is any."""
    held = last_word(person)
    if held is not None and held.withdrawn_at is None:
        ConsentRecord.objects.create(
            participant=person, document=held.document, withdrawn_at=timezone.now()
        )


def _forget_profile(person: Participant) -> None:
    SurveyAnswer.objects.filter(participant=person).delete()
    PastSurveyAnswer.objects.filter(participant=person).delete()
    DerivedAttribute.objects.filter(participant=person).delete()


def _forget_identity(person: Participant) -> None:
    ExternalIdentity.objects.filter(participant=person).delete()


def _forget_enrolment(person: Participant) -> None:
    """Let no code or hour lead back; that they came, how it ended and was paid stays.

    The ids by which pay is owed were stored as the enrolment began.
    """
    days = {
        name: Func(F(name), template="date_trunc('day', %(expressions)s, 'UTC')")
        for name in TIMES_OF_ENROLMENT
    }
    Enrolment.objects.filter(participant=person).update(resume_hmac="", **days)


def _forget_checks(person: Participant) -> None:
    """Forget how well they did and what was decided of them, with its reasons."""
    CheckPlan.objects.filter(participant=person).delete()
    QualificationAttempt.objects.filter(participant=person).delete()
    StandingChange.objects.filter(participant=person).delete()
    # A worker makes them anew, without this person.
    Chart.objects.filter(project=person.project_id, name__startswith="habit").delete()


def _forget_pairs(person: Participant) -> None:
    """Forget which protocol came first; what was reserved is given back below."""
    ProtocolPair.objects.filter(participant=person).delete()


def _forget_threads(person: Participant) -> None:
    """Empty what they and the team wrote each other; nobody waits for a word more."""
    Comment.objects.filter(thread__participant=person).update(text="")
    Thread.objects.filter(participant=person).update(settled=F("from_annotator"))


def _forget_conversations(person: Participant) -> None:
    Conversation.objects.filter(participant=person).update(participant=None)


def _forget_events(person: Participant) -> None:
    """Take the log-in out of the person's events that name the participant.

    The one exception to an append-only log: they would join the two again. What the
    team did stays theirs.
    """
    came_by = Enrolment.objects.filter(participant=person).values_list("pk", flat=True)
    names = Q(data__participant=person.pk) | Q(data__enrolment__in=list(came_by))
    Event.objects.filter(
        names, project_id=person.project_id, user=person.user_id
    ).update(user=None)


FORGET_AT_ONCE: tuple[Callable[[Participant], None], ...] = (
    _forget_profile,
    _forget_identity,
    _forget_enrolment,
    _forget_checks,
    _forget_pairs,
    _forget_threads,
    _forget_conversations,
    _forget_events,
)


def _become_nobody(person: Participant) -> None:
    """Leave a participant to whom no log-in, name, id or hour leads."""
    Participant.objects.filter(pk=person.pk).update(
        user=None,
        pseudonym=f"withdrawn-{secrets.token_hex(6)}",
        public_id=uuid.uuid4(),
        imported_profile={},
        is_ready=False,
        created_at=person.created_at.replace(hour=0, minute=0, second=0, microsecond=0),
    )


# --- in steps -----------------------------------------------------------------------

_PICK = """
    SELECT id, item_id, state, purpose, "order" FROM assignment
    WHERE participant_id = %(participant)s AND state <> 'withdrawn' AND {which}
    ORDER BY id LIMIT %(limit)s FOR UPDATE
"""
_LOCK_FRONTIER = """
    SELECT 1 FROM frontier WHERE item_id = ANY(%s) ORDER BY item_id FOR NO KEY UPDATE
"""
_UNCOUNT = """
    UPDATE frontier f SET n_counted = f.n_counted - gone.n
    FROM (SELECT item, count(*) AS n FROM unnest(%s::bigint[]) AS item GROUP BY item)
        gone
    WHERE f.item_id = gone.item
"""
# Times keep their day: the books of a project are kept by days.
_ERASE_ANSWERS = """
    UPDATE annotation SET answers = '{}', metadata = '{}', active_ms = NULL,
        total_ms = NULL, reading_ms = NULL, submission_id = gen_random_uuid(),
        created_at = date_trunc('day', created_at, 'UTC')
    WHERE assignment_id = ANY(%s)
"""
_ERASE_HOURS = """
    UPDATE ledger_entry e SET created_at = date_trunc('day', e.created_at, 'UTC')
    FROM reservation r WHERE r.id = e.reservation_id AND r.assignment_id = ANY(%s)
"""
# In one order, as whoever computes the books anew locks them.
_ERASE_HOURS_HELD = """
    UPDATE reservation r SET created_at = date_trunc('day', r.created_at, 'UTC')
    FROM (SELECT id FROM reservation WHERE assignment_id = ANY(%s)
          ORDER BY id FOR NO KEY UPDATE) own
    WHERE r.id = own.id
"""
_END = """
    UPDATE assignment SET state = 'withdrawn', lease_until = NULL WHERE id = ANY(%s)
"""
_END_AND_ERASE = """
    UPDATE assignment SET state = 'withdrawn', lease_until = NULL, skip_reason = '',
        layout = '', view = '', created_at = date_trunc('day', created_at, 'UTC'),
        shown_at = date_trunc('day', shown_at, 'UTC'),
        finished_at = date_trunc('day', finished_at, 'UTC')
    WHERE id = ANY(%s)
"""


@retried
def _step(withdrawal_id: int) -> bool:
    """Set aside some hundred assignments; the lock lets one process at a time."""
    withdrawal = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("participant")
        .get(pk=withdrawal_id)
    )
    if withdrawal.done_at is not None:
        return True
    person, manner = withdrawal.participant, withdrawal.manner
    n_found, n_answers = _set_aside(person, manner, "true", BATCH)
    withdrawal.n_answers += n_answers
    if n_found < BATCH:
        if manner == ERASE:
            Flag.objects.filter(participant=person).update(note="")
        withdrawal.done_at = timezone.now()
    withdrawal.save(update_fields=("n_answers", "done_at"))
    return withdrawal.done_at is not None


def _set_aside(
    person: Participant, manner: str, which: str, limit: int | None
) -> tuple[int, int]:
    """End assignments of who withdrew; return their number, and that of answers.

    A place that they held or filled is free again, so that the item gets another
    answer. Under the lock of the assignment, an answer on its way is either stored
    before and set aside with it, or comes after and is refused.
    """
    with connection.cursor() as db:
        db.execute(
            _PICK.format(which=which), {"participant": person.pk, "limit": limit}
        )
        rows = [_Ended(*row) for row in db.fetchall()]
        ids = [row.id for row in rows]
        lent = [row for row in rows if row.purpose == "main" and row.state in TAKING]
        counted = [row for row in lent if row.state == "submitted"]
        db.execute(_LOCK_FRONTIER, [[row.item_id for row in lent]])
        db.execute(_UNCOUNT, [[row.item_id for row in counted]])
        give_slots_back([row.id for row in lent])
        done = [row for row in rows if row.state in ANSWERED]
        _count_down(person.pk, done, counted)
        Draft.objects.filter(assignment_id__in=ids).delete()
        if manner == ERASE:
            Exposure.objects.filter(pk__in=ids).delete()
            db.execute(_ERASE_ANSWERS, [ids])
            db.execute(_ERASE_HOURS, [ids])
            db.execute(_ERASE_HOURS_HELD, [ids])
        db.execute(_END_AND_ERASE if manner == ERASE else _END, [ids])
    # Work that was answered is paid, and stays in the books.
    free(ids)
    return len(ids), len(done)


def _count_down(
    person_id: int, done: Sequence[_Ended], counted: Sequence[_Ended]
) -> None:
    """Take answers out of the counters of a person, as `rebuild_frontier` would."""
    person = Participant.objects.select_for_update(no_key=True).get(pk=person_id)
    # A count that no answer has reached yet is NULL.
    firsts: list[int | None] = list(person.firsts)
    for row in counted:
        firsts = [*with_first(firsts, row.order or [0], -1)]
    own = [row for row in done if row.purpose != "imported"]
    n_checks = sum(row.purpose != "main" for row in own)
    Participant.objects.filter(pk=person_id).update(
        n_done=max(person.n_done - len(own), 0),
        n_checks=max(person.n_checks - n_checks, 0),
        firsts=[max(n or 0, 0) for n in firsts],
    )
