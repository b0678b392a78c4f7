"""Step assign: ask an item under a second protocol too, before or after the first.

Called by services.assignments inside a claim that holds the participant's lock, and
only where the project has a second protocol. An item is always claimed as main first,
so its slot is taken once and by one person. Where the second protocol is drawn to come
first, that main assignment becomes `reserved`: it keeps slot, turn and quotas, and is
opened when its turn comes. An assignment for `second_protocol` takes no slot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

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
ANSWERED = (State.SUBMITTED, State.SURPLUS)
LOST = (State.EXPIRED, State.RELEASED)


@dataclass(frozen=True)
class Half:
    """One of the two assignments of a pair; `id` None: it was not lent yet."""

    id: int | None
    state: str | None

    @property
    def is_answered(self) -> bool:
        """Tell whether there is an answer to it."""
        return self.state in ANSWERED

    @property
    def is_free(self) -> bool:
        """Tell whether it can be lent: never lent, lost, or reserved for this."""
        return self.state is None or self.state in (*LOST, State.RESERVED)


@dataclass(frozen=True)
class Pending:
    """A pair of which something may still be asked.

    `is_due`: its first answer lies far enough back. `has_draft`: of the first half.
    """

    id: int
    item_id: int
    comes_first: str
    main: Half
    second: Half
    order: list[int]
    is_due: bool
    is_excluded: bool
    has_draft: bool

    @property
    def first(self) -> Half:
        """Return the half that comes first."""
        return self.main if self.comes_first == MAIN else self.second

    @property
    def later(self) -> Half:
        """Return the other half."""
        return self.second if self.comes_first == MAIN else self.main

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more is asked: both are answered, or one is refused."""
        states = (self.first.state, self.later.state)
        both = self.first.is_answered and self.later.is_answered
        return both or State.SKIPPED in states or State.WITHDRAWN in states

    @property
    def is_waiting(self) -> bool:
        """Tell whether the other half is what comes next of this pair."""
        return self.first.is_answered and self.later.is_free and not self.is_excluded

    @property
    def is_broken_off(self) -> bool:
        """Tell whether the second protocol was begun first, and its lease was lost."""
        return (
            self.comes_first == SECOND
            and self.second.state == State.EXPIRED
            and self.has_draft
            and self.main.state in LOST
            and not self.is_excluded
        )


class Pairs:
    """One person's items under two protocols, in one claim.

    `walk`: the person's walk, with what is reserved for them among what they saw
    first. Costs one statement, and one more where something is settled or kept longer.
    """

    def __init__(
        self, participant: Participant, project: Project, walk: Walk, state: str
    ) -> None:
        self.participant, self.project, self.state = participant, project, state
        self.rules = read_rules(project.protocol_rules)
        self._pending = self._read()
        reserved = [p for p in self._pending if p.main.state == State.RESERVED]
        self.n_reserved = len(reserved)
        firsts = walk.firsts
        for pair in reserved:
            firsts = with_first(firsts, pair.order)
        self.walk = replace(walk, firsts=firsts)
        self._settle([pair.id for pair in self._pending if pair.is_over])

    def lend_due(self) -> int | None:
        """Lend what was begun and lost, or the half whose time has come; None = none.

        The oldest first, so that few items wait for their other half.
        """
        for pair in self._pending:
            if pair.is_broken_off and (found := self._begin_again(pair)) is not None:
                return found
        return self._lend_first(pair for pair in self._pending if pair.is_due)

    def lend_early(self) -> int | None:
        """Lend the oldest half that waits, though its time has not come.

        For when there is nothing else: a pair that is close together tells more than
        half of one.
        """
        return self._lend_first(self._pending)

    def begin(self, assignment: int) -> int:
        """Draw the order of protocols for a main assignment that was just claimed.

        Return what is lent now: itself, or the second protocol of its item.
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
        return self._lend_second(item_id, len(order))

    # --- one pair ---------------------------------------------------------------------

    def _lend_first(self, pairs: Iterable[Pending]) -> int | None:
        for pair in pairs:
            if pair.is_waiting and (found := self._lend_later(pair)) is not None:
                return found
        return None

    def _lend_later(self, pair: Pending) -> int | None:
        """Lend the other half; None where its slot has gone to somebody else."""
        if pair.later is pair.second:
            return self._lend_second(pair.item_id, len(pair.order))
        if pair.main.state in LOST and not self._retake(pair):
            # Should the pool give the item once more, it is only the main half.
            self._settle([pair.id])
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
            self._settle([pair.id])
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

    # --- reading and keeping ----------------------------------------------------------

    def _read(self) -> list[Pending]:
        values = {
            "after": self.rules.after_items,
            "age": timedelta(minutes=self.rules.after_min),
            "hold": timedelta(hours=self.rules.hold_hours),
        }
        with connection.cursor() as db:
            db.execute(sql.PENDING, self._owner() | values)
            rows = db.fetchall()
        self._keep_longer([row[0] for row in rows if row[-1]])
        return [
            Pending(
                row[0], row[1], row[2], Half(*row[3:5]), Half(*row[5:7]), *row[7:-1]
            )
            for row in rows
        ]

    def _keep_longer(self, pairs: Sequence[int]) -> None:
        """Keep what is reserved for somebody who is at work."""
        if pairs:
            hold = timedelta(hours=self.rules.hold_hours)
            self._run(sql.KEEP_LONGER, {"pairs": list(pairs), "hold": hold})

    def _settle(self, pairs: Sequence[int]) -> None:
        if pairs:
            self._run(sql.SETTLE, {"pairs": list(pairs)})

    def _lease(self) -> dict[str, Any]:
        lease = timedelta(seconds=self.project.lease_s)
        return {"lease": lease, "state": str(self.state)}

    def _owner(self) -> dict[str, Any]:
        return {"project": self.project.pk, "participant": self.participant.pk}

    def _one(self, statement: str, values: dict[str, Any]) -> Any:
        with connection.cursor() as db:
            db.execute(statement, self._owner() | values)
            return db.fetchone()

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
    participant.protocol_pairs.update(is_settled=is_settled)


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
        is_settled=False
    )


def _ended(statement: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return [row[0] for row in db.fetchall()]
