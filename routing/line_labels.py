"""PURE: where the names of lines stand in a chart: on their lines, off all others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.pairs import Floats

# Width of a letter and height of a line of text, for a plot of 640 by 270 pixels, as a
# part of 100.
LETTER, HEIGHT = 6.9 / 6.4, 17 / 2.7
GAP = 1.4
N_SAMPLES = 201
STEP = 2.0
# Near both ends lines run together: a name there could be that of any of them.
EDGE = 8.0


@dataclass(frozen=True)
class Placed:
    """The left upper corner of a name, in percent of the plot."""

    left: float
    top: float


@dataclass(frozen=True)
class _Box:
    left: float
    right: float
    top: float
    bottom: float


def place_names(
    names: Sequence[str], lines: Sequence[Sequence[tuple[float, float]]]
) -> list[Placed]:
    """Return a place for each name, close to its own line.

    A name lies above or below its line where it covers least of the others, and no
    other name; the first names choose first.

    Parameters
    ----------
    lines : sequence of sequences of (x, y)
        By x, both in [0, 100], y from the top.
    """
    x = np.linspace(0, 100, N_SAMPLES)
    heights = np.array([np.interp(x, *np.array(line).T) for line in lines])
    taken: list[_Box] = []
    for place, name in enumerate(names):
        boxes = _boxes(x, heights[place], len(name) * LETTER)
        costs = [_cost(box, x, heights, place, taken) for box in boxes]
        taken.append(boxes[int(np.argmin(costs))])
    return [Placed(box.left, box.top) for box in taken]


def _boxes(x: Floats, y: Floats, width: float) -> list[_Box]:
    """Return where a name could stand: over and under its line, from left to right."""
    found = []
    for left in np.arange(EDGE, max(100 - width - EDGE, EDGE + STEP), STEP):
        under = y[(x >= left) & (x <= left + width)]
        top, bottom = float(under.min()) - GAP, float(under.max()) + GAP
        right = float(left) + width
        found.append(_Box(float(left), right, top - HEIGHT, top))
        found.append(_Box(float(left), right, bottom, bottom + HEIGHT))
    return found


def _cost(
    box: _Box, x: Floats, heights: Floats, place: int, taken: Sequence[_Box]
) -> float:
    """Return how bad a place is: what it covers, and how far from its line it is.

    Worse still is a place to which another line is nearer.
    """
    inside = (x >= box.left) & (x <= box.right)
    some = heights[:, inside]
    covered = (some > box.top - GAP / 2) & (some < box.bottom + GAP / 2)
    middle = (box.top + box.bottom) / 2
    apart = np.abs(some - middle).mean(axis=1)
    far = float(apart[place])
    is_nearer = float((apart < far).sum())
    overlaps = sum(
        box.left < one.right
        and box.right > one.left
        and box.top < one.bottom
        and box.bottom > one.top
        for one in taken
    )
    is_outside = box.top < 0 or box.bottom > 100
    hidden = 3.0 * float(covered.sum())
    return far + hidden + 8.0 * is_nearer + 1e4 * (overlaps + is_outside)
