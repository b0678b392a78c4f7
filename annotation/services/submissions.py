"""Step annotate: store an answer once, count it once, take it back within the grace.

`submit` is the hot path: two statements and a commit. The answer, the counters and the
end of the lease are one statement, so a killed server leaves either all or nothing.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection
from django.utils import timezone
from psycopg.errors import UniqueViolation

from annotation.allocation.presentation import first_place
from annotation.answers import (
    Answers,
    Question,
    filled,
    parse_questions,
    questions_from,
    to_canonical,
    to_presented,
    unchanged_rankings,
    validate,
)
from annotation.errors import ConflictError, InvalidError
from annotation.models import Annotation, Assignment, Draft, Participant, Project
from annotation.selectors.editing import FINAL, is_editable
from annotation.selectors.suggestions import Suggestion
from annotation.services import answer_costs, pairings, suggestions
from annotation.services.assignments import give_slots_back, take_late_slot
from annotation.services.quotas import take_turn
from annotation.services.races import RaceError, retried
from annotation.spans import bind, has_spans
from annotation.times import bounded, clipped, presented
from annotation.words import gettext as _

State = Assignment.State
Purpose = Assignment.Purpose
# Answered in these, an assignment was not in its person's hand.
AFTER_LEASE = (State.EXPIRED, State.RELEASED, State.SKIPPED, State.RESERVED)

_STORE = """
    WITH added AS (
        INSERT INTO annotation (
            public_id, created_at, project_id, item_id, assignment_id, participant_id,
            submission_id, answers, is_retraction, supersedes_id, source, active_ms,
            total_ms, reading_ms, metadata)
        VALUES (
            gen_random_uuid(), now(), %(project)s, %(item)s, %(assignment)s,
            %(participant)s, %(submission)s, %(answers)s, false, %(supersedes)s,
            %(source)s, %(active_ms)s, %(total_ms)s, %(reading_ms)s::bigint[],
            %(metadata)s)
        RETURNING id, public_id, created_at)
    , ended AS (
        UPDATE assignment SET annotation_id = added.id, state = %(state)s,
            finished_at = CASE WHEN %(supersedes)s::bigint IS NULL THEN now()
                ELSE finished_at END, lease_until = NULL,
            layout = COALESCE(NULLIF(%(layout)s, ''), layout),
            view = COALESCE(NULLIF(%(view)s, ''), view)
        FROM added WHERE assignment.id = %(assignment)s)
    , counted AS (
        UPDATE frontier SET n_counted = n_counted + 1
        WHERE item_id = %(item)s AND %(is_counted)s)
    , walked AS (
        UPDATE participant SET n_done = n_done + 1,
            firsts[%(first)s] = COALESCE(firsts[%(first)s], 0) + %(is_counted)s::int,
            n_checks = n_checks + %(is_check)s::int
        WHERE id = %(participant)s AND %(supersedes)s::bigint IS NULL)
    , dropped AS (DELETE FROM draft WHERE assignment_id = %(assignment)s)
    SELECT id, public_id, created_at FROM added
