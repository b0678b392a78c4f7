"""Figures along the calendar: labels a day, and how far the project has come."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from annotation.charts.style import (
    AI,
    HATCH,
    HUMAN,
    PALETTES,
    Row,
    Theme,
    count_axis,
    inline,
    to_svg,
    width_of,
)
from annotation.words import gettext as _

if TYPE_CHECKING:
    import altair as alt


# Bars of fewer days would be as broad as a hand.
MAX_BAR = 36


@dataclass(frozen=True)
class DayLabels:
    """How many labels a day brought, from people and from machines."""

    day: date
    n_human: int
    n_machine: int


@dataclass(frozen=True)
class DayProgress:
    """How many items were finished on a day."""

    day: date
    n_finished: int


def labels_per_day(
    rows: Sequence[DayLabels], *, title: str, theme: Theme = "light"
) -> str:
    """Draw stacked bars: people solid, machines hatched with an outline.

    Parameters
    ----------
    rows
        One per day, ascending; days without a label may be left out.
    title
        The finding, a whole sentence.
    """
    import altair as alt

    palette = PALETTES[theme]
    highest = max((row.n_human + row.n_machine for row in rows), default=1)
    has_machine = any(row.n_machine for row in rows)
    values: list[Row] = []
    for row in rows:
        values.append({"day": _local(row.day), "n": row.n_human, "who": HUMAN})
        if row.n_machine:
            values.append({"day": _local(row.day), "n": row.n_machine, "who": AI})
    domain = [HUMAN, AI] if has_machine else [HUMAN]
    width = _bar_width(rows, theme)
    fills = alt.Scale(domain=domain, range=[palette.human_fill, HATCH])
    edges = alt.Scale(domain=domain, range=[palette.human_fill, palette.ai])
    chart = (
        alt.Chart(inline(values))
        .mark_bar(strokeWidth=1, size=width)
        .encode(
            x=_day_axis(rows, padding=width / 2 + 4),
            y=alt.Y("n:Q", title=_("Labels"), axis=count_axis(highest)),
            fill=alt.Fill("who:N", scale=fills, legend=alt.Legend()),
            stroke=alt.Stroke("who:N", scale=edges, legend=alt.Legend()),
            order=alt.Order("who:N", sort="descending"),
        )
    )
    return to_svg(chart, title=title, height=260, theme=theme)


def progress_over_time(
    rows: Sequence[DayProgress], *, n_items: int, title: str, theme: Theme = "light"
) -> str:
    """Draw the number of finished items as steps towards a line for all of them."""
    import altair as alt

    palette = PALETTES[theme]
    sums = accumulate(row.n_finished for row in rows)
    values: list[Row] = [
        {"day": _local(row.day), "n": total}
        for row, total in zip(rows, sums, strict=True)
    ]
    data = inline(values)
    y = alt.Y(
        "n:Q",
        title=_("Finished items"),
        scale=alt.Scale(domain=[0, max(n_items, 1)], nice=True),
        axis=count_axis(n_items),
    )
    area = (
        alt.Chart(data)
        .mark_area(
            interpolate="step-after",
            color=palette.accent,
            fillOpacity=0.15,
            line={"color": palette.accent, "strokeWidth": 2},
            point={"color": palette.accent, "size": 24} if len(rows) <= 31 else False,
        )
        .encode(x=_day_axis(rows), y=y)
    )
    goal = alt.Chart(
        inline(
            [{"n": n_items, "text": _("All {n_items:,} items").format(n_items=n_items)}]
        )
    )
    line = goal.mark_rule(color=palette.edge, strokeDash=[4, 3]).encode(y="n:Q")
    word = goal.mark_text(align="left", baseline="bottom", dx=4, dy=-3).encode(
        x=alt.value(0), y="n:Q", text="text:N"
    )
    return to_svg(alt.layer(area, line, word), title=title, height=260, theme=theme)


def _local(day: date) -> str:
    """Return midnight as the drawing library's own clock shows it."""
    return f"{day.isoformat()}T00:00:00"


def _n_days(rows: Sequence[DayLabels] | Sequence[DayProgress]) -> int:
    return (rows[-1].day - rows[0].day).days + 1 if rows else 1


def _bar_width(rows: Sequence[DayLabels], theme: Theme) -> float:
    return max(1.0, min(MAX_BAR, 0.75 * width_of(theme) / _n_days(rows)))


def _day_axis(
    rows: Sequence[DayLabels] | Sequence[DayProgress], padding: float = 0
) -> "alt.X":
    """Label whole days only, about eight of them."""
    import altair as alt

    has_years = len({row.day.year for row in rows}) > 1
    step = math.ceil(_n_days(rows) / 8)
    first = rows[0].day if rows else date(2000, 1, 1)
    shown = [first + timedelta(days=index * step) for index in range(8)]
    last = rows[-1].day if rows else first
    return alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(padding=padding),
        axis=alt.Axis(
            format="%-d %b %Y" if has_years else "%-d %b",
            grid=False,
            labelOverlap=True,
            values=[
                {"year": day.year, "month": day.month, "date": day.day}
                for day in shown
                if day <= last
            ],
        ),
    )
