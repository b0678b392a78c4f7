"""PURE: how far a page's own measure of time is believed.

The browser counts; the server's clock bounds. No claim exceeds the wall time since the
item was lent, and the parts never exceed their whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_MS = 24 * 3600 * 1000
MAX_PLACES = 50


@dataclass(frozen=True)
class Measured:
    """Times in milliseconds; `reading_ms` by completion in canonical order."""

    active_ms: int | None
    reading_ms: list[int] | None


def bounded(
    active_ms: float | None,
    reading_ms: Sequence[float] | None,
    order: Sequence[int],
    wall_ms: float,
) -> Measured:
    """Return what is believed of the times that a page has measured.

    `reading_ms[k]` belongs to the completion shown at place k; `order[k]` is its
    canonical index. More active time than `wall_ms` is cut to it, and reading times
    that add up to more than the active time are scaled to it. Reading times that do
    not fit the order, or come without active time, are dropped.
    """
    active = None if active_ms is None else clipped(min(active_ms, wall_ms))
    if active is None or reading_ms is None or len(reading_ms) != len(order):
        return Measured(active, None)
    times = [max(value, 0.0) for value in reading_ms]
    total = sum(times)
    share = min(1.0, active / total) if total else 1.0
    canonical = [0] * len(order)
    for index, value in zip(order, times, strict=True):
        canonical[index] = int(value * share)
    return Measured(active, canonical)


def clipped(value: float) -> int:
    """Return whole milliseconds from 0 to a day."""
    return min(max(int(value), 0), MAX_MS)


def presented(
    reading_ms: Sequence[int] | None, order: Sequence[int]
) -> list[int] | None:
    """Return reading times in the order of places, the inverse of `bounded`."""
    if reading_ms is None or len(reading_ms) != len(order):
        return None
    return [reading_ms[index] for index in order]