"""


@dataclass(frozen=True)
class Submission:
    """A stored answer: its public id, whether this call made it, how it counts.

    `suggestion`: what its person may see of a machine's verdict from now on, where it
    was hidden until this first answer. A retry tells it again; a change does not.
    """

    annotation_id: uuid.UUID
    is_new: bool
    state: str
    at: datetime
    suggestion: Suggestion | None = None


@dataclass(frozen=True)
class _Shown:
    """How the texts lay on the screen at last, and what the person was asked again.

    `display` (size, lines, space, theme) goes to the answer's metadata as it is.
    """

    layout: str
    view: str
    is_unchanged_confirmed: bool
    reading_ms: Sequence[float] | None
    display: Mapping[str, str | int] | None


def submit(
    *,
    assignment: Assignment,
    submission_id: uuid.UUID,
    answers: Answers,
    active_ms: int | None = None,
    source: str = Annotation.Source.WEB,
    layout: str = "",
    view: str = "",
    is_unchanged_confirmed: bool = False,
    reading_ms: Sequence[float] | None = None,
    display: Mapping[str, str | int] | None = None,
) -> Submission:
    """Store the answers to an assignment; a retry returns the first result.

    `answers` are in the presented order. A late answer counts if a slot is still
    free, and is kept as surplus otherwise. Answering a submitted assignment again
    supersedes the earlier answer. `is_unchanged_confirmed` says that the person was
    asked about a ranking in the order presented, and meant it; it goes to the answer's
    metadata where that is so. Times are believed as far as annotation.times goes;
    `reading_ms` has one for each completion in the presented order. `display` says how
    the texts were shown beside layout and view, such as their size and theme.

    Raises
    ------
    InvalidError
        With every problem of the answers.
    ConflictError
        "used" where the submission id belongs to another assignment, "withdrawn" where
        its annotator has withdrawn meanwhile, "not_yet" where it is reserved for later
        and was never shown, "closed" where the answer is submitted
        and the project lets nobody change it any more.
    """
    shown = _Shown(layout, view, is_unchanged_confirmed, reading_ms, display)
    return _submit(assignment, submission_id, answers, active_ms, source, shown)


@retried
def _submit(
    assignment: Assignment,
    submission_id: uuid.UUID,
    answers: Answers,
    active_ms: int | None,
    source: str,
    shown: _Shown,
) -> Submission:
    row = _lock(assignment, submission_id)
    if row["first_assignment"] is not None:
        return _first_result(row, assignment, submission_id)
    if row["state"] == State.WITHDRAWN:
        raise ConflictError(
            _("You have withdrawn from this project, so nothing is stored any more."),
            code="withdrawn",
        )
    if row["state"] == State.RESERVED:
        pairings.refuse_unshown(row["id"])
    if row["purpose"] in FINAL and row["annotation_id"] is not None:
        raise ConflictError(
            _("An answer of the training or the qualification is final."), code="final"
        )
    questions = questions_from(row["questions"])
    problems = validate(questions, answers, len(row["order"]))
    if problems:
        raise InvalidError(
            _("Some answers are missing or do not fit. Mend them and submit again."),
            problems=problems,
        )
    answers = _bound(questions, answers, row) if has_spans(questions) else answers
    state, is_counted = _place(row)
    times = bounded(active_ms, shown.reading_ms, row["order"], row["wall_ms"])
    public_id, at = _store(
        {
            "project": row["project_id"],
            "item": row["item_id"],
            "assignment": row["id"],
            "participant": row["participant_id"],
            "submission": submission_id,
            "answers": json.dumps(_stored(questions, answers, row["order"])),
            "supersedes": row["annotation_id"],
            "source": str(source),
            "active_ms": times.active_ms,
            "total_ms": _total(row),
            "reading_ms": times.reading_ms,
            "state": state,
            "is_counted": is_counted,
            "first": first_place(len(row["order"]), row["order"][0]),
            "is_check": row["purpose"] != Purpose.MAIN,
            "layout": shown.layout[:20],
            "view": shown.view[:20],
            "metadata": _metadata(questions, answers, shown),
        }
    )
    told = _settle(row, assignment)
    return Submission(public_id, True, state, at, told)


def _settle(row: dict[str, Any], assignment: Assignment) -> Suggestion | None:
    """Do what follows from an answer: a first one is paid, a lost pair goes on.

    Returns what a first answer reveals.
    """
    is_first = row["annotation_id"] is None
    if row["is_priced"] and is_first:
        answer_costs.pay(assignment_id=row["id"], project_id=row["project_id"])
    if row["state"] in AFTER_LEASE and assignment.project.protocol_rules:
        pairings.revive(assignment=assignment)
    if not (is_first and row["has_suggestions"]):
        return None
    return suggestions.reveal(assignment, assignment.project)


def _total(row: dict[str, Any]) -> int | None:
    """Return the time since the item was shown; of a change nobody knows it."""
    is_change = row["annotation_id"] is not None
    return None if is_change or row["total_ms"] is None else clipped(row["total_ms"])


def _stored(
    questions: tuple[Question, ...], answers: Answers, order: list[int]
) -> dict[str, Any]:
    return to_canonical(questions, filled(questions, answers, len(order)), order)


def _metadata(questions: tuple[Question, ...], answers: Answers, shown: _Shown) -> str:
    known: dict[str, Any] = {}
    if shown.display:
        known["display"] = dict(shown.display)
    if shown.is_unchanged_confirmed and unchanged_rankings(questions, answers):
        known["was_unchanged_confirmed"] = True
    return json.dumps(known) if known else "{}"


def _bound(
    questions: Sequence[Question], answers: Answers, row: dict[str, Any]
) -> Answers:
    """Tie marked words to the texts they were marked in, by their hash; one query."""
    with connection.cursor() as db:
        db.execute(
            "SELECT text FROM completion WHERE item_id = %s ORDER BY index",
            [row["item_id"]],
        )
        texts = [text for (text,) in db.fetchall()]
    bound, problems = bind(questions, answers, [texts[index] for index in row["order"]])
    if problems:
        raise InvalidError(_("Some marks do not fit their text."), problems=problems)
    return bound


def _store(parameters: dict[str, Any]) -> tuple[uuid.UUID, datetime]:
    try:
        with connection.cursor() as db:
            db.execute(_STORE, parameters)
            _, public_id, at = db.fetchone()
    except IntegrityError as error:
        # The same submission id for two items at once: the second look refuses it.
        if isinstance(error.__cause__, UniqueViolation):
            raise RaceError from error
        raise
    return public_id, at


def _lock(assignment: Assignment, submission_id: uuid.UUID) -> dict[str, Any]:
    """Lock the assignment and read what a submission needs, in one statement.

    The second of two simultaneous clicks waits here and then sees the first's result.
    """
    with connection.cursor() as db:
        db.execute(
            "SELECT a.id, a.project_id, a.item_id, a.participant_id, a.state,"
            ' a.purpose, a."order", a.annotation_id, a.finished_at,'
            " extract(epoch FROM now() - a.shown_at)::float8 * 1000 AS total_ms,"
            " extract(epoch FROM now() - COALESCE(a.shown_at, a.created_at))::float8"
            " * 1000 AS wall_ms,"
            " q.questions::text AS questions, p.has_priced_answers AS is_priced,"
            " p.suggestion_policy_id IS NOT NULL AS has_suggestions"
            " FROM assignment a JOIN project p ON p.id = a.project_id"
            " JOIN questions_version q ON q.id = a.questions_version_id"
            " WHERE a.id = %s FOR UPDATE OF a",
            [assignment.pk],
        )
        names = [column.name for column in db.description or ()]
        row = dict(zip(names, db.fetchone(), strict=True))
        # A statement of its own: its snapshot is younger than the lock.
        db.execute(
            "SELECT assignment_id, public_id, created_at FROM annotation"
            " WHERE submission_id = %s",
            [submission_id],
        )
        first = db.fetchone() or (None, None, None)
    row["first_assignment"], row["first_id"], row["first_at"] = first
    return row


def _first_result(
    row: dict[str, Any], assignment: Assignment, submission_id: uuid.UUID
) -> Submission:
    if row["first_assignment"] != assignment.pk:
        raise ConflictError(
            _("This submission id was used for another item. Send a new one."),
            code="used",
        )
    state = State.SURPLUS if row["state"] == State.SURPLUS else State.SUBMITTED
    told = None
    if row["has_suggestions"]:
        told = suggestions.told_before(assignment, assignment.project, submission_id)
    return Submission(row["first_id"], False, state, row["first_at"], told)


def _place(row: dict[str, Any]) -> tuple[str, bool]:
    """Decide how the answer counts: (state of the assignment, adds to n_counted)."""
    state = row["state"]
    is_change = state in (State.SUBMITTED, State.SURPLUS)
    if is_change and not is_editable(row["id"]):
        raise ConflictError(
            _(
                "This answer is submitted, and can no longer be changed here. It "
                "stands as it was."
            ),
            code="closed",
        )
    if row["purpose"] != Purpose.MAIN:
        # A check, a repeat or another protocol takes no slot and counts for nothing.
        return State.SUBMITTED, False
    if state in (State.OPEN, State.QUEUED, State.RESERVED):
        return State.SUBMITTED, True
    if is_change:
        return state, False
    if take_late_slot(
        assignment_id=row["id"],
        item_id=row["item_id"],
        participant_id=row["participant_id"],
    ):
        return State.SUBMITTED, True
    return State.SURPLUS, False


@retried
def take_back(*, assignment: Assignment) -> Assignment:
    """Retract the last answer within its grace time and open the item again.

    The answer stays stored, superseded by a retraction; it comes back as the draft.
    An item that was opened meanwhile waits ahead, and one that waited is given back.

    Raises ConflictError "too_late" after the grace time.
    """
    # Before the others, as a claim does: the next item may be asked for meanwhile.
    person = Participant.objects.select_for_update(no_key=True).get(
        pk=assignment.participant_id
    )
    locked = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("annotation", "project", "questions_version")
        .get(pk=assignment.pk)
    )
    if person.quota_cells:
        take_turn(person.project_id)
    answer = _to_take_back(locked)
    _retract(locked, answer)
    if locked.project.protocol_rules:
        pairings.ask_again(assignment=locked)
    is_check = locked.purpose != Purpose.MAIN
    has_slot = (
        is_check
        or locked.state == State.SUBMITTED
        or take_late_slot(
            assignment_id=locked.pk,
            item_id=locked.item_id,
            participant_id=locked.participant_id,
        )
    )
    ended = _make_room(locked, locked.project)
    if locked.project.has_priced_answers:
        is_promised = answer_costs.unpay(
            assignment=locked, is_open_again=has_slot, ended=ended
        )
        if has_slot and not is_promised:
            give_slots_back([locked.pk])
            has_slot = False
    locked.state = State.OPEN if has_slot else State.EXPIRED
    locked.annotation = None
    locked.finished_at = None
    locked.lease_until = (
        timezone.now() + timedelta(seconds=locked.project.lease_s) if has_slot else None
    )
    locked.save(update_fields=("state", "annotation", "finished_at", "lease_until"))
    return locked


def _to_take_back(assignment: Assignment) -> Annotation:
    """Return the answer of an assignment that can still be taken back."""
    answer = assignment.annotation
    if assignment.purpose in FINAL:
        raise ConflictError(
            _("An answer of the training or the qualification is final."),
            code="too_late",
        )
    if answer is None or assignment.state not in (State.SUBMITTED, State.SURPLUS):
        raise ConflictError(_("There is no answer to take back."), code="too_late")
    grace = timedelta(seconds=assignment.project.grace_s)
    if timezone.now() > answer.created_at + grace:
        raise ConflictError(
            _("The time to take this answer back has passed."), code="too_late"
        )
    return answer


def _retract(assignment: Assignment, answer: Annotation) -> None:
    Annotation.objects.create(
        project_id=answer.project_id,
        item_id=answer.item_id,
        assignment=assignment,
        participant_id=answer.participant_id,
        submission_id=uuid.uuid4(),
        answers={},
        is_retraction=True,
        supersedes=answer,
        source=answer.source,
    )
    questions = parse_questions(assignment.questions_version.questions)
    Draft.objects.update_or_create(
        assignment=assignment,
        defaults={
            "answers": to_presented(questions, answer.answers, assignment.order or []),
            "active_ms": answer.active_ms or 0,
            "reading_ms": presented(answer.reading_ms, assignment.order or []),
            "tab": "",
        },
    )
    order = assignment.order or [0]
    is_check = assignment.purpose != Purpose.MAIN
    with connection.cursor() as db:
        if assignment.state == State.SUBMITTED and not is_check:
            db.execute(
                "UPDATE frontier SET n_counted = n_counted - 1 WHERE item_id = %s",
                [assignment.item_id],
            )
            db.execute(
                "UPDATE participant SET firsts[%(first)s] = firsts[%(first)s] - 1"
                " WHERE id = %(participant)s",
                {
                    "first": first_place(len(order), order[0]),
                    "participant": assignment.participant_id,
                },
            )
        db.execute(
            "UPDATE participant SET n_done = n_done - 1, n_checks = n_checks - %s"
            " WHERE id = %s AND n_done > 0",
            [int(is_check), assignment.participant_id],
        )


def _make_room(assignment: Assignment, project: Project) -> list[int]:
    """Move the open item back to the queue, and what was queued back to the pool.

    Returns the assignments that have ended for it.
    """
    others = Assignment.objects.filter(
        participant_id=assignment.participant_id, state__in=(State.OPEN, State.QUEUED)
    ).select_for_update()
    held = {other.state: other for other in others}
    ended: list[int] = []
    if State.OPEN not in held:
        return ended
    if State.QUEUED in held and not pairings.reserve_again(
        queued=held[State.QUEUED], project=project
    ):
        Assignment.objects.filter(pk=held[State.QUEUED].pk).update(
            state=State.RELEASED, lease_until=None, finished_at=timezone.now()
        )
        ended = give_slots_back([held[State.QUEUED].pk])
    Assignment.objects.filter(pk=held[State.OPEN].pk).update(state=State.QUEUED)
    return ended
