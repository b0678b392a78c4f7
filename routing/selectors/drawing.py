"""The curve drawn by the server into 100 by 100, for the page and for the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from routing.line_labels import place_names
from routing.selectors.budget import Pool
from routing.selectors.estimates import Point
from routing.selectors.what_if import Line, WhatIf

# Steps of the axis, in points; the first that needs at most so many lines is taken.
STEPS = (1, 2, 5, 10, 20, 25)
MOST_LINES = 5
N_X_TICKS = 4
# Lines that have their interval as a band.
BANDED = 2
Height = Callable[[float], float]


@dataclass(frozen=True)
class Tick:
    """A line of an axis: its words, and where it lies in percent."""

    at: float
    words: str


@dataclass(frozen=True)
class Stroke:
    """A line as it is drawn, with its name where it has room.

    `look`: as of the line; `path`, `band`: SVG paths; `left`, `top`: where the name
    stands, in percent.
    """

    look: str
    words: str
    path: str
    band: str
    left: float
    top: float


@dataclass(frozen=True)
class Drawing:
    """The strokes, the least important first; `at` and `top`: the point looked at.

    `low`, `high`: the ends of the axis of right labels, in percent.
    """

    strokes: list[Stroke]
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    at: float
    top: float
    low: int
    high: int

    @property
    def step(self) -> float:
        """Return how far apart the lines of the axis are, in percent of its height."""
        return 100 / max(len(self.y_ticks) - 1, 1)


def draw(found: WhatIf) -> Drawing:
    """Draw what a size of budget buys."""
    lines = found.lines
    low, high, step = _range(lines)

    def height(value: float) -> float:
        return 100 * (high - 100 * value) / (high - low)

    # The most important line chooses first where its name stands.
    order = lines[::-1]
    ends = [[_at(one, height) for one in line.points] for line in order]
    places = place_names([line.words for line in order], ends)
    strokes = [
        _stroke(line, place.left, place.top, height, has_band=number < BANDED)
        for number, (line, place) in enumerate(zip(order, places, strict=True))
    ]
    return Drawing(
        strokes[::-1],
        [
            Tick(100 * (at - low) / (high - low), f"{at}%")
            for at in range(low, high + 1, step)
        ],
        _x_ticks(found.size.pool),
        100 * found.size.share,
        height(found.point.right.mean),
        low,
        high,
    )


def _stroke(
    line: Line, left: float, top: float, height: Height, *, has_band: bool
) -> Stroke:
    path = _path([_at(one, height) for one in line.points])
    band = _band(line.points, height) if has_band else ""
    return Stroke(line.look, line.words, path, band, left, top)


def _range(lines: Sequence[Line]) -> tuple[int, int, int]:
    """Return the lowest and the highest percent of the axis, and its step."""
    banded = [one.right for line in lines[-BANDED:] for one in line.points]
    alone = [one.right.mean for line in lines for one in line.points]
    least = 100 * min([*(one.low for one in banded), *alone])
    most = 100 * max([*(one.high for one in banded), *alone])
    for step in STEPS:
        low = int(least // step) * step
        high = min(-int(-most // step) * step, 100)
        if high - low <= step * MOST_LINES:
            break
    return low, max(high, low + step), step


def _at(point: Point, height: Height) -> tuple[float, float]:
    return 100 * point.share, height(point.right.mean)


def _path(ends: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in ends)


def _band(points: Sequence[Point], height: Height) -> str:
    there = [(100 * one.share, height(one.right.high)) for one in points]
    back = [(100 * one.share, height(one.right.low)) for one in reversed(points)]
    return f"{_path(there + back)}Z"


def _x_ticks(pool: Pool) -> list[Tick]:
    counts = {round(n * pool.n_items / N_X_TICKS) for n in range(N_X_TICKS + 1)}
    sizes = [pool.size(n) for n in sorted(counts)]
    return [
        Tick(100 * size.share, size.usd.removesuffix(".00") or f"{size.n_items:,}")
        for size in sizes
    ]
