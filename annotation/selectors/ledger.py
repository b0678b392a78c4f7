"""What a budget has left and what is still to come; which cap holds an answer back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from annotation.allocation.insertion import expected_total, read_rules
from annotation.allocation.pairing import n_twice
from annotation.allocation.pairing import read_rules as read_protocols
from annotation.models import Budget, LedgerEntry, Project
from annotation.money import ZERO, usd
from annotation.words import gettext as _

N_DAYS = 30


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


# --- what is still to come -----------------------------------------------------------


@dataclass(frozen=True)
class Forecast:
    """One kind of work that is still to come: so many units at a price."""

    purpose: str
    words: str
    n: int
    price_usd: Decimal
    cost_usd: Decimal


Forecaster = Callable[[Project], Sequence[Forecast]]
# An app above adds what it will ask for, such as the runs of machines that are planned.
FORECASTERS: list[Forecaster] = []


def answers_to_come(project: Project, price: Decimal) -> list[Forecast]:
    """Return what the free places of the pool would cost; one query.

    What is lent already is reserved, and stands there.
    """
    with connection.cursor() as db:
        db.execute(
            "SELECT COALESCE(sum(target - n_taken), 0) FROM frontier"
            " WHERE project_id = %s AND n_taken < target",
            [project.pk],
        )
        n_free = int(db.fetchone()[0])
    rules = read_rules(project.check_rules)
    n_before = rules.n_training + rules.n_qualification
    lines = [
        (_("Answers to items of the pool"), n_free),
        (
            _("Checks and repeats between them, about"),
            expected_total(rules, n_free) - n_before - n_free,
        ),
        (
            _("Answers to the second protocol, about"),
            n_twice(read_protocols(project.protocol_rules), n_free),
        ),
    ]
    return [
        Forecast("human", words, n, price, usd(n * price)) for words, n in lines if n
    ]


# --- the page ------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """What was spent on one day of UTC."""

    day: date
    human_usd: Decimal
    machine_usd: Decimal
    highest_usd: Decimal

    @property
    def total_usd(self) -> Decimal:
        """Return what was spent in all."""
        return self.human_usd + self.machine_usd

    @property
    def human_percent(self) -> float:
        """Return how high the answers of people stand in the plot."""
        return self._percent(self.human_usd)

    @property
    def machine_percent(self) -> float:
        """Return how high the calls of machines stand in the plot."""
        return self._percent(self.machine_usd)

    def _percent(self, amount: Decimal) -> float:
        high = self.highest_usd
        return round(float(100 * amount / high), 2) if high else 0.0


@dataclass(frozen=True)
class BudgetPage:
    """Everything the page and the interface of a budget tell."""

    budget: Budget
    room: Room
    by_purpose: dict[str, Decimal]
    owed_usd: Decimal
    n_owed: int
    forecast: tuple[Forecast, ...]
    days: tuple[Day, ...]

    @property
    def forecast_usd(self) -> Decimal:
        """Return what is still to come, in all."""
        return sum((line.cost_usd for line in self.forecast), ZERO)

    @property
    def end_usd(self) -> Decimal:
        """Return where the spending ends, with what is reserved and to come."""
        budget = self.budget
        return budget.spent_usd + budget.reserved_usd + self.forecast_usd

    @property
    def missing_usd(self) -> Decimal:
        """Return by how much the cap is too low for what is to come."""
        cap = self.budget.cap_usd
        return ZERO if cap is None else max(self.end_usd - cap, ZERO)

    @property
    def n_answers_left(self) -> int | None:
        """Return for how many answers the cap has room; None: it bounds nothing."""
        if self.room.left_usd is None or not self.budget.price_usd:
            return None
        return int(self.room.left_usd // self.budget.price_usd)

    @property
    def spent_percent(self) -> float:
        """Return the share of the cap that is spent."""
        return self._share(self.budget.spent_usd)

    @property
    def reserved_percent(self) -> float:
        """Return the share of the cap that is reserved."""
        return self._share(self.budget.reserved_usd)

    def _share(self, amount: Decimal) -> float:
        cap = self.budget.cap_usd
        return round(float(100 * amount / cap), 2) if cap else 0.0


def budget_page(project: Project) -> BudgetPage:
    """Return a budget with its figures; four queries, and those of the forecasters."""
    budget = Budget.objects.filter(project=project).first() or Budget(project=project)
    spent = _spent_by_day(project)
    by_purpose = {
        purpose: sum((a for (_day, who), a in spent.items() if who == purpose), ZERO)
        for purpose in ("human", "machine")
    }
    with connection.cursor() as db:
        db.execute(
            "SELECT COALESCE(sum(owed_usd), 0), count(*) FROM reservation"
            " WHERE project_id = %s AND owed_usd > 0",
            [project.pk],
        )
        owed, n_owed = db.fetchone()
    lines = answers_to_come(project, budget.price_usd) if budget.price_usd else []
    for forecaster in FORECASTERS:
        lines += forecaster(project)
    return BudgetPage(
        budget=budget,
        room=room_of(budget),
        by_purpose=by_purpose,
        owed_usd=owed,
        n_owed=n_owed,
        forecast=tuple(lines),
        days=_days(spent),
    )


def _spent_by_day(project: Project) -> dict[tuple[date, str], Decimal]:
    with connection.cursor() as db:
        db.execute(
            "SELECT day, purpose,"
            " sum(CASE kind WHEN 'commit' THEN amount_usd ELSE -amount_usd END)"
            " FROM ledger_entry WHERE project_id = %s AND kind IN ('commit', 'reverse')"
            " GROUP BY day, purpose",
            [project.pk],
        )
        return {(day, purpose): amount for day, purpose, amount in db.fetchall()}


def _days(spent: dict[tuple[date, str], Decimal]) -> tuple[Day, ...]:
    """Return the last days up to the newest with money spent, gaps filled."""
    if not spent:
        return ()
    last = max(day for day, _purpose in spent)
    days = [last - timedelta(days=n) for n in reversed(range(N_DAYS))]
    sums = [
        (day, spent.get((day, "human"), ZERO), spent.get((day, "machine"), ZERO))
        for day in days
    ]
    highest = max(human + machine for _day, human, machine in sums)
    return tuple(Day(day, human, machine, highest) for day, human, machine in sums)


def entries_of(project: Project) -> QuerySet[LedgerEntry]:
    """Return the entries of a project with their reservations, newest first."""
    found = LedgerEntry.objects.filter(project=project).select_related("reservation")
    return found.order_by("-id")
