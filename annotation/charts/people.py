"""Figures of one share for each annotator, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotation.charts.style import PALETTES, Row, Theme, inline, to_svg, width_of

if TYPE_CHECKING:
    import altair as alt

MAX_LABEL = 0.38


@dataclass(frozen=True)
class PersonShare:
    """A share in [0, 1] of one annotator with its interval, and of how many answers.

    `is_few`: of too few to say anything, so it is drawn hollow.
    """

    name: str
    share: float
    low: float
    high: float
    n: int
    is_few: bool


def shares_by_person(
    rows: Sequence[PersonShare],
    *,
    together: float,
    x_title: str,
    title: str,
    theme: Theme = "light",
) -> str:
    """Draw each annotator's share with its interval, and a line at that of all.

    Hollow discs with dashed lines are of too few answers.

    Parameters
    ----------
    rows
        In the order of drawing, from the top.
    together
        The share of all their answers, in [0, 1].
    """
    import altair as alt

    palette = PALETTES[theme]
    base = alt.Chart(inline([_value(row) for row in rows])).encode(
        y=alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(
                labelLimit=round(MAX_LABEL * width_of(theme)), domain=False, grid=False
            ),
        )
    )
    x = _share_axis(x_title)
    layers = [
        alt.Chart(inline([{"share": together}]))
        .mark_rule(color=palette.ink_3, strokeDash=[4, 3])
        .encode(x=x)
    ]
    for is_few in (False, True):
        layers += _marks(base, x, is_few=is_few, theme=theme)
    return to_svg(
        alt.layer(*layers), title=title, height=64 + 22 * len(rows), theme=theme
    )


def _value(row: PersonShare) -> Row:
    return {
        "name": f"{row.name} ({row.n:,})",
        "share": row.share,
        "low": row.low,
        "high": row.high,
        "few": row.is_few,
    }


def _marks(
    base: "alt.Chart", x: "alt.X", *, is_few: bool, theme: Theme
) -> "list[alt.Chart]":
    """Return the intervals and the points of those with few answers, or the others."""
    palette = PALETTES[theme]
    some = base.transform_filter(f"datum.few == {str(is_few).lower()}")
    line = some.mark_rule(
        color=palette.human_fill, strokeWidth=2, strokeDash=[2, 3] if is_few else [1, 0]
    )
    point = some.mark_point(
        shape="circle",
        size=90,
        stroke=palette.human_fill,
        strokeWidth=2,
        fill=palette.surface if is_few else palette.human_fill,
        fillOpacity=1,
    )
    return [line.encode(x="low:Q", x2="high:Q"), point.encode(x=x)]


def _share_axis(title: str) -> "alt.X":
    import altair as alt

    return alt.X(
        "share:Q",
        title=title,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
