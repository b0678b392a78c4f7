"""Figures of how numbers spread: the time an item takes, and the pull of a place."""

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from annotation.charts.style import (
    AI,
    HUMAN,
    PALETTES,
    Row,
    Theme,
    count_axis,
    inline,
    to_svg,
)
from annotation.words import gettext as _

if TYPE_CHECKING:
    import altair as alt

# Widths that people read at a glance, in seconds; the last covers anything.
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MAX_BINS = 24


@dataclass(frozen=True)
class FirstShare:
    """How often the completion shown first won, in [0, 1], with its interval."""

    name: str
    share: float
    low: float
    high: float
    n_decided: int
    is_machine: bool


@dataclass(frozen=True)
class Bin:
    """A bar of a histogram in seconds; an open one has no upper end."""

    start: float
    end: float
    n: int
    is_open: bool = False


def time_per_item(
    seconds: Sequence[float], *, title: str, theme: Theme = "light"
) -> str:
    """Draw a histogram of times with a line at their median.

    The last bar, marked "longer", holds the few that would flatten the others.
    """
    import altair as alt

    palette = PALETTES[theme]
    bins = bins_of(seconds)
    end = bins[-1].end if bins else 1.0
    highest = max((b.n for b in bins), default=1)
    values: list[Row] = [{"from": b.start, "to": b.end, "n": b.n} for b in bins]
    bars = (
        alt.Chart(inline(values))
        .mark_bar(color=palette.human_fill, binSpacing=1)
        .encode(
            x=alt.X(
                "from:Q",
                bin="binned",
                scale=alt.Scale(domain=[0, end], nice=False),
                title=_("Time per item"),
                axis=_time_axis(bins),
            ),
            x2="to:Q",
            y=alt.Y("n:Q", title=_("Answers"), axis=count_axis(highest)),
        )
    )
    layers = [bars]
    if seconds:
        middle = median(seconds)
        is_late = middle > end / 2
        mark = alt.Chart(
            inline(
                [
                    {
                        "from": min(middle, end),
                        "text": _("Median {words_of}").format(
                            words_of=words_of(middle)
                        ),
                    }
                ]
            )
        )
        layers += [
            mark.mark_rule(color=palette.ink, strokeWidth=2).encode(x="from:Q"),
            mark.mark_text(
                align="right" if is_late else "left",
                baseline="bottom",
                dx=-5 if is_late else 5,
            ).encode(x="from:Q", y=alt.value(0), text="text:N"),
        ]
    return to_svg(alt.layer(*layers), title=title, height=240, theme=theme)


def bins_of(seconds: Sequence[float]) -> list[Bin]:
    """Return at most MAX_BINS bars of equal width, and one for what is longer.

    The bars reach to where 95 of 100 times have ended.
    """
    if not seconds:
        return []
    ordered = sorted(seconds)
    reach = ordered[math.ceil((len(ordered) - 1) * 0.95)]
    n_wanted = min(MAX_BINS, max(6, 2 * math.ceil(math.sqrt(len(ordered)))))
    step = next(
        (step for step in STEPS_S if reach <= step * n_wanted),
        STEPS_S[-1] * math.ceil(reach / (STEPS_S[-1] * n_wanted)),
    )
    n_bins = max(1, math.ceil(reach / step))
    edges = [step * index for index in range(n_bins + 1)]
    # A time that lies on an edge belongs to the bar before it.
    n_until = [bisect_right(ordered, edge) for edge in edges]
    n_until[0] = 0
    bins = [
        Bin(start, end, after - before)
        for (start, end), (before, after) in zip(
            pairwise(edges), pairwise(n_until), strict=True
        )
    ]
    n_longer = len(ordered) - n_until[-1]
    if n_longer:
        bins.append(Bin(edges[-1], edges[-1] + step, n_longer, is_open=True))
    return bins


def words_of(seconds: float) -> str:
    """Return a time as people say it: 45 s, 2 min 5 s, 1 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return (
            _("{minutes} min {rest} s").format(minutes=minutes, rest=rest)
            if rest
            else _("{minutes} min").format(minutes=minutes)
        )
    hours, rest = divmod(whole // 60, 60)
    return (
        _("{hours} h {rest} min").format(hours=hours, rest=rest)
        if rest
        else f"{hours} h"
    )


def _time_axis(bins: Sequence[Bin]) -> "alt.Axis":
    """Label every bar's end that there is room for; the open one says "longer"."""
    import altair as alt

    edges = [0.0] + [b.end for b in bins]
    every = math.ceil(len(edges) / 9)
    shown = edges[::every]
    words = {edge: words_of(edge) for edge in shown}
    if bins and bins[-1].is_open:
        # Its neighbour would run into it.
        words = {edge: word for edge, word in words.items() if edge < bins[-1].start}
        words[bins[-1].end] = "longer"
    cases = json.dumps({f"{edge:g}": word for edge, word in words.items()})
    return alt.Axis(
        values=list(words), labelExpr=f"({cases})[toString(datum.value)]", grid=False
    )


def position_bias(
    rows: Sequence[FirstShare], *, title: str, theme: Theme = "light"
) -> str:
    """Draw each share with its interval beside the line of no pull at one half.

    People are filled discs with a solid line, machines hollow diamonds with a dashed
    one, so that they stay apart without colour.
    """
    import altair as alt

    palette = PALETTES[theme]
    values: list[Row] = [
        {
            "name": f"{row.name} ({row.n_decided:,})",
            "share": row.share,
            "low": row.low,
            "high": row.high,
            "who": AI if row.is_machine else HUMAN,
        }
        for row in rows
    ]
    base = alt.Chart(inline(values)).encode(
        y=alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=260, domain=False, grid=False),
        )
    )
    x = alt.X(
        "share:Q",
        title=_("Share won by the completion shown first"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    layers = [
        alt.Chart(inline([{"share": 0.5}]))
        .mark_rule(color=palette.ink_3, strokeDash=[4, 3])
        .encode(x=x)
    ]
    for who, color, shape in (
        (HUMAN, palette.human_fill, "circle"),
        (AI, palette.ai, "diamond"),
    ):
        some = base.transform_filter(f"datum.who == '{who}'")
        dash = [1, 0] if who == HUMAN else [5, 3]
        line = some.mark_rule(color=color, strokeWidth=2, strokeDash=dash)
        point = some.mark_point(
            shape=shape,
            size=110,
            stroke=color,
            strokeWidth=2,
            fill=color if who == HUMAN else palette.surface,
            fillOpacity=1,
        )
        layers += [line.encode(x="low:Q", x2="high:Q"), point.encode(x=x)]
    return to_svg(
        alt.layer(*layers), title=title, height=40 + 32 * len(rows), theme=theme
    )
