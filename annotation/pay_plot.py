"""PURE: where the points of the plot of hourly pay lie, for the page and for a file.

One point per person, from the lowest pay to the highest, with the line of the floor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 16, 28
RADIUS_FEW, RADIUS_MANY, MANY = 4, 2, 150
STEPS = (Decimal(1), Decimal(2), Decimal(5))
N_TICKS = 5


@dataclass(frozen=True)
class Point:
    """A person's hourly pay; `is_below` the floor is a hollow mark."""

    x: float
    y: float
    hourly: Decimal
    is_below: bool


@dataclass(frozen=True)
class Tick:
    """A line of the axis with its amount."""

    y: float
    amount: Decimal


@dataclass(frozen=True)
class PayPlot:
    """Everything that is drawn, in units of the picture."""

    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]
    floor_y: float | None
    radius: int

    width = WIDTH
    height = HEIGHT
    left = LEFT
    right = WIDTH - RIGHT
    bottom = HEIGHT - BOTTOM


def pay_plot(hourly: Sequence[Decimal], floor: Decimal) -> PayPlot:
    """Place each pay per hour; the axis begins at 0 and holds the floor."""
    ordered = sorted(hourly)
    step = _step(max([*ordered, floor, Decimal(1)]))
    top = step * N_TICKS

    def height_of(amount: Decimal) -> float:
        room = HEIGHT - TOP - BOTTOM
        return round(TOP + room * (1 - float(amount / top)), 1)

    room = WIDTH - LEFT - RIGHT
    return PayPlot(
        points=tuple(
            Point(
                round(LEFT + room * (place + 0.5) / len(ordered), 1),
                height_of(amount),
                amount,
                amount < floor,
            )
            for place, amount in enumerate(ordered)
        ),
        ticks=tuple(Tick(height_of(step * n), step * n) for n in range(N_TICKS + 1)),
        floor_y=height_of(floor) if floor else None,
        radius=RADIUS_MANY if len(ordered) > MANY else RADIUS_FEW,
    )


def _step(highest: Decimal) -> Decimal:
    """Return the least of 1, 2, 5, 10 … of which N_TICKS reach the highest amount."""
    factor = Decimal("0.1")
    while True:
        for step in STEPS:
            if step * factor * N_TICKS >= highest:
                return step * factor
        factor *= 10
