"""Step assign: lend items to annotators, exactly `overlap` times each.

The pool is the table `frontier`, read through its partial index of entries with a free
slot. Every annotator walks that index in one order and keeps a cursor, so a claim
touches a few entries however large the pool or the finished part of it is. These are
hand-written statements because `next` and `submit` are the hot path: the claim is one
statement, and its cost is what decides how many annotators a machine serves.

Locks are taken in the order participant, frontier, assignment, and the budget last,
only where answers have a price; what must take them otherwise (an answer knows its
assignment first) is `retried` where it meets a ring.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from annotation.allocation.presentation import with_first
from annotation.errors import BudgetSpentError, ConflictError, NotReadyError
from annotation.models import STANDING_WORDS, Assignment, Participant, Project
from annotation.services import answer_costs, insertions, ledger, pairings, quotas
from annotation.services import claim_sql as sql
from annotation.services.claims import (
    START,
    Claim,
    Cursor,
    Held,
    Walk,
    parameters_of,
    retake,
)
from annotation.services.pairings import Pairs
from annotation.services.races import RaceError, retried
from annotation.words import gettext as _
from annotation.words import gettext_noop

State = Assignment.State
GONE = gettext_noop("This item has gone to somebody else.")


def claim_next(*, participant: Participant, project: Project) -> Assignment | None:
    """Return the participant's item to work on, or None when no slot is free.

    An open assignment is returned again (a reload, a second tab); one leased ahead is
    opened; a lost one with a draft is taken up again; else a free slot is claimed.
    None is final only after waiting for the transactions that hold the last slots,
    and after reclaiming what expired; or where the budget has no room for an answer.
    """
    return _within_budget(_next, participant, project)


def claim_ahead(*, participant: Participant, project: Project) -> Assignment | None:
    """Lease the item after the open one, so that it can be rendered before it is due.

    Never takes a slot from another person's queue, and never waits.
    """
    try:
        return _ahead(participant, project)
    except BudgetSpentError:
        return None


def _within_budget(
    claim: Callable[[Participant, Project], Assignment | None],
    participant: Participant,
    project: Project,
) -> Assignment | None:
    """Claim; where the budget has no room, once more after what expired is freed."""
    try:
        return claim(participant, project)
    except BudgetSpentError:
        if not expire_leases(project=project):
            return None
    try:
        return claim(participant, project)
    except BudgetSpentError:
        return None


@retried
def _next(participant: Participant, project: Project) -> Assignment | None:
    walk = _lock_walk(participant, project)
    held = _held(participant)
    for state in (State.OPEN, State.QUEUED):
        if state in held and _open(held[state].id, project):
            return _fetch(held[state].id)
    if project.is_paused:
        return None
    try:
        price = answer_costs.price_now(project)
    except BudgetSpentError:
        if (kept := _promised(participant, project, walk)) is None:
            raise
        return kept
    found = _new(participant, project, walk, held)
    if found is not None:
        answer_costs.promise(assignment=found, project=project, price=price)
    return found


def _promised(
    participant: Participant, project: Project, walk: Walk
) -> Assignment | None:
    """Lend what needs no new money: a reserved half that keeps what was promised."""
    pairs = _pairs(participant, project, walk, State.OPEN)
    promised = answer_costs.promised_to(participant) if pairs else ()
    return _lent(pairs.lend_promised(promised)) if pairs and promised else None


def _new(
    participant: Participant, project: Project, walk: Walk, held: dict[str, Held]
) -> Assignment | None:
    """Lend what comes next to a person who holds nothing."""
    pairs = _pairs(participant, project, walk, State.OPEN)
    walk = pairs.walk if pairs else walk
    if walk.is_over(pairs.n_reserved if pairs else 0):
        return _lent(pairs.lend_early()) if pairs else None
    if project.check_rules:
        turn = insertions.take_turn(participant, project, State.OPEN, n_held=0)
        if turn.assignment is not None or turn.is_held_back:
            return None if turn.assignment is None else _fetch(turn.assignment)
    if pairs and (due := pairs.lend_due()) is not None:
        return _fetch(due)
    if "draft" in held and _resume(held["draft"], participant, project, walk):
        resumed = _fetch(held["draft"].id)
        if pairs:
            pairings.revive(assignment=resumed)
        return resumed
    found = _claim(participant, project, walk, State.OPEN)
    if pairs:
        found = pairs.lend_early() if found is None else pairs.begin(found)
    return _lent(found)


@retried
def _ahead(participant: Participant, project: Project) -> Assignment | None:
    walk = _lock_walk(participant, project)
    held = _held(participant)
    if State.QUEUED in held:
        return _fetch(held[State.QUEUED].id)
    if project.is_paused:
        return None
    price = answer_costs.price_now(project)
    found = _new_ahead(participant, project, walk, held)
    if found is not None:
        answer_costs.promise(assignment=found, project=project, price=price)
    return found


def _new_ahead(
    participant: Participant, project: Project, walk: Walk, held: dict[str, Held]
) -> Assignment | None:
    """Lend the item after the open one."""
    has_item = State.OPEN in held and held[State.OPEN].is_item
    pairs = _pairs(participant, project, walk, State.QUEUED)
    walk = pairs.walk if pairs else walk
    if walk.is_over(has_item + (pairs.n_reserved if pairs else 0)):
        return _lent(pairs.lend_due()) if pairs else None
    if project.check_rules:
        turn = insertions.take_turn(
            participant, project, State.QUEUED, n_held=len(held.keys() & {State.OPEN})
        )
        if turn.assignment is not None or turn.is_held_back:
            return None if turn.assignment is None else _fetch(turn.assignment)
    if pairs and (due := pairs.lend_due()) is not None:
        return _fetch(due)
    if has_item:
        walk = replace(walk, firsts=with_first(walk.firsts, held[State.OPEN].order))
    claim = Claim(participant, project, walk, State.QUEUED)
    if not claim.has_room():
        return None
    return _lent(pairs.begin_one(claim.quickly) if pairs else claim.quickly())


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
        raise ConflictError(_(GONE), code="lost")
    if State.OPEN in held:
        raise ConflictError(_("Another item is still open."), code="busy")
    if not _open(assignment.pk, assignment.project):
        raise ConflictError(_(GONE), code="lost")
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
            _(
                "The time for this item has run out. You can still submit it; it "
                "counts if a place is free."
            ),
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
    if held == State.RESERVED:
        pairings.refuse_unshown(assignment.pk)
    is_lent = held in (State.OPEN, State.QUEUED, State.RESERVED)
    if not is_lent and held not in (State.EXPIRED, State.RELEASED):
        raise ConflictError(_("This item is answered already. Take it back first."))
    Assignment.objects.filter(pk=assignment.pk).update(
        state=state, skip_reason=reason, finished_at=timezone.now(), lease_until=None
    )
    if is_lent:
        ledger.free(give_slots_back([assignment.pk]))


def give_slots_back(assignment_ids: list[int]) -> list[int]:
    """Free the slots, with their turns and places in quotas, of these assignments.

    A check or a repeat has taken none. Where the second protocol came first and has
    ended without an answer, the slot that was reserved meanwhile is freed. Returns all
    that have ended: the caller gives `ledger.free` them after its last lock on items.
    """
    assignment_ids = assignment_ids + pairings.end_behind(assignment_ids)
    quotas.give_back(assignment_ids)
    with connection.cursor() as db:
        # In one order, so that two who give back the same items never wait in a ring.
        db.execute(
            "SELECT 1 FROM frontier WHERE item_id IN ("
            " SELECT item_id FROM assignment WHERE id = ANY(%s) AND purpose = 'main')"
            " ORDER BY item_id FOR NO KEY UPDATE",
            [assignment_ids],
        )
        db.execute(sql.GIVE_BACK, {"assignments": assignment_ids})
    return assignment_ids


def take_late_slot(*, assignment_id: int, item_id: int, participant_id: int) -> bool:
    """Take a slot again for a lease that was lost; tell whether one was free.

    A slot goes with its turn: where only those are free that show another completion
    first, the place is somebody else's, unless nobody else is there to take it.
    """
    with connection.cursor() as db:
        # The lock keeps the counts still; what they are is read under it.
        db.execute(
            "SELECT firsts, project_id, quota_cells <> '{}' FROM participant"
            " WHERE id = %s FOR NO KEY UPDATE",
            [participant_id],
        )
        firsts, project_id, has_quotas = db.fetchone()
    parameters = {
        "assignment": assignment_id,
        "item": item_id,
        "project": project_id,
        "participant": participant_id,
        "firsts": firsts,
        "spread": sql.SPREAD,
    }
    return retake(parameters, has_quotas)


@retried
def expire_leases(*, project: Project | None = None) -> int:
    """Return overdue leases to the pool, at most 1,000 at a time; give their number.

    Skips rows that a submission holds: that submission decides what becomes of them.
    """
    ids = _expire(project)
    ledger.free(ids)
    return len(ids)


def _expire(project: Project | None) -> list[int]:
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
    ids += pairings.end_overdue(project)
    return give_slots_back(ids) if ids else []


@retried
def reclaim(*, assignment: Assignment) -> None:
    """Return a stuck lease to the pool before it ends; its draft stays."""
    n_ended = Assignment.objects.filter(
        pk=assignment.pk, state__in=(State.OPEN, State.QUEUED)
    ).update(state=State.EXPIRED, lease_until=None, finished_at=timezone.now())
    if n_ended:
        ledger.free(give_slots_back([assignment.pk]))


@retried
def give_reserved_back(*, participant: Participant) -> None:
    """Return to the pool what is reserved for a person."""
    ids = pairings.end_reserved(participant=participant)
    if ids:
        ledger.free(give_slots_back(ids))


@retried
def set_overlap(*, project: Project, overlap: int) -> None:
    """Change how many answers each item wants, except items with an overlap of own."""
    Project.objects.filter(pk=project.pk).update(overlap=overlap)
    with connection.cursor() as db:
        db.execute(
            "UPDATE frontier SET target = %s WHERE project_id = %s AND overlap IS NULL"
            " AND target <> %s AND NOT is_excluded AND NOT is_routed_away",
            [overlap, project.pk, overlap],
        )
    restart_walks(project=project)
    project.overlap = overlap


def restart_walks(*, project: Project) -> None:
    """Send every annotator back to the front of the pool, which has changed.

    The bounds of quotas follow the number of answers that are wanted now.
    """
    with connection.cursor() as db:
        db.execute(
            "UPDATE project SET frontier_version = frontier_version + 1 WHERE id = %s",
            [project.pk],
        )
    quotas.refresh_limits(project=project)


# --- the claim ---------------------------------------------------------------------


def _claim(
    participant: Participant, project: Project, walk: Walk, state: str
) -> int | None:
    """Try ever harder: what is free, what has expired, what others hold ahead."""
    claim = Claim(participant, project, walk, state)
    found = claim.quickly() if claim.has_room() else None
    if found is None:
        ended = _expire(project)
        found = claim.patiently() if claim.has_room() else None
        if ended := ended + claim.ended:
            ledger.free(ended)
    return found


def _pairs(
    participant: Participant, project: Project, walk: Walk, state: str
) -> Pairs | None:
    """Return the person's items under two protocols; None, at no cost, without one."""
    if not project.protocol_rules:
        return None
    return Pairs(participant, project, walk, state)


