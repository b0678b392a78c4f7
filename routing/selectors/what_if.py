"""What each size of budget is expected to buy, from the figures of a fit; no query.

Shares are in [0, 1]; where a figure is not there, what needs it is left out.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.money import shown
from annotation.words import gettext as _
from annotation.words import ngettext
from routing.budget_prices import has_price, usd_of

MINUS = "\N{MINUS SIGN}"
# Steps of the axis, in points; the first that needs at most so many lines is taken.
STEPS = (1, 2, 5, 10, 20, 25)
MOST_LINES = 5
TABLE_EVERY = 2
BETTER, WORSE, UNDECIDED = "better", "worse", "undecided"


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of shares, with its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """Return the share in percent."""
        return f"{100 * self.mean:.1f}%"

    @property
    def ends(self) -> str:
        """Return the interval in percent, without signs."""
        return _ends(self, "{:.1f}")

    @property
    def points(self) -> str:
        """Return a difference in points, with its sign."""
        return _signed(self.mean)

    @property
    def points_ends(self) -> str:
        """Return the interval of a difference, with signs."""
        return _ends(self, "{:+.1f}")


def _ends(found: Estimate, form: str) -> str:
    low, high = (form.format(100 * end) for end in (found.low, found.high))
    text = _("{low} to {high}").format(low=low, high=high)
    return text.replace("-", MINUS)


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", MINUS)


@dataclass(frozen=True)
class Point:
    """A size of budget: a share of the items that are open, so many, so much money.

    `cost` is empty where a label has no price.
    """

    share: float
    n_items: int
    cost: str
    chosen: Estimate
    random: Estimate
    gain: Estimate

    @property
    def percent(self) -> str:
        """Return the share as it is shown."""
        return f"{100 * self.share:.3g}%"

    @property
    def verdict(self) -> str:
        """Tell whether the gain can be told from none."""
        if self.gain.low > 0:
            return BETTER
        return WORSE if self.gain.high < 0 else UNDECIDED


@dataclass(frozen=True)
class Tick:
    """A line of an axis: its words, and where it lies in percent."""

    at: float
    words: str


@dataclass(frozen=True)
class Curve:
    """The curve, drawn by the server into 100 by 100, and the point looked at.

    `bands` and `lines`: SVG paths of the strategy and of random. `top`: how far below
    the upper edge the strategy is at that point, in percent.
    """

    points: list[Point]
    shown: Point
    title: str
    verdict: str
    by_random: str
    bands: tuple[str, str]
    lines: tuple[str, str]
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    top: float

    @property
    def step(self) -> float:
        """Return how far apart the lines of the axis are, in percent of its height."""
        return 100 / max(len(self.y_ticks) - 1, 1)

    @property
    def at(self) -> float:
        """Return where the point looked at lies, in percent."""
        return 100 * self.shown.share

    @property
    def rows(self) -> list[Point]:
        """Return the points of the table, which tells every second one."""
        return self.points[::TABLE_EVERY]


def curve_of(figures: Mapping[str, Any], share: float | None = None) -> Curve | None:
    """Return the curve of a fit; None where there were too few labels for one.

    `share`: the size looked at, else the one that the policy has.
    """
    raw = figures.get("curve") or []
    if len(raw) < TABLE_EVERY:
        return None
    points = [_point(one, figures) for one in raw]
    here = figures.get("here")
    looked = _point(here, figures) if here else points[-1]
    if share is not None:
        looked = min(points, key=lambda one: abs(one.share - share))
    low, high, step = _range(points)

    def height(value: float) -> float:
        return 100 * (high - 100 * value) / (high - low)

    return Curve(
        points,
        looked,
        _title(looked),
        looked.verdict,
        _by_random(points, looked, figures),
        (
            _band(points, lambda one: one.chosen, height),
            _band(points, lambda one: one.random, height),
        ),
        (
            _line(points, lambda one: one.chosen, height),
            _line(points, lambda one: one.random, height),
        ),
        [
            Tick(100 * (at - low) / (high - low), f"{at}%")
            for at in range(low, high + 1, step)
        ],
        [_x_tick(one) for one in points[:: max(len(points) // 4, 1)]],
        height(looked.chosen.mean),
    )


def _point(
    raw: Mapping[str, Any], figures: Mapping[str, Any], *, is_by_lot: bool = False
) -> Point:
    share = float(raw["budget"])
    n_items = round(share * int(figures["n_open"]))
    usd = usd_of(figures, n_items, is_by_lot=is_by_lot)
    return Point(
        share,
        n_items,
        shown(usd) if has_price(figures) else "",
        *(Estimate(**raw[name]) for name in ("chosen", "random", "gain")),
    )


def _range(points: Sequence[Point]) -> tuple[int, int, int]:
    """Return the lowest and the highest percent of the axis, and its step."""
    ends = [one for point in points for one in (point.chosen, point.random)]
    least = 100 * min(one.low for one in ends)
    most = 100 * max(one.high for one in ends)
    for step in STEPS:
        low = int(least // step) * step
        high = min(-int(-most // step) * step, 100)
        if high - low <= step * MOST_LINES:
            break
    return low, max(high, low + step), step


Of = Callable[[Point], Estimate]
Height = Callable[[float], float]


def _line(points: Sequence[Point], of: Of, height: Height) -> str:
    ends = ((100 * one.share, height(of(one).mean)) for one in points)
    return "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in ends)


def _band(points: Sequence[Point], of: Of, height: Height) -> str:
    there = [(100 * one.share, height(of(one).high)) for one in points]
    back = [(100 * one.share, height(of(one).low)) for one in reversed(points)]
    return "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in there + back) + "Z"


def _x_tick(point: Point) -> Tick:
    words = point.cost.removesuffix(".00") or f"{point.n_items:,}"
    return Tick(100 * point.share, words)


def _title(point: Point) -> str:
    if point.verdict == UNDECIDED:
        return _("Not distinguishable from random at this budget")
    gain = f"{abs(100 * point.gain.mean):.1f}"
    if point.verdict == BETTER:
        text = _("{gain} points more right labels than by random choice")
    else:
        text = _("{gain} points fewer right labels than by random choice")
    return text.format(gain=gain)


def _by_random(
    points: Sequence[Point], point: Point, figures: Mapping[str, Any]
) -> str:
    """Say what random choice would need for the same; empty where it is not known.

    What random choice reaches grows evenly from no label to all of them.
    """
    begin = points[0].random.mean
    if point.verdict != BETTER or begin >= 1:
        return ""
    share = (point.chosen.mean - begin) / (1 - begin)
    like = _point({"budget": share, **_bare(point)}, figures, is_by_lot=True)
    if like.cost:
        text = _("To reach the same by random choice you would spend about {usd}.")
        return text.format(usd=like.cost)
    return ngettext(
        "To reach the same by random choice people would label about {n:,} item.",
        "To reach the same by random choice people would label about {n:,} items.",
        like.n_items,
    ).format(n=like.n_items)


def _bare(point: Point) -> dict[str, Any]:
    names = ("chosen", "random", "gain")
    return {name: vars(getattr(point, name)) for name in names}


def curve_csv(figures: Mapping[str, Any]) -> str:
    """Return every point of the curve as CSV, a line each."""
    out = io.StringIO()
    writer = csv.writer(out)
    estimates = ("chosen", "random", "gain")
    ends = [f"{name}{end}" for name in estimates for end in ("", "_low", "_high")]
    writer.writerow(["budget_fraction", "budget_items", *ends])
    for raw in figures.get("curve") or []:
        n_items = round(float(raw["budget"]) * int(figures["n_open"]))
        told = [raw[one][end] for one in estimates for end in ("mean", "low", "high")]
        writer.writerow([raw["budget"], n_items, *told])
    return out.getvalue()
