"""What each size of budget is expected to buy, from the figures of a fit; no query.

Shares are in [0, 1]; where a figure is not there, what needs it is left out.
"""

import csv
import io
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from annotation.money import shown
from annotation.words import gettext as _
from annotation.words import gettext_noop, ngettext
from routing.models import RoutingPolicy
from routing.selectors.budget import CENT, Size
from routing.selectors.estimates import (
    BETTER,
    NOTHING,
    UNDECIDED,
    Estimate,
    Point,
    point_at,
    read_points,
)

RANDOM, ORACLE = "random", "oracle"
LEAST_POINTS = 2
# Beside the chosen strategy and random, in the order of the page.
BESIDE = (
    "default",
    "disagreement",
    "confidence",
    "contradiction",
    "top_k",
    "paper",
    "oracle",
    "all_human",
    "all_ai",
)
WORDS = {
    "paper": gettext_noop("As in the paper"),
    "oracle": gettext_noop("Oracle: knows every error"),
    "all_human": gettext_noop("People label all"),
    "all_ai": gettext_noop("The AI labels all"),
}
# More than so many times the labels there are is no advice.
MOST_TIMES = 20
_ENDS = ("", "_low", "_high")
_KEYS = ("mean", "low", "high")


@dataclass(frozen=True)
class Line:
    """A strategy in the chart; without points where `reason` says what it lacks.

    `look`: how it is drawn: main, base, or its name. `at`: what it buys for the size
    looked at.
    """

    name: str
    look: str
    words: str
    points: list[Point]
    at: Point | None
    is_shown: bool
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """A budget in the table of numbers: right labels by strategy, and the gain."""

    size: Size
    right: list[tuple[str, Estimate]]
    gain: Estimate


@dataclass(frozen=True)
class WhatIf:
    """What a size of budget is expected to buy, beside random and all else.

    `random`: its share of right labels; `title` is the finding, `by_random` what random
    choice would need for the same, and `n_to_tell` how many labels of the seed would
    tell a difference as large as this from none; empty and None where they say nothing.
    """

    size: Size
    chosen: Line
    random: Line
    beside: list[Line]
    verdict: str
    title: str
    by_random: str
    n_to_tell: int | None

    @property
    def point(self) -> Point:
        """Return what the chosen strategy buys."""
        return self.chosen.at or self.chosen.points[-1]

    @property
    def lines(self) -> list[Line]:
        """Return the lines that are drawn, the least important first."""
        return [*reversed(self.drawn), self.random, self.chosen]

    @property
    def table(self) -> list[Line]:
        """Return the lines of the table, the chosen one first."""
        return [self.chosen, self.random, *self.beside]

    @property
    def rows(self) -> list[Row]:
        """Return what some budgets buy: a tenth more each, and the one looked at."""
        sizes = {self.size.n_items: self.size}
        for tenth in range(11):
            size = self.size.pool.size(round(tenth * self.size.pool.n_items / 10))
            sizes.setdefault(size.n_items, size)
        return [self._row(sizes[n]) for n in sorted(sizes)]

    def _row(self, size: Size) -> Row:
        columns = [self.chosen, self.random, *self.drawn]
        return Row(
            size,
            [(one.words, point_at(one.points, size.share).right) for one in columns],
            point_at(self.chosen.points, size.share).gain,
        )

    @property
    def drawn(self) -> list[Line]:
        """Return the lines beside the chosen one and random that are drawn."""
        return [one for one in self.beside if one.is_shown and one.points]


def what_if(
    figures: Mapping[str, Any], size: Size, shown: Collection[str] = (ORACLE,)
) -> WhatIf | None:
    """Return what a size buys; None where there were too few labels for a curve.

    `shown`: the strategies beside the chosen one that are drawn.
    """
    raw = figures.get("curve") or []
    if len(raw) < LEAST_POINTS:
        return None
    here, share = figures.get("here"), size.share
    points = read_points(raw, here, "chosen")
    by_lot = [
        Point(one.share, one.right, Estimate(0.0, 0.0, 0.0))
        for one in read_points(raw, here, RANDOM)
    ]
    name = str(figures.get("strategy", ""))
    at = point_at(points, share)
    random = Line(
        RANDOM, "base", _("Random choice"), by_lot, point_at(by_lot, share), True
    )
    verdict = NOTHING if size.is_whole else at.gain.verdict
    return WhatIf(
        size,
        Line(name, "main", strategy_words(name), points, at, True),
        random,
        _beside(figures, name, share, shown),
        verdict,
        _title(verdict, at.gain),
        _by_random(verdict, at, by_lot[0], size),
        _n_to_tell(verdict, at.gain, n_measured(figures)),
    )


