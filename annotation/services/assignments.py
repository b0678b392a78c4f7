"""Step assign: lend items to annotators, exactly `overlap` times each.

The pool is the table `frontier`, read through its partial index of entries with a free
slot. Every annotator walks that index in one order and keeps a cursor, so a claim
touches a few entries however large the pool or the finished part of it is. These are
hand-written statements because `next` and `submit` are the hot path: the claim is one
statement, and its cost is what decides how many annotators a machine serves.

Locks are taken in the order participant, frontier, assignment; what must take them
otherwise (an answer knows its assignment first) is `retried` where it meets a ring.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from annotation.errors import ConflictError, NotReadyError
from annotation.models import Assignment, Participant, Project
from annotation.services.races import RaceError, retried

State = Assignment.State
GONE = "This item has gone to somebody else."

# Entries with a free slot that this participant may still have; after the cursor.
_FREE = """
    SELECT f.item_id FROM frontier f
    WHERE f.project_id = %(project)s AND f.n_taken < f.target
      AND (f.rank, f.random_key) > (%(rank)s, %(key)s)
      AND NOT EXISTS (
        SELECT 1 FROM assignment a
        WHERE a.item_id = f.item_id AND a.participant_id = %(participant)s
          AND a.purpose = 'main' AND a.round = 1
          AND a.state NOT IN ('expired', 'released'))
    ORDER BY f.rank, f.random_key, f.item_id
    LIMIT 1 FOR UPDATE OF f
"""

# A lease returns to its own row, so that its order and draft are still right. NULL:
# the row has changed since it was picked (another tab skipped it), see `_run`.
_TAKE = """
    , bumped AS (
        UPDATE frontier f
        SET n_taken = f.n_taken + %(slots)s, n_presented = f.n_presented + 1
        FROM picked WHERE f.item_id = picked.item_id
        RETURNING f.item_id, f.rank, f.random_key, f.base_order,
                  f.n_presented %% array_length(f.base_order, 1) AS turn)
    , moved AS (
        UPDATE participant p
        SET frontier_rank = bumped.rank, frontier_key = bumped.random_key,
            frontier_version = %(version)s
        FROM bumped WHERE p.id = %(participant)s)
    , lent AS (INSERT INTO assignment (
        public_id, created_at, project_id, item_id, participant_id, purpose, round,
        state, questions_version_id, guidelines_version_id, "order", layout, view,
        is_suggestion_visible, lease_until, shown_at, skip_reason)
    SELECT gen_random_uuid(), now(), %(project)s, bumped.item_id, %(participant)s,
        'main', 1, %(state)s,
        (SELECT id FROM questions_version WHERE project_id = %(project)s
           AND purpose = 'project' ORDER BY number DESC LIMIT 1),
        (SELECT id FROM guidelines_version WHERE project_id = %(project)s
           ORDER BY number DESC LIMIT 1),
        bumped.base_order[bumped.turn + 1:] || bumped.base_order[:bumped.turn],
        '', '', false, now() + %(lease)s,
        CASE WHEN %(state)s = 'open' THEN now() END, ''
    FROM bumped
    ON CONFLICT (item_id, participant_id, purpose, round) DO UPDATE
    SET state = EXCLUDED.state, lease_until = EXCLUDED.lease_until, finished_at = NULL,
        questions_version_id = EXCLUDED.questions_version_id,
        guidelines_version_id = EXCLUDED.guidelines_version_id,
        shown_at = EXCLUDED.shown_at
    WHERE assignment.state IN ('expired', 'released')
    RETURNING id)
    SELECT (SELECT id FROM lent) FROM bumped
"""

# End a lease that somebody holds ahead of need, on an item this participant may have.
_UNQUEUE = """
    UPDATE assignment SET state = 'expired', lease_until = NULL, finished_at = now()
    WHERE id = (
        SELECT q.id FROM assignment q
        JOIN frontier f ON f.item_id = q.item_id AND f.n_taken <= f.target
        WHERE q.project_id = %(project)s AND q.state = 'queued' AND q.purpose = 'main'
          AND q.participant_id <> %(participant)s
          AND NOT EXISTS (
            SELECT 1 FROM assignment own
            WHERE own.item_id = q.item_id AND own.participant_id = %(participant)s
              AND own.purpose = 'main' AND own.round = 1
              AND own.state NOT IN ('expired', 'released'))
        ORDER BY q.lease_until DESC LIMIT 1 FOR UPDATE OF q SKIP LOCKED)
    RETURNING item_id
