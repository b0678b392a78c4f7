"""Step assign: lend items to annotators, exactly `overlap` times each.

The pool is the table `frontier`, read through its partial index of entries with a free
slot. Every annotator walks that index in one order and keeps a cursor, so a claim
touches a few entries however large the pool or the finished part of it is. These are
hand-written statements because `next` and `submit` are the hot path: the claim is one
statement, and its cost is what decides how many annotators a machine serves.

Locks are taken in the order participant, frontier, assignment; what must take them
otherwise (an answer knows its assignment first) is `retried` where it meets a ring.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from annotation.allocation.presentation import with_first
from annotation.errors import ConflictError, NotReadyError
from annotation.models import STANDING_WORDS, Assignment, Participant, Project
from annotation.services import claim_sql as sql
from annotation.services import insertions
from annotation.services.races import RaceError, retried

State = Assignment.State
GONE = "This item has gone to somebody else."


@dataclass(frozen=True)
class _Cursor:
    rank: int
    key: int

    @property
    def is_start(self) -> bool:
        return self == _START


_START = _Cursor(-(2**31), -(2**63))
_FROM_START = {"rank": _START.rank, "key": _START.key}
QUICK = f"WITH picked AS ({sql.FREE} SKIP LOCKED) {sql.TAKE}"
PATIENT = f"WITH picked AS ({sql.FREE}) {sql.TAKE}"


@dataclass(frozen=True)
class _Held:
    """A row that a participant holds or could go on with."""

    id: int
    item_id: int
    order: list[int]
    is_item: bool


@dataclass(frozen=True)
class _Walk:
    """Where a participant stands: the cursor, and what they saw first so far.

    `firsts` counts answers, by annotation.allocation.presentation. After `n_wanted`
    further answers that are data nothing is lent; None: there is no such end.
    """

    cursor: _Cursor
    firsts: list[int]
    n_wanted: int | None

    def is_over(self, n_held: int = 0) -> bool:
        """Tell whether the answers given and the items held are all that is wanted."""
        return self.n_wanted is not None and self.n_wanted <= n_held


@retried
def claim_next(*, participant: Participant, project: Project) -> Assignment | None:
    """Return the participant's item to work on, or None when no slot is free.

    An open assignment is returned again (a reload, a second tab); one leased ahead is
    opened; a lost one with a draft is taken up again; else a free slot is claimed.
    None is final only after waiting for the transactions that hold the last slots,
    and after reclaiming what expired.
    """
    walk = _lock_walk(participant, project)
    held = _held(participant)
    for state in (State.OPEN, State.QUEUED):
        if state in held and _open(held[state].id, project):
            return _fetch(held[state].id)
    if project.is_paused or walk.is_over():
        return None
    if project.check_rules:
        turn = insertions.take_turn(participant, project, State.OPEN, n_held=0)
        if turn.assignment is not None or turn.is_held_back:
            return None if turn.assignment is None else _fetch(turn.assignment)
    if "draft" in held and _resume(held["draft"], participant, project, walk):
        return _fetch(held["draft"].id)
    return _claim(participant, project, walk, State.OPEN)


@retried
def claim_ahead(*, participant: Participant, project: Project) -> Assignment | None:
    """Lease the item after the open one, so that it can be rendered before it is due.

    Never takes a slot from another person's queue, and never waits.
    """
    walk = _lock_walk(participant, project)
    held = _held(participant)
    if State.QUEUED in held:
        return _fetch(held[State.QUEUED].id)
    has_item = State.OPEN in held and held[State.OPEN].is_item
    if project.is_paused or walk.is_over(has_item):
        return None
    if project.check_rules:
        turn = insertions.take_turn(
            participant, project, State.QUEUED, n_held=len(held.keys() & {State.OPEN})
        )
        if turn.assignment is not None or turn.is_held_back:
            return None if turn.assignment is None else _fetch(turn.assignment)
    if has_item:
        walk = replace(walk, firsts=with_first(walk.firsts, held[State.OPEN].order))
    parameters = _parameters(participant, project, walk, State.QUEUED)
    found = _run(QUICK, parameters)
    if found is None and not walk.cursor.is_start:
        found = _run(QUICK, parameters | _FROM_START)
    return None if found is None else _fetch(found)


@retried
def open_queued(*, assignment: Assignment) -> Assignment:
    """Open an assignment that was leased ahead, now that it is on the screen.

    Raises ConflictError "lost" where its lease went to somebody else meanwhile.
    """
    _lock_walk(assignment.participant, assignment.project)
    held = _held(assignment.participant)
    ids = {state: row.id for state, row in held.items()}
    if ids.get(State.OPEN) == assignment.pk:
        return _fetch(assignment.pk)
    if ids.get(State.QUEUED) != assignment.pk:
        raise ConflictError(GONE, code="lost")
    if State.OPEN in held:
        raise ConflictError("Another item is still open.", code="busy")
    if not _open(assignment.pk, assignment.project):
        raise ConflictError(GONE, code="lost")
    return _fetch(assignment.pk)


def renew(*, assignment: Assignment, layout: str = "", view: str = "") -> datetime:
    """Extend a lease and note how the item is shown; one conditional UPDATE.

    Raises ConflictError "lost" where the lease has ended.
    """
    until = timezone.now() + timedelta(seconds=assignment.project.lease_s)
    shown = {"layout": layout[:20], "view": view[:20]}
    n_renewed = Assignment.objects.filter(
        pk=assignment.pk, state__in=(State.OPEN, State.QUEUED)
    ).update(
        lease_until=until, **{name: value for name, value in shown.items() if value}
    )
    if not n_renewed:
        raise ConflictError(
            "The time for this item has run out. You can still submit it; it counts "
            "if a place is free.",
            code="lost",
        )
    return until


def release(*, assignment: Assignment) -> None:
    """Give an item back to the pool without an answer; it may come again."""
    _end(assignment, State.RELEASED, "")


def skip(*, assignment: Assignment, reason: str) -> None:
    """Give an item back for good: it never comes to the same person again."""
    _end(assignment, State.SKIPPED, reason.strip()[:500])


@retried
def _end(assignment: Assignment, state: str, reason: str) -> None:
    held = (
        Assignment.objects.select_for_update()
        .filter(pk=assignment.pk)
        .values_list("state", flat=True)
        .get()
    )
    if held == state:
        return
    is_lent = held in (State.OPEN, State.QUEUED)
    if not is_lent and held not in (State.EXPIRED, State.RELEASED):
        raise ConflictError("This item is answered already. Take it back first.")
    Assignment.objects.filter(pk=assignment.pk).update(
        state=state, skip_reason=reason, finished_at=timezone.now(), lease_until=None
    )
    if is_lent:
        give_slots_back([assignment.pk])


def give_slots_back(assignment_ids: list[int]) -> None:
    """Free the slots, with their turns, that these assignments held.

    A check or a repeat has taken none.
    """
    with connection.cursor() as db:
        # In one order, so that two who give back the same items never wait in a ring.
        db.execute(
            "SELECT 1 FROM frontier WHERE item_id IN ("
            " SELECT item_id FROM assignment WHERE id = ANY(%s) AND purpose = 'main')"
            " ORDER BY item_id FOR NO KEY UPDATE",
            [assignment_ids],
        )
        db.execute(sql.GIVE_BACK, {"assignments": assignment_ids})


def take_late_slot(*, assignment_id: int, item_id: int, participant_id: int) -> bool:
    """Take a slot again for a lease that was lost; tell whether one was free.

    A slot goes with its turn: where only those are free that show another completion
    first, the place is somebody else's, unless nobody else is there to take it.
    """
    with connection.cursor() as db:
        # The lock keeps the counts still; what they are is read under it.
        db.execute(
            "SELECT firsts FROM participant WHERE id = %s FOR NO KEY UPDATE",
            [participant_id],
        )
        parameters = {
            "assignment": assignment_id,
            "item": item_id,
            "participant": participant_id,
            "firsts": db.fetchone()[0],
            "spread": sql.SPREAD,
        }
    return _retake(parameters)


def _retake(parameters: dict[str, Any]) -> bool:
    with connection.cursor() as db:
        for is_strict in (True, False):
            db.execute(sql.RETAKE, {**parameters, "is_strict": is_strict})
            if db.rowcount == 1:
                return True
    return False


@retried
def expire_leases(*, project: Project | None = None) -> int:
    """Return overdue leases to the pool, at most 1,000 at a time; give their number.

    Skips rows that a submission holds: that submission decides what becomes of them.
    """
    with connection.cursor() as db:
        db.execute(
            "UPDATE assignment SET state = 'expired', lease_until = NULL,"
            " finished_at = now() WHERE id IN ("
            "  SELECT id FROM assignment WHERE state IN ('open', 'queued')"
            "  AND lease_until < now() AND (%(project)s IS NULL"
            "  OR project_id = %(project)s) ORDER BY lease_until LIMIT 1000"
            "  FOR UPDATE SKIP LOCKED) RETURNING id",
            {"project": project.pk if project else None},
        )
        ids = [row[0] for row in db.fetchall()]
    if ids:
        give_slots_back(ids)
    return len(ids)


@retried
def reclaim(*, assignment: Assignment) -> None:
    """Return a stuck lease to the pool before it ends; its draft stays."""
    n_ended = Assignment.objects.filter(
        pk=assignment.pk, state__in=(State.OPEN, State.QUEUED)
    ).update(state=State.EXPIRED, lease_until=None, finished_at=timezone.now())
    if n_ended:
        give_slots_back([assignment.pk])


@retried
def set_overlap(*, project: Project, overlap: int) -> None:
    """Change how many answers each item wants, except items with an overlap of own."""
    Project.objects.filter(pk=project.pk).update(overlap=overlap)
    with connection.cursor() as db:
        db.execute(
            "UPDATE frontier SET target = %s WHERE project_id = %s AND overlap IS NULL"
            " AND target <> %s AND NOT is_excluded",
            [overlap, project.pk, overlap],
        )
    restart_walks(project=project)
    project.overlap = overlap


def restart_walks(*, project: Project) -> None:
    """Send every annotator back to the front of the pool: priorities have changed."""
    with connection.cursor() as db:
        db.execute(
            "UPDATE project SET frontier_version = frontier_version + 1 WHERE id = %s",
            [project.pk],
        )


# --- the claim ---------------------------------------------------------------------


def _claim(
    participant: Participant, project: Project, walk: _Walk, state: str
) -> Assignment | None:
    """Try ever harder: after the cursor, from the front, expired, waiting, queued.

    At last the balance of sides yields, where nobody else could take the item.
    """
    onward = _parameters(participant, project, walk, state)
    afresh = onward | _FROM_START
    found = _run(QUICK, onward)
    if found is None and not walk.cursor.is_start:
        found = _run(QUICK, afresh)
    if found is None:
        expire_leases(project=project)
        # Waits for whoever holds the last entries: they may leave a slot free.
        found = _run(PATIENT, afresh)
    if found is None:
        found = _take_queued(afresh)
    if found is None:
        found = _run(PATIENT, afresh | {"is_strict": False})
    return None if found is None else _fetch(found)


def _resume(
    lost: _Held, participant: Participant, project: Project, walk: _Walk
) -> bool:
    """Take up a lost lease that has a draft; False where its slot is gone."""
    parameters = _parameters(participant, project, walk, State.OPEN)
    if not _retake({**parameters, "assignment": lost.id, "item": lost.item_id}):
        return False
    n_open = Assignment.objects.filter(pk=lost.id, state=State.EXPIRED).update(
        state=State.OPEN,
        lease_until=timezone.now() + timedelta(seconds=project.lease_s),
        finished_at=None,
    )
    if not n_open:
        raise RaceError
    return True


def _take_queued(parameters: dict[str, Any]) -> int | None:
    """Move a slot from somebody's lease ahead of need to this participant."""
    with connection.cursor() as db:
        db.execute(sql.UNQUEUE, parameters)
        row = db.fetchone()
    if row is None:
        return None
    _, item_id, first = row
    taken = {**parameters, "item": item_id, "first": first, "slots": 0}
    return _run(f"{sql.THIS} {sql.TAKE}", taken)


