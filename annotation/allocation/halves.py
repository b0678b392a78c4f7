"""PURE: how far an item under two protocols is, and what is asked of it next.

Step assign. services.pairings reads the pairs and lends what is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# The states of assignments, as annotation.models.Assignment.State has them.
ANSWERED = ("submitted", "surplus")
LOST = ("expired", "released")
HELD = ("open", "queued")
REFUSED = ("skipped", "withdrawn")
RESERVED = "reserved"
MAIN, SECOND = "main", "second_protocol"


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
    def is_lost(self) -> bool:
        """Tell whether it was lent, and its lease ended without an answer."""
        return self.state in LOST

    @property
    def is_free(self) -> bool:
        """Tell whether it can be lent: never lent, lost, or reserved for this."""
        return self.state is None or self.is_lost or self.state == RESERVED


@dataclass(frozen=True)
class Pending:
    """A pair of which something may still be asked.

    `since`: when one half was answered, or the other was given back after that; None:
    none is answered. `noted`: the same as the database has it, which may be older.
    `is_due`: the answer lies far enough back. `has_draft`: of the second protocol.
    """

    id: int
    item_id: int
    comes_first: str
    main: Half
    second: Half
    order: Sequence[int]
    noted: datetime | None
    since: datetime | None
    is_due: bool
    is_excluded: bool
    has_draft: bool

    @property
    def asked_next(self) -> Half | None:
        """Return the half that is lent when its time comes; None: there is none.

        That is the one that comes later; or the second protocol, though it came first,
        where it was lost and its item was answered too early. A main half that was
        lost comes back as every lost lease does.
        """
        if self.is_excluded:
            return None
        later, first = self.second, self.main
        if self.comes_first == SECOND:
            later, first = first, later
        if first.is_answered and later.is_free:
            return later
        if self.main.is_answered and self.second.is_lost:
            return self.second
        return None

    @property
    def is_broken_off(self) -> bool:
        """Tell whether the second protocol was begun first, and its lease was lost."""
        return (
            self.comes_first == SECOND
            and self.second.state == "expired"
            and self.has_draft
            and self.main.is_lost
            and not self.is_excluded
        )

    @property
    def is_settled(self) -> bool:
        """Tell whether no claim needs to read it, as things are.

        Both are answered, one is refused, or nothing is in hand and nothing can be
        lent. What makes something askable again says so, see services.pairings.
        """
        states = (self.main.state, self.second.state)
        if self.main.is_answered and self.second.is_answered:
            return True
        if any(state in REFUSED for state in states):
            return True
        is_held = any(state in HELD for state in states)
        return not (is_held or self.asked_next or self.is_broken_off)