"""


# What a participant holds, and a lost lease whose draft should be gone on with.
_HELD = """
    SELECT a.state, a.id FROM assignment a
    WHERE a.participant_id = %(participant)s AND a.state IN ('open', 'queued')
    UNION ALL
    (SELECT 'draft', a.id FROM assignment a JOIN draft d ON d.assignment_id = a.id
     WHERE a.participant_id = %(participant)s AND a.state = 'expired'
       AND a.purpose = 'main' ORDER BY d.updated_at DESC LIMIT 1)
"""

_RESUME = """
    WITH own AS (
        SELECT a.id, a.item_id FROM assignment a
        JOIN frontier f ON f.item_id = a.item_id
        WHERE a.id = %(assignment)s AND a.state = 'expired' AND f.n_taken < f.target
        FOR UPDATE OF f, a)
    , bumped AS (
        UPDATE frontier SET n_taken = n_taken + 1 FROM own
        WHERE frontier.item_id = own.item_id)
    UPDATE assignment SET state = 'open', lease_until = now() + %(lease)s,
        finished_at = NULL
    FROM own WHERE assignment.id = own.id RETURNING assignment.id
"""

_THIS = """
    WITH picked AS (
        SELECT f.item_id FROM frontier f WHERE f.item_id = %(item)s FOR UPDATE)
