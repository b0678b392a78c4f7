"""The look of every figure: colours, type, axes, and the writing of the SVG."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import altair as alt

Theme = Literal["light", "dark", "light-narrow", "dark-narrow"]
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Arial, sans-serif"
WIDTH = 640
# For a phone: drawn anew, so that its letters keep their size.
NARROW = 328
HUMAN, AI = "Human", "AI"
# What a machine made has a hatched area, in every theme and in print.
HATCH = "url(#hatch)"

Value: TypeAlias = str | int | float | None
Row: TypeAlias = dict[str, Value]


@dataclass(frozen=True)
class Palette:
    """The colours of tokens.css that a figure uses, in one theme."""

    surface: str
    ink: str
    ink_2: str
    ink_3: str
    line: str
    edge: str
    human_fill: str
    ai: str
    accent: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        surface="#ffffff",
        ink="#1c1e23",
        ink_2="#474b53",
        ink_3="#5f646d",
        line="#e0ddd6",
        edge="#86857f",
        human_fill="#b8671c",
        ai="#005f6b",
        accent="#2b49c4",
    ),
    "dark": Palette(
        surface="#1b1d21",
        ink="#eceae6",
        ink_2="#bcbfc6",
        ink_3="#9da2ab",
        line="#31343a",
        edge="#747983",
        human_fill="#d3935a",
        ai="#74d0da",
        accent="#a3b5ff",
    ),
}
PALETTES["light-narrow"] = PALETTES["light"]
PALETTES["dark-narrow"] = PALETTES["dark"]


def width_of(theme: Theme) -> int:
    """Return the width of a figure in pixels."""
    return NARROW if theme.endswith("narrow") else WIDTH


def inline(rows: list[Row]) -> "alt.InlineData":
    """Return the rows as data of the figure itself: nothing is ever fetched."""
    # Altair takes 150 MB with its converter, and its process keeps them: it is
    # imported where a figure is drawn, so that no web process ever pays for it.
    import altair as alt

    return alt.InlineData(values=rows)


def count_axis(highest: float) -> "alt.Axis":
    """Return an axis of whole numbers, with no line where the bars stand."""
    import altair as alt

    return alt.Axis(
        domain=False, format=",d", tickCount=max(1, min(5, int(highest))), tickMinStep=1
    )


def to_svg(
    chart: "alt.Chart | alt.LayerChart | alt.FacetChart",
    *,
    title: str,
    height: int,
    theme: Theme,
) -> str:
    """Return the chart as SVG with its finding as the title and no background."""
    spec: dict[str, Any] = chart.to_dict()
    spec |= {
        "title": title,
        "width": width_of(theme),
        "height": height,
        "background": None,
        "autosize": {"type": "fit", "contains": "padding"},
    }
    return _with_hatch(draw(spec, theme), PALETTES[theme])


def draw(spec: dict[str, Any], theme: Theme) -> str:
    """Return what is specified as SVG, which is the same each time."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(
        spec, config=_config(PALETTES[theme]), allowed_base_urls=[]
    )
    return svg


def _config(palette: Palette) -> dict[str, Any]:
    axis = {
        "domainColor": palette.edge,
        "gridColor": palette.line,
        "labelColor": palette.ink_3,
        "labelFontSize": 12,
        "labelPadding": 6,
        "tickColor": palette.edge,
        "ticks": False,
        "titleColor": palette.ink_2,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    }
    return {
        "font": FONT,
        "axis": axis,
        "legend": {
            "labelColor": palette.ink_2,
            "labelFontSize": 12,
            "orient": "top",
            "offset": 8,
            "symbolSize": 120,
            "symbolType": "square",
            "title": None,
        },
        "title": {
            "anchor": "start",
            "color": palette.ink,
            "fontSize": 14,
            "fontWeight": 600,
            "limit": WIDTH,
            "offset": 12,
        },
        "text": {"color": palette.ink_2, "fontSize": 12},
        "view": {"stroke": None},
    }


def _with_hatch(svg: str, palette: Palette) -> str:
    """Define the hatch that marks what machines made, as an area."""
    if HATCH not in svg:
        return svg
    pattern = (
        '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(-45)">'
        f'<rect width="5" height="2" fill="{palette.ai}"/></pattern></defs>'
    )
    end_of_tag = svg.index(">") + 1
    return f"{svg[:end_of_tag]}{pattern}{svg[end_of_tag:]}"
