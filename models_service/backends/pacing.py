"""PURE: how fast one endpoint is asked, and how long a call waits before its next try.

One `Pace` is shared by all calls of an endpoint, so that a 429 to one slows all.
Times are seconds of a clock that the caller gives; a test gives one of its own.
"""

import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan
from time import monotonic, time

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
# After a 429 calls start apart from one another; every reply brings them closer.
FIRST_GAP_S = 0.02
LONGEST_GAP_S = 10.0
CLOSER = 0.9


@dataclass(frozen=True)
class Clock:
    """The time, and waiting for it. `wall` is seconds since 1970, for dates."""

    now: Callable[[], float] = monotonic
    wall: Callable[[], float] = time
    sleep: Callable[[float], Awaitable[None]] = sleep


class Pace:
    """When the next call may start: calls a minute, and the pause after a 429.

    Calls a minute are spread evenly, a bucket that holds one token, since a burst is
    what servers answer with 429.
    """

    def __init__(self, requests_per_minute: int | None, clock: Clock) -> None:
        self.clock = clock
        self.least_gap_s = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self.gap_s = self.least_gap_s
        self._next_at = 0.0
        self._paused_until = 0.0

    async def wait(self) -> None:
        """Return when this call may start."""
        while True:
            at = max(self.clock.now(), self._next_at)
            self._next_at = at + self.gap_s
            if (left := at - self.clock.now()) > 0:
                await self.clock.sleep(left)
            # Somebody may have been told to wait while this call did.
            if self.clock.now() >= self._paused_until:
                return

    def slow_down(self, wait_s: float) -> None:
        """Start nothing for so long, and then with twice the gap, once in a pause."""
        now = self.clock.now()
        if now >= self._paused_until:
            self.gap_s = min(LONGEST_GAP_S, max(2 * self.gap_s, FIRST_GAP_S))
        self._paused_until = max(self._paused_until, now + wait_s)
        self._next_at = max(self._next_at, self._paused_until)

    def speed_up(self) -> None:
        """Note a reply: calls come closer again, down to what is allowed."""
        if self.gap_s > self.least_gap_s:
            closer = self.gap_s * CLOSER
            is_over = closer < FIRST_GAP_S / 4
            self.gap_s = max(self.least_gap_s, 0.0 if is_over else closer)


def wait_before(n_failed: int, rng: random.Random) -> float:
    """Return the seconds before the next try: doubled each time, half of it drawn."""
    whole = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** max(0, n_failed - 1))
    return whole * (0.5 + 0.5 * rng.random())


def read_retry_after(value: str, clock: Clock) -> float | None:
    """Return the seconds that Retry-After asks for, at most LONGEST_WAIT_S.

    Seconds, with a fraction too, or a date of HTTP; None where it is neither.
    """
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (aware - datetime.fromtimestamp(clock.wall(), UTC)).total_seconds()
    if isnan(seconds):
        return None
    return min(LONGEST_WAIT_S, max(0.0, seconds))
