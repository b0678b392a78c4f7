"""Step assign: one try to get an item; services.assignments decides what to try.

Knows the walk of a participant, who is locked by now, and the quotas of the project.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from annotation.models import Participant, Project
from annotation.services import claim_sql as sql
from annotation.services import quotas
from annotation.services.races import RaceError


@dataclass(frozen=True)
class Cursor:
    rank: int
    key: int

    @property
    def is_start(self) -> bool:
        return self == START


START = Cursor(-(2**31), -(2**63))
FROM_START = {"rank": START.rank, "key": START.key}


@dataclass(frozen=True)
class Held:
    """A row that a participant holds or could go on with."""

    id: int
    item_id: int
    order: list[int]
    is_item: bool


@dataclass(frozen=True)
class Walk:
    """Where a participant stands: the cursor, and what they saw first so far.

    `firsts` counts answers, by annotation.allocation.presentation. After `n_wanted`
    further answers that are data nothing is lent; None: there is no such end.
    """

    cursor: Cursor
    firsts: list[int]
    has_quotas: bool
    n_wanted: int | None

    def is_over(self, n_held: int = 0) -> bool:
        """Tell whether the answers given and the items held are all that is wanted."""
        return self.n_wanted is not None and self.n_wanted <= n_held


class Claim:
    """One try to get an item for a participant, who is locked.

    `ended`: leases of others that it took over; what is held for them is to be freed.
    """

    def __init__(
        self, participant: Participant, project: Project, walk: Walk, state: str
    ) -> None:
        self.participant = participant
        self.project = project
        self.walk = walk
        self.room: quotas.Room | None = None
        self.ended: list[int] = []
        self.sql = sql.IN_QUOTA if walk.has_quotas else sql.PLAIN
        self.onward = parameters_of(participant, project, walk, state)

    def has_room(self) -> bool:
        """Tell whether the quotas let this participant answer at all; take their turn.

        In a project with quotas one claim at a time goes on from here.
        """
        if not self.walk.has_quotas:
            return True
        self.room = quotas.room(
            participant_id=self.participant.pk, project_id=self.project.pk
        )
        if self.room is None:
            return False
        self.onward |= self.room.parameters
        return True

    def quickly(self) -> int | None:
        """Claim what nobody else is at: after the cursor, then from the front."""
        found = self._run(self.sql.quick, self.onward)
        if found is None and not self.walk.cursor.is_start:
            found = self._run(self.sql.quick, self.onward | FROM_START)
        return found

    def patiently(self) -> int | None:
        """Claim after waiting for who holds the last entries, or what is held ahead.

        At last the balance of sides yields, where nobody else could take the item.
        """
        afresh = self.onward | FROM_START
        found = self._run(self.sql.patient, afresh)
        if found is None:
            found = self._from_ahead(afresh)
        if found is None:
            found = self._run(self.sql.patient, afresh | {"is_strict": False})
        return found

    def _from_ahead(self, parameters: dict[str, Any]) -> int | None:
        """Move a slot from somebody's lease ahead of need to this participant."""
        with connection.cursor() as db:
            db.execute(self.sql.unqueue, parameters)
            row = db.fetchone()
        if row is None:
            return None
        lost_id, item_id, first = row
        quotas.give_back([lost_id])
        self.ended.append(lost_id)
        taken = {**parameters, "item": item_id, "first": first, "slots": 0}
        return self._run(f"{sql.THIS} {sql.TAKE}", taken)

    def _run(self, statement: str, parameters: dict[str, Any]) -> int | None:
        found = run(statement, parameters)
        if found is not None and self.room is not None:
            quotas.take(assignment_id=found, room=self.room)
        return found


def parameters_of(
    participant: Participant, project: Project, walk: Walk, state: str
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


def run(statement: str, parameters: dict[str, Any]) -> int | None:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        row = db.fetchone()
    if row is None:
        return None
    if row[0] is None:
        raise RaceError
    return int(row[0])


def retake(parameters: dict[str, Any], has_quotas: bool) -> bool:
    """Take a slot again for a lease that was lost, in its old turn; False = is gone."""
    room = None
    if has_quotas:
        room = quotas.room(
            participant_id=parameters["participant"], project_id=parameters["project"]
        )
        if room is None:
            return False
        parameters = parameters | room.parameters
    statement = (sql.IN_QUOTA if has_quotas else sql.PLAIN).retake
    for is_strict in (True, False):
        with connection.cursor() as db:
            db.execute(statement, {**parameters, "is_strict": is_strict})
            is_taken = db.rowcount == 1
        if is_taken:
            if room is not None:
                quotas.take(assignment_id=parameters["assignment"], room=room)
            return True
    return False