def _lock_walk(participant: Participant, project: Project) -> _Walk:
    """Lock the participant, so that two tabs never claim twice; return the walk.

    Raises NotReadyError where the consent was taken back since the request began.
    """
    with connection.cursor() as db:
        db.execute(
            "SELECT frontier_version, frontier_rank, frontier_key, firsts, is_ready,"
            " n_wanted - (n_done - n_checks), standing"
            " FROM participant WHERE id = %s FOR NO KEY UPDATE",
            [participant.pk],
        )
        version, rank, key, firsts, is_ready, n_wanted, standing = db.fetchone()
    if standing != Participant.Standing.ACTIVE:
        raise NotReadyError(STANDING_WORDS[standing], code=standing)
    if not is_ready:
        raise NotReadyError("Give your consent and fill in the profile first.")
    is_current = version == project.frontier_version
    return _Walk(_Cursor(rank, key) if is_current else _START, firsts, n_wanted)


def _held(participant: Participant) -> dict[str, _Held]:
    with connection.cursor() as db:
        db.execute(sql.HELD, {"participant": participant.pk})
        return {state: _Held(*row) for state, *row in db.fetchall()}


def _open(assignment_id: int, project: Project) -> bool:
    """Open what the participant holds; False where it was lost since it was read."""
    with connection.cursor() as db:
        db.execute(
            "UPDATE assignment SET state = 'open',"
            " shown_at = COALESCE(shown_at, now()),"
            " lease_until = now() + make_interval(secs => %s)"
            " WHERE id = %s AND state IN ('open', 'queued')",
            [project.lease_s, assignment_id],
        )
        return bool(db.rowcount)


def _parameters(
    participant: Participant, project: Project, walk: _Walk, state: str
) -> dict[str, Any]:
    return {
        "project": project.pk,
        "participant": participant.pk,
        "version": project.frontier_version,
        "rank": walk.cursor.rank,
        "key": walk.cursor.key,
        "firsts": walk.firsts,
        "spread": sql.SPREAD_AT_CLAIM,
        "is_strict": True,
        "state": str(state),
        "slots": 1,
        "lease": timedelta(seconds=project.lease_s),
    }


def _run(statement: str, parameters: dict[str, Any]) -> int | None:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        row = db.fetchone()
    if row is None:
        return None
    if row[0] is None:
        raise RaceError
    return int(row[0])


def _fetch(assignment_id: int) -> Assignment:
    return Assignment.objects.select_related("questions_version").get(pk=assignment_id)