"""


@dataclass(frozen=True)
class _Cursor:
    rank: int
    key: int

    @property
    def is_start(self) -> bool:
        return self == _START


_START = _Cursor(-(2**31), -(2**63))


@retried
def claim_next(*, participant: Participant, project: Project) -> Assignment | None:
    """Return the participant's item to work on, or None when no slot is free.

    An open assignment is returned again (a reload, a second tab); one leased ahead is
    opened; a lost one with a draft is taken up again; else a free slot is claimed.
    None is final only after waiting for the transactions that hold the last slots,
    and after reclaiming what expired.
    """
    cursor = _lock_walk(participant, project)
    held = _held(participant)
    for state in (State.OPEN, State.QUEUED):
        if state in held and _open(held[state], project):
            return _fetch(held[state])
    if project.is_paused:
        return None
    if "draft" in held:
        resumed = _run(
            _RESUME,
            {
                "assignment": held["draft"],
                "lease": timedelta(seconds=project.lease_s),
            },
        )
        if resumed is not None:
            return _fetch(resumed)
    return _claim(participant, project, cursor, State.OPEN)


@retried
def claim_ahead(*, participant: Participant, project: Project) -> Assignment | None:
    """Lease the item after the open one, so that it can be rendered before it is due.

    Never takes a slot from another person's queue, and never waits.
    """
    cursor = _lock_walk(participant, project)
    held = _held(participant)
    if State.QUEUED in held:
        return _fetch(held[State.QUEUED])
    if project.is_paused:
        return None
    parameters = _parameters(participant, project, cursor, State.QUEUED)
    found = _run(f"WITH picked AS ({_FREE} SKIP LOCKED) {_TAKE}", parameters)
    if found is None and not cursor.is_start:
        parameters = _parameters(participant, project, _START, State.QUEUED)
        found = _run(f"WITH picked AS ({_FREE} SKIP LOCKED) {_TAKE}", parameters)
    return None if found is None else _fetch(found)


@retried
def open_queued(*, assignment: Assignment) -> Assignment:
    """Open an assignment that was leased ahead, now that it is on the screen.

    Raises ConflictError "lost" where its lease went to somebody else meanwhile.
    """
    _lock_walk(assignment.participant, assignment.project)
    held = _held(assignment.participant)
    if held.get(State.OPEN) == assignment.pk:
        return _fetch(assignment.pk)
    if held.get(State.QUEUED) != assignment.pk:
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
        give_slots_back([assignment.item_id])


def give_slots_back(item_ids: list[int]) -> None:
    """Free one slot per entry of `item_ids`; an id may stand there twice."""
    with connection.cursor() as db:
        # In one order, so that two who give back the same items never wait in a ring.
        db.execute(
            "SELECT 1 FROM frontier WHERE item_id = ANY(%s) ORDER BY item_id"
            " FOR NO KEY UPDATE",
            [item_ids],
        )
        db.execute(
            "UPDATE frontier f SET n_taken = f.n_taken - gone.n FROM ("
            " SELECT item_id, count(*) AS n FROM unnest(%s::bigint[]) AS item_id"
            " GROUP BY item_id) gone WHERE f.item_id = gone.item_id",
            [item_ids],
        )


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
            "  FOR UPDATE SKIP LOCKED) RETURNING item_id",
            {"project": project.pk if project else None},
        )
        item_ids = [row[0] for row in db.fetchall()]
    if item_ids:
        give_slots_back(item_ids)
    return len(item_ids)


@retried
def reclaim(*, assignment: Assignment) -> None:
    """Return a stuck lease to the pool before it ends; its draft stays."""
    n_ended = Assignment.objects.filter(
        pk=assignment.pk, state__in=(State.OPEN, State.QUEUED)
    ).update(state=State.EXPIRED, lease_until=None, finished_at=timezone.now())
    if n_ended:
        give_slots_back([assignment.item_id])


@retried
def set_overlap(*, project: Project, overlap: int) -> None:
    """Change how many answers each item wants, except items with an overlap of own."""
    Project.objects.filter(pk=project.pk).update(overlap=overlap)
    with connection.cursor() as db:
        db.execute(
            "UPDATE frontier SET target = %s WHERE project_id = %s AND overlap IS NULL"
            " AND target <> %s",
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


@transaction.atomic
def rebuild_frontier(*, project: Project) -> int:
    """Compute the counters anew from the assignments; return how many differed."""
    with connection.cursor() as db:
        db.execute(
            "UPDATE frontier f SET n_taken = real.taken, n_counted = real.counted"
            " FROM (SELECT e.item_id,"
            "  count(a.id) FILTER (WHERE a.state IN ('open', 'queued', 'submitted'))"
            "   AS taken,"
            "  count(a.id) FILTER (WHERE a.state = 'submitted') AS counted"
            "  FROM frontier e LEFT JOIN assignment a"
            "   ON a.item_id = e.item_id AND a.purpose = 'main'"
            "  WHERE e.project_id = %s GROUP BY e.item_id) real"
            " WHERE f.item_id = real.item_id"
            " AND (f.n_taken, f.n_counted) <> (real.taken, real.counted)",
            [project.pk],
        )
        n_mended = int(db.rowcount)
        db.execute(
            "UPDATE participant p SET n_done = real.n FROM ("
            " SELECT q.id, count(a.id) AS n FROM participant q"
            " LEFT JOIN assignment a ON a.participant_id = q.id"
            "  AND a.state IN ('submitted', 'surplus') AND a.purpose <> 'imported'"
            " WHERE q.project_id = %s GROUP BY q.id) real"
            " WHERE p.id = real.id AND p.n_done <> real.n",
            [project.pk],
        )
        return n_mended + int(db.rowcount)


# --- the claim ---------------------------------------------------------------------


def _claim(
    participant: Participant, project: Project, cursor: _Cursor, state: str
) -> Assignment | None:
    """Try ever harder: after the cursor, from the front, expired, waiting, queued."""
    quick = f"WITH picked AS ({_FREE} SKIP LOCKED) {_TAKE}"
    patient = f"WITH picked AS ({_FREE}) {_TAKE}"
    onward = _parameters(participant, project, cursor, state)
    afresh = _parameters(participant, project, _START, state)
    found = _run(quick, onward)
    if found is None and not cursor.is_start:
        found = _run(quick, afresh)
    if found is None:
        expire_leases(project=project)
        # Waits for whoever holds the last entries: they may leave a slot free.
        found = _run(patient, afresh)
    if found is None:
        found = _take_queued(afresh)
    return None if found is None else _fetch(found)


def _take_queued(parameters: dict[str, Any]) -> int | None:
    """Move a slot from somebody's lease ahead of need to this participant."""
    item_id = _run(_UNQUEUE, parameters)
    if item_id is None:
        return None
    return _run(f"{_THIS} {_TAKE}", {**parameters, "item": item_id, "slots": 0})


def _lock_walk(participant: Participant, project: Project) -> _Cursor:
    """Lock the participant, so that two tabs never claim twice; return the cursor.

    Raises NotReadyError where the consent was taken back since the request began.
    """
    with connection.cursor() as db:
        db.execute(
            "SELECT frontier_version, frontier_rank, frontier_key, is_ready"
            " FROM participant WHERE id = %s FOR NO KEY UPDATE",
            [participant.pk],
        )
        version, rank, key, is_ready = db.fetchone()
    if not is_ready:
        raise NotReadyError("Give your consent and fill in the profile first.")
    if version != project.frontier_version:
        return _START
    return _Cursor(rank, key)


def _held(participant: Participant) -> dict[str, int]:
    with connection.cursor() as db:
        db.execute(_HELD, {"participant": participant.pk})
        return dict(db.fetchall())


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
    participant: Participant, project: Project, cursor: _Cursor, state: str
) -> dict[str, Any]:
    return {
        "project": project.pk,
        "participant": participant.pk,
        "version": project.frontier_version,
        "rank": cursor.rank,
        "key": cursor.key,
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
