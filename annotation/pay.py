"""PURE: what a participant is owed, per hour, against the floor that a study promises.

Money is Decimal in the study's currency; times are in seconds. The rule of thumb is
PRISM's: the pay follows from the median time, and a median below the floor is topped up
for everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from statistics import median

CENT = Decimal("0.01")
ZERO = Decimal(0)
HOUR_S = 3600
# Less work than this is no base for a pay per hour.
SHORTEST_S = 1.0
FIXED, PER_ITEM = "fixed", "per_item"
NO_TOP_UP, TOP_UP_MEDIAN, TOP_UP_EACH = "none", "median", "each"
COMPLETED, SCREENED_OUT, WORKING = "completed", "screened_out", "working"
REJECTED = "rejected"


@dataclass(frozen=True)
class PayRule:
    """How a study pays. `n_wanted` is 0 where it wants no certain number of items.

    `is_partial`: people who were timed out, returned or withdrew are paid for what
    they did: by item, or their share of the fixed amount.
    """

    kind: str
    amount: Decimal
    screen_out: Decimal
    is_partial: bool
    n_wanted: int
    floor: Decimal
    top_up: str


@dataclass(frozen=True)
class Work:
    """What a participant did: the state of the enrolment, items, and the time.

    `n_items`: answers that are data. `n_checks`: of checks and repeats, which is work
    as well.
    """

    state: str
    provider_status: str
    n_items: int
    seconds: float
    n_checks: int = 0

    @property
    def n_done(self) -> int:
        """Return all items that were answered, data or not."""
        return self.n_items + self.n_checks


@dataclass(frozen=True)
class Pay:
    """What a participant is owed. `hourly` is empty without time or pay to judge by.

    `to_floor` lifts this person alone to the floor; `bonus` is what the rule adds.
    """

    amount: Decimal
    bonus: Decimal
    hourly: Decimal | None
    to_floor: Decimal

    @property
    def total(self) -> Decimal:
        """Return amount and bonus together."""
        return self.amount + self.bonus

    @property
    def is_below(self) -> bool:
        """Tell whether the amount alone stays below the floor."""
        return self.to_floor > 0


@dataclass(frozen=True)
class PayTable:
    """Everybody's pay, in the order asked for, and the median of the completed.

    `median_top_up` lifts the median pay per hour to the floor.
    """

    pays: tuple[Pay, ...]
    n_completed: int
    median_seconds: float | None
    median_hourly: Decimal | None
    median_top_up: Decimal


def base_pay(rule: PayRule, work: Work) -> Decimal:
    """Return what the rule gives before any top-up."""
    if work.provider_status == REJECTED:
        return ZERO
    by_item = rule.amount * work.n_done if rule.kind == PER_ITEM else ZERO
    if work.state == COMPLETED:
        return _cents(by_item if rule.kind == PER_ITEM else rule.amount)
    if work.state == SCREENED_OUT:
        return _cents(rule.screen_out + by_item)
    if work.state == WORKING:
        return _cents(by_item)
    if not rule.is_partial:
        return ZERO
    if rule.kind == FIXED and rule.n_wanted:
        # Checks come on top of the wanted items, so they count on both sides.
        whole = rule.n_wanted + work.n_checks
        share = Decimal(min(work.n_done, whole)) / whole
        return _cents(rule.amount * share)
    return _cents(by_item)


def pay_table(rule: PayRule, works: Sequence[Work]) -> PayTable:
    """Return everybody's pay with the top-up that the rule asks for."""
    amounts = [base_pay(rule, work) for work in works]
    done = [
        (work.seconds, amount)
        for work, amount in zip(works, amounts, strict=True)
        if _counts(work) and work.seconds >= SHORTEST_S
    ]
    middle_s = median(seconds for seconds, _ in done) if done else None
    rates = [_hourly(amount, seconds) for seconds, amount in done]
    middle_rate = median(rates) if rates else None
    lift = _median_top_up(rule.floor, done)
    return PayTable(
        pays=tuple(
            _pay(rule, work, amount, lift)
            for work, amount in zip(works, amounts, strict=True)
        ),
        n_completed=sum(map(_counts, works)),
        median_seconds=middle_s,
        median_hourly=None if middle_rate is None else _cents(middle_rate),
        median_top_up=lift,
    )


def _counts(work: Work) -> bool:
    return work.state == COMPLETED and work.provider_status != REJECTED


def _pay(rule: PayRule, work: Work, amount: Decimal, lift: Decimal) -> Pay:
    is_timed = work.seconds >= SHORTEST_S
    hourly = _cents(_hourly(amount, work.seconds)) if is_timed and amount else None
    to_floor = _to_floor(rule.floor, work.seconds, amount) if _counts(work) else ZERO
    bonus = ZERO
    if _counts(work) and rule.top_up == TOP_UP_MEDIAN:
        bonus = lift
    elif _counts(work) and rule.top_up == TOP_UP_EACH:
        bonus = to_floor
    return Pay(amount, bonus, hourly, to_floor)


def _median_top_up(floor: Decimal, done: Sequence[tuple[float, Decimal]]) -> Decimal:
    """Return the least equal bonus with which the median pay per hour is the floor.

    The median of (pay + bonus) / time grows with the bonus; the bonus that lifts it is
    among those that lift one person, or between two of them where their number is even.
    """
    if not floor or not done:
        return ZERO
    low, high = ZERO, max(_to_floor(floor, seconds, pay) for seconds, pay in done)
    if median(_hourly(pay, seconds) for seconds, pay in done) >= floor:
        return ZERO
    while high - low > CENT:
        middle = ((low + high) / 2).quantize(CENT, ROUND_UP)
        rate = median(_hourly(pay + middle, seconds) for seconds, pay in done)
        if rate >= floor:
            if middle == high:
                break
            high = middle
        else:
            low = middle
    return high


def _to_floor(floor: Decimal, seconds: float, amount: Decimal) -> Decimal:
    owed = floor * Decimal(seconds) / HOUR_S
    return max(ZERO, owed - amount).quantize(CENT, ROUND_UP)


def _hourly(amount: Decimal, seconds: float) -> Decimal:
    return amount * HOUR_S / Decimal(seconds)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
