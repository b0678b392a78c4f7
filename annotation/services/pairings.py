"""Step assign: ask an item under a second protocol too, before or after the first.

Called by services.assignments inside a claim that holds the participant's lock, and
only where the project has a second protocol. An item is always claimed as main first,
so its slot is taken once and by one person. Where the second protocol is drawn to come
first, that main assignment becomes `reserved`: it keeps slot, turn and quotas, and is
opened when its turn comes. An assignment for `second_protocol` takes no slot.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from annotation.allocation.halves import ANSWERED, Half, Pending
from annotation.allocation.insertion import shown_order
from annotation.allocation.pairing import (
    Firsts,
    first_protocol,
    fits,
    is_chosen,
    read_rules,
)
from annotation.allocation.presentation import with_first
from annotation.errors import ConflictError
from annotation.models import Assignment, Participant, Project
from annotation.questions import main_question, questions_from
from annotation.services import pairing_sql as sql
from annotation.services.claim_sql import LEND_APART
from annotation.services.claims import Walk, parameters_of, retake
from annotation.services.races import RaceError
from annotation.words import gettext as _

State = Assignment.State
MAIN, SECOND = Assignment.Purpose.MAIN, Assignment.Purpose.SECOND_PROTOCOL
# How many pairs of each sort a claim looks at: those begun (with an open item and one
# ahead there are two, more where answers came late), and the oldest that wait (two of
# them may be in hand).
N_BEGUN, N_WAITING = 20, 5


class Pairs:
    """One person's items under two protocols, in one claim.

    `walk`: the person's walk, with what is reserved for them among what they saw
    first. Costs two statements, and one more where something has moved on. It looks at
    a bounded number of pairs, however many are open; what it settles is not read again.
    """

    def __init__(
        self, participant: Participant, project: Project, walk: Walk, state: str
    ) -> None:
        self.participant, self.project, self.state = participant, project, state
        self.rules = read_rules(project.protocol_rules)
        self._look()
        self.n_reserved, firsts = 0, walk.firsts
        for n_completions, first, n in self._all(sql.RESERVED, {}):
            self.n_reserved += n
            firsts = with_first(firsts, [first] * n_completions, n)
        self.walk = replace(walk, firsts=firsts)

    def lend_due(self) -> int | None:
        """Lend what was begun and lost, or the half whose time has come; None = none.

        The oldest first, so that few items wait for their other half.
        """
        for pair in list(self._pending):
            if pair.is_broken_off and (found := self._begin_again(pair)) is not None:
                return found
        return self._lend_first(is_early=False)

    def lend_early(self) -> int | None:
        """Lend the oldest half that waits, though its time has not come.

        For when there is nothing else: a pair that is close together tells more than
        half of one.
        """
        return self._lend_first(is_early=True)

    def lend_promised(self, promised: Collection[int]) -> int | None:
        """Lend the oldest half that waits and is one of those, whatever its time."""
        for pair in list(self._pending):
            half = pair.asked_next
            if half is not None and half is pair.main and half.id in promised:
                return self._lend_next(pair, half)
        return None

    def begin(self, assignment: int) -> int | None:
        """Draw the order of protocols for a main assignment that was just claimed.

        Return what is lent now: itself, or the second protocol of its item. None where
        that is in the person's hand already, since its reservation was lost: the slot
        is reserved behind it again, and something else may be claimed.
        """
        item_id, order = self._one(sql.CLAIMED, {"assignment": assignment})
        second = self._second_kind()
        seed = f"{self.project.seed}"
        if not fits(second, len(order)) or not is_chosen(self.rules, item_id, seed):
            return assignment
        first, second_state = self._drawn(item_id)
        if first == MAIN or second_state in (*ANSWERED, State.SKIPPED):
            return assignment
        self._reserve(item_id, assignment)
        if second_state in (State.OPEN, State.QUEUED):
            return None
        return self._lend_second(item_id, len(order))

    def begin_one(self, claim: Callable[[], int | None]) -> int | None:
        """Claim until something can be lent: at most one item is in hand already."""
        while (found := claim()) is not None:
            if (lent := self.begin(found)) is not None:
                return lent
        return None

    # --- one pair ---------------------------------------------------------------------

    def _lend_first(self, *, is_early: bool) -> int | None:
        while True:
            for pair in [] if self._is_blind else list(self._pending):
                if pair.asked_next and (is_early or pair.is_due):
                    found = self._lend_next(pair, pair.asked_next)
                    if found is not None:
                        return found
            # What waits behind these has not waited as long.
            is_waiting = any(pair.asked_next for pair in self._pending)
            is_enough = is_waiting and not self._is_blind
            if is_enough or not (self._is_full and self._n_moved):
                return None
            self._look()

    def _lend_next(self, pair: Pending, half: Half) -> int | None:
        """Lend a half; None where its slot has gone to somebody else."""
        if half is pair.second:
            return self._lend_second(pair.item_id, len(pair.order))
        if pair.main.is_lost and not self._retake(pair):
            # Should the pool give the item once more, it is only the main half.
            self._settle(pair)
            return None
        # A reservation may end since it was read, with its slot given back: only what
        # is as it was read still has a slot, its own or the one just taken again.
        values = {
            "assignment": pair.main.id,
            "pair": pair.id,
            "state_read": pair.main.state,
        }
        found = self._one(sql.OPEN_MAIN, values | self._lease())
        if found is None:
            raise RaceError
        return int(found[0])

    def _begin_again(self, pair: Pending) -> int | None:
        """Go on with the draft of a second protocol that came first."""
        if not self._retake(pair):
            self._settle(pair)
            return None
        self._reserve(pair.item_id, pair.main.id)
        return self._lend_second(pair.item_id, len(pair.order))

    def _retake(self, pair: Pending) -> bool:
        parameters = parameters_of(
            self.participant, self.project, self.walk, self.state
        )
        own = {"assignment": pair.main.id, "item": pair.item_id}
        return retake(parameters | own, self.walk.has_quotas)

    def _reserve(self, item_id: int, assignment: int | None) -> None:
        # Before the second protocol is lent: nobody holds two open items.
        hold = timedelta(hours=self.rules.hold_hours)
        values = {"item": item_id, "assignment": assignment, "hold": hold}
        if self._one(sql.RESERVE, values) is None:
            raise RaceError

    def _lend_second(self, item_id: int, n_completions: int) -> int:
        seed = f"{self.project.seed}:{self.participant.pk}:{SECOND}:{item_id}"
        order = shown_order(n_completions, seed, is_fixed=False)
        own = {"item": item_id, "order": order, "round": 1}
        asked = {"purpose": str(SECOND), "asked": str(SECOND)}
        found = self._one(LEND_APART, own | asked | self._lease())
        if found is None:
            raise RaceError
        return int(found[0])

    def _drawn(self, item_id: int) -> tuple[str, str | None]:
        """Return which protocol comes first, and how far the second one is.

        The claim holds the item's row, so two people never draw for it at once.
        """
        known, second_state, *counts = self._one(sql.FIRSTS, {"item": item_id})
        seed = f"{self.project.seed}:{self.participant.pk}:{item_id}"
        first = known or first_protocol(Firsts(*counts), seed)
        self._one(sql.KEEP_PAIR, {"item": item_id, "first": str(first)})
        return first, second_state

    def _second_kind(self) -> str:
        (text,) = self._one(sql.SECOND_QUESTIONS, {})
        return main_question(questions_from(text)).type

    # --- reading and noting -----------------------------------------------------------

    def _look(self) -> None:
        """Read the pairs begun and the oldest that wait; note how far they are.

        More may lie behind these where they are as many as are read (`_is_full`); and
        older ones than those just begun, where none of the oldest waits any more
        (`_is_blind`).
        """
        found = self._read()
        oldest = [pair for pair in found if pair.noted is not None]
        is_cut = len(oldest) == N_WAITING
        self._is_full = is_cut or len(found) - len(oldest) == N_BEGUN
        moved = [p for p in found if p.is_settled or p.since != p.noted]
        self._n_moved = len(moved)
        self._is_blind = (
            is_cut
            and any(pair.is_settled for pair in oldest)
            and not any(pair.asked_next for pair in oldest)
        )
        self._note(moved)
        self._pending = [pair for pair in found if not pair.is_settled]

    def _read(self) -> list[Pending]:
        values = {
            "after": self.rules.after_items,
            "age": timedelta(minutes=self.rules.after_min),
            "n_begun": N_BEGUN,
            "n_waiting": N_WAITING,
        }
        return [
            Pending(row[0], row[1], row[2], Half(*row[3:5]), Half(*row[5:7]), *row[7:])
            for row in self._all(sql.PENDING, values)
        ]

    def _note(self, pairs: Sequence[Pending]) -> None:
        if pairs:
            values = {
                "ids": [pair.id for pair in pairs],
                "settled": [pair.is_settled for pair in pairs],
                "since": [pair.since for pair in pairs],
            }
            self._run(sql.NOTE, values)

    def _settle(self, pair: Pending) -> None:
        """Read a pair no more whose slot has gone to somebody else."""
        values = {"ids": [pair.id], "settled": [True], "since": [pair.since]}
        self._run(sql.NOTE, values)
        self._pending.remove(pair)
        self._n_moved += 1

    def _lease(self) -> dict[str, Any]:
        lease = timedelta(seconds=self.project.lease_s)
        return {"lease": lease, "state": str(self.state)}

    def _owner(self) -> dict[str, Any]:
        return {"project": self.project.pk, "participant": self.participant.pk}

    def _one(self, statement: str, values: dict[str, Any]) -> Any:
        with connection.cursor() as db:
            db.execute(statement, self._owner() | values)
            return db.fetchone()

    def _all(self, statement: str, values: dict[str, Any]) -> list[Any]:
        with connection.cursor() as db:
            db.execute(statement, self._owner() | values)
            rows: list[Any] = db.fetchall()
        return rows

    def _run(self, statement: str, values: dict[str, Any]) -> None:
        with connection.cursor() as db:
            db.execute(statement, self._owner() | values)


def refuse_unshown(assignment_id: int) -> None:
    """Refuse what is done to a half whose turn has not come.

    Somebody who works ahead of the screen would else answer it right after the first.
    One that was on a screen before, or has a draft, is gone on with. One query.

    Raises ConflictError "not_yet".
    """
    is_unshown = Assignment.objects.filter(
        pk=assignment_id, state=State.RESERVED, shown_at=None, draft=None
    ).exists()
    if is_unshown:
        raise ConflictError(
            _("This item comes later. Go on with the one that is open."),
            code="not_yet",
        )


# --- the ends ------------------------------------------------------------------------
# Each returns the main assignments that ended; their slots are given back by
# services.assignments, which alone does so.


def end_behind(assignments: Sequence[int]) -> list[int]:
    """End what is reserved behind second protocols that ended without an answer.

    It ends as they did: a skipped item is skipped as a whole.
    """
    return _ended(sql.END_BEHIND, {"assignments": list(assignments)})


def end_overdue(project: Project | None) -> list[int]:
    """End the reservations whose time is over; at most 1,000 at a time."""
    return _ended(sql.END_OVERDUE, {"project": project.pk if project else None})


def end_soon(*, project: Project) -> None:
    """Make all reservations of a project overdue; a large one has too many at once."""
    project.protocol_pairs.exclude(reserved_until=None).update(reserved_until=Now())


def end_reserved(*, participant: Participant) -> list[int]:
    """End all reservations of a person."""
    return _ended(sql.END_RESERVED, {"participant": participant.pk})


def settle_all(*, participant: Participant, is_settled: bool) -> None:
    """Ask a person no other half any more, or ask what is open again."""
    if is_settled:
        participant.protocol_pairs.update(is_settled=True)
        return
    which = "p.participant_id = %(participant)s"
    _change(sql.LOOK_AGAIN.format(which=which), {"participant": participant.pk})


def settle_items(item_ids: Sequence[int]) -> None:
    """Ask nobody the other half of items that are taken out of the work."""
    _change(sql.SETTLE_ITEMS, {"items": list(item_ids)})


def ask_items_again(item_ids: Sequence[int]) -> None:
    """Ask the other half of items that are taken into the work again."""
    which = "p.item_id = ANY(%(items)s)"
    _change(sql.LOOK_AGAIN.format(which=which), {"items": list(item_ids)})


def reserve_again(*, queued: Assignment, project: Project) -> bool:
    """Keep a queued other half for later; False where the assignment is none."""
    if not project.protocol_rules:
        return False
    hold = timedelta(hours=read_rules(project.protocol_rules).hold_hours)
    values = {"assignment": queued.pk, "hold": hold}
    return bool(_ended(sql.RESERVE_AGAIN, values))


def ask_again(*, assignment: Assignment) -> None:
    """Let a pair go on of which an answer is taken back."""
    assignment.participant.protocol_pairs.filter(item_id=assignment.item_id).update(
        is_settled=False, waits_since=None
    )


def revive(*, assignment: Assignment) -> None:
    """Let a pair go on of which a half was answered, or has a draft, after its lease.

    Where a main half was answered, or is lent again for its draft, before anything of
    the second protocol, which was to come first, was answered, it is stored as the one
    that came first; a reservation has served. Within the lock on the participant that
    a claim and counting an answer take: a claim would else settle what it read before.
    """
    _change(sql.REVIVE, {"assignment": assignment.pk})


def _change(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as db:
        db.execute(statement, values)


def _ended(statement: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return [row[0] for row in db.fetchall()]
