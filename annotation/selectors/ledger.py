"""What a budget has left, and which cap holds an answer back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from annotation.models import Budget, Project
from annotation.money import ZERO


@dataclass(frozen=True)
class Room:
    """What each cap has room for now, in USD; None: it bounds nothing."""

    spent_today_usd: Decimal
    left_usd: Decimal | None
    left_today_usd: Decimal | None

    @property
    def least_usd(self) -> Decimal | None:
        """Return what can be reserved at most; None: as much as is wanted."""
        bounds = [b for b in (self.left_usd, self.left_today_usd) if b is not None]
        return min(bounds) if bounds else None


def room_of(budget: Budget) -> Room:
    """Return what a budget has left; no query. A day is a day of UTC."""
    is_today = budget.day >= datetime.now(UTC).date()
    spent_today = budget.day_spent_usd if is_today else ZERO
    left = left_today = None
    if budget.cap_usd is not None:
        left = max(budget.cap_usd - budget.spent_usd - budget.reserved_usd, ZERO)
    if budget.day_cap_usd is not None:
        left_today = max(budget.day_cap_usd - spent_today - budget.reserved_usd, ZERO)
    return Room(spent_today, left, left_today)


def cap_reached(project: Project) -> str | None:
    """Return "budget_spent" or "day_spent" where no answer can be paid; one query.

    None, without a query, where answers have no price.
    """
    if not project.has_priced_answers:
        return None
    budget = Budget.objects.filter(project=project).first()
    if budget is None or not budget.price_usd:
        return None
    room = room_of(budget)
    if room.left_usd is not None and room.left_usd < budget.price_usd:
        return "budget_spent"
    if room.left_today_usd is not None and room.left_today_usd < budget.price_usd:
        return "day_spent"
    return None
