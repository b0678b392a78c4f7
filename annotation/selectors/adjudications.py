"""How an item was settled, apart from what people answered."""

from dataclasses import dataclass
from datetime import datetime

from annotation.answers import parse_questions
from annotation.models import Adjudication, Item
from annotation.verdicts import Answered, answered


@dataclass(frozen=True)
class Decision:
    """One adjudication in words; without `answered` the item was opened again."""

    number: int
    answered: Answered | None
    reason: str
    author: str
    role: str
    at: datetime


@dataclass(frozen=True)
class Decisions:
    """All decisions on an item, the newest first."""

    all: tuple[Decision, ...]

    @property
    def current(self) -> Decision | None:
        """Return the decision that holds; None where the item is open."""
        last = self.all[0] if self.all else None
        return last if last is not None and last.answered is not None else None

    @property
    def past(self) -> tuple[Decision, ...]:
        """Return the decisions before the one that holds."""
        return self.all[1:] if self.current else self.all

    @property
    def n_shown(self) -> int:
        """Return the number of the newest decision, 0 for none."""
        return self.all[0].number if self.all else 0


def decisions_on(item: Item) -> Decisions:
    """Return how an item was settled and opened again; one query."""
    found = (
        Adjudication.objects.filter(item=item)
        .select_related("questions_version", "author")
        .order_by("-number")
    )
    return Decisions(
        tuple(
            Decision(
                number=one.number,
                answered=None
                if one.is_reopening
                else answered(
                    parse_questions(one.questions_version.questions),
                    one.answers,
                    item.n_completions,
                ),
                reason=one.reason,
                author=one.author.username if one.author else "",
                role=one.role,
                at=one.created_at,
            )
            for one in found
        )
    )