def _resume(lost: Held, participant: Participant, project: Project, walk: Walk) -> bool:
    """Take up a lost lease that has a draft; False where its slot is gone."""
    parameters = parameters_of(participant, project, walk, State.OPEN)
    parameters |= {"assignment": lost.id, "item": lost.item_id}
    if not retake(parameters, walk.has_quotas):
        return False
    n_open = Assignment.objects.filter(pk=lost.id, state=State.EXPIRED).update(
        state=State.OPEN,
        lease_until=timezone.now() + timedelta(seconds=project.lease_s),
        finished_at=None,
    )
    if not n_open:
        raise RaceError
    return True


def _lock_walk(participant: Participant, project: Project) -> Walk:
    """Lock the participant, so that two tabs never claim twice; return the walk.

    Raises NotReadyError where the consent was taken back since the request began.
    """
    with connection.cursor() as db:
        db.execute(
            "SELECT frontier_version, frontier_rank, frontier_key, firsts, is_ready,"
            " n_wanted - (n_done - n_checks), standing, quota_cells <> '{}'"
            " FROM participant WHERE id = %s FOR NO KEY UPDATE",
            [participant.pk],
        )
        version, rank, key, firsts, is_ready, n_left, standing, has_quotas = (
            db.fetchone()
        )
    if standing != Participant.Standing.ACTIVE:
        raise NotReadyError(_(STANDING_WORDS[standing]), code=standing)
    if not is_ready:
        raise NotReadyError(_("Give your consent and fill in the profile first."))
    cursor = Cursor(rank, key) if version == project.frontier_version else START
    return Walk(cursor, firsts, has_quotas, n_left)


def _held(participant: Participant) -> dict[str, Held]:
    with connection.cursor() as db:
        db.execute(sql.HELD, {"participant": participant.pk})
        return {state: Held(*row) for state, *row in db.fetchall()}


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


def _lent(assignment_id: int | None) -> Assignment | None:
    return None if assignment_id is None else _fetch(assignment_id)


def _fetch(assignment_id: int) -> Assignment:
    return Assignment.objects.select_related("questions_version").get(pk=assignment_id)