def n_measured(figures: Mapping[str, Any]) -> int:
    """Return the labels of the seed that measure the curve: all but the audit's."""
    audit = figures.get("audit") or {}
    n_audit = figures.get("n_audit", audit.get("n", 0))
    return max(int(figures["n_seed"]) - int(n_audit), 0)


def strategy_words(name: str) -> str:
    """Return a strategy in words."""
    if name in WORDS:
        return _(WORDS[name])
    return str(dict(RoutingPolicy.Strategy.choices).get(name, name))


def _beside(
    figures: Mapping[str, Any], chosen: str, share: float, shown: Collection[str]
) -> list[Line]:
    kept = figures.get("baselines") or {}
    found = []
    for name in BESIDE:
        one = kept.get(name)
        if one is None or name == chosen:
            continue
        words, is_shown = strategy_words(name), name in shown
        if not one.get("curve"):
            found.append(Line(name, name, words, [], None, False, str(one["reason"])))
            continue
        points = read_points(one["curve"], one["here"], "label_accuracy")
        found.append(Line(name, name, words, points, point_at(points, share), is_shown))
    return found


def _title(verdict: str, found: Estimate) -> str:
    if verdict == NOTHING:
        return _("All items go the same way: there is nothing to choose")
    if verdict == UNDECIDED:
        return _("Not distinguishable from random at this budget")
    gain = f"{abs(100 * found.mean):.1f}"
    if verdict == BETTER:
        text = _("{gain} points more right labels than by random choice")
    else:
        text = _("{gain} points fewer right labels than by random choice")
    return text.format(gain=gain)


def _by_random(verdict: str, at: Point, begin: Point, size: Size) -> str:
    """Say what random choice would need for the same; empty where it is not known.

    What random choice reaches grows evenly from no label to all of them.
    """
    if verdict != BETTER or begin.right.mean >= 1:
        return ""
    share = (at.right.mean - begin.right.mean) / (1 - begin.right.mean)
    like = size.pool.size(round(share * size.pool.n_items))
    if size.pool.is_priced:
        usd = shown(size.pool.usd_by_lot(like.n_items).quantize(CENT))
        text = _("To reach the same by random choice you would spend about {usd}.")
        return text.format(usd=usd)
    return ngettext(
        "To reach the same by random choice people would label about {n:,} item.",
        "To reach the same by random choice people would label about {n:,} items.",
        like.n_items,
    ).format(n=like.n_items)


def _n_to_tell(verdict: str, gain: Estimate, n: int) -> int | None:
    """Return how many labels would tell such a gain, in steps of 50.

    The interval narrows with the root of the labels.
    """
    if verdict != UNDECIDED or gain.mean <= 0:
        return None
    times = ((gain.mean - gain.low) / gain.mean) ** 2
    return math.ceil(n * times / 50) * 50 if times <= MOST_TIMES else None


def curve_csv(figures: Mapping[str, Any]) -> str:
    """Return every point of every strategy as CSV, a line for each budget.

    Columns of a strategy beside the chosen one begin with its name; they are empty
    where it was not judged at that budget.
    """
    raw = [*(figures.get("curve") or [])]
    kept = figures.get("baselines") or {}
    beside = {
        name: {float(one["budget"]): one for one in kept[name]["curve"]}
        for name in BESIDE
        if (kept.get(name) or {}).get("curve")
    }
    out = io.StringIO()
    writer = csv.writer(out)
    estimates = ("chosen", "random", "gain")
    more = [f"{name}{end}" for name in beside for end in ("", "_gain")]
    columns = [f"{one}{end}" for one in (*estimates, *more) for end in _ENDS]
    writer.writerow(["budget_fraction", "budget_items", *columns])
    for one in raw:
        share = float(one["budget"])
        told = [one[name][end] for name in estimates for end in _KEYS]
        for points in beside.values():
            other = points.get(share, {})
            told += [
                other.get(name, {}).get(end, "")
                for name in ("label_accuracy", "gain")
                for end in _KEYS
            ]
        writer.writerow([share, round(share * int(figures["n_open"])), *told])
    return out.getvalue()
