"""Step analyse: what each chart finds, says and shows in numbers, and its drawing.

Called by services.charts in a worker. The title is the finding, so it changes with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from annotation.charts import (
    DayLabels,
    DayProgress,
    FirstShare,
    Theme,
    labels_per_day,
    position_bias,
    progress_over_time,
    time_per_item,
)
from annotation.durations import clock, spoken
from annotation.selectors.charts import FILE, THEMES
from annotation.selectors.figures import DayCount, Times

N_SHOWN_DAYS = 28
WEEK = 7

Draw = Callable[[str, Theme], str]


@dataclass(frozen=True)
class Drawing:
    """A chart: its SVG by theme, and its words (title, caption, columns, rows).

    The page says the title itself, in text that keeps its size on a phone; the one
    named FILE carries it inside, to be downloaded.
    """

    name: str
    words: dict[str, Any]
    svg: dict[str, str]


def drawings(
    days: Sequence[DayCount],
    times: Times,
    first: Sequence[dict[str, Any]],
    n_items: int,
) -> list[Drawing]:
    """Draw every chart that has something to show, in the order of the page."""
    found = []
    if any(day.n_human or day.n_machine for day in days):
        found.append(_labels(days[-N_SHOWN_DAYS:], days))
    if any(day.n_finished for day in days):
        found.append(_progress(days, n_items))
    if times.n:
        found.append(_times(times))
    if first:
        found.append(_position(first))
    return found


def drawing(name: str, words: dict[str, Any], draw: Draw) -> Drawing:
    svg: dict[str, str] = {theme: draw("", theme) for theme in THEMES}
    return Drawing(name, words, {**svg, FILE: draw(words["title"], "light")})


def _labels(shown: Sequence[DayCount], days: Sequence[DayCount]) -> Drawing:
    rows = [DayLabels(d.day, d.n_human, d.n_machine) for d in shown]
    words = {
        "title": _labels_title(days),
        "caption": (
            "Answers by people and pre-annotations by AI, per day. Labels that came "
            "with imported files are not among the answers."
        ),
        "columns": ["Day", "People", "AI"],
        "rows": [
            [_day(d.day), f"{d.n_human:,}", f"{d.n_machine:,}"] for d in reversed(shown)
        ],
    }
    return drawing(
        "labels_per_day",
        words,
        lambda title, theme: labels_per_day(rows, title=title, theme=theme),
    )


def _labels_title(days: Sequence[DayCount]) -> str:
    week = sum(day.n_human for day in days[-WEEK:])
    before = sum(day.n_human for day in days[-2 * WEEK : -WEEK])
    if not week:
        return "Nobody has answered in the last seven days"
    said = f"People gave {_n(week, 'answer')} in the last seven days"
    return f"{said}, after {before:,} in the seven before" if before else said


def _progress(days: Sequence[DayCount], n_items: int) -> Drawing:
    rows = [DayProgress(day.day, day.n_finished) for day in days]
    sums = list(accumulate(day.n_finished for day in days))
    recent = sum(day.n_finished for day in days[-WEEK:])
    is_all = sums[-1] >= n_items
    done = "All" if is_all else f"{sums[-1]:,} of"
    share = "all" if recent == sums[-1] else f"{recent:,}"
    words = {
        "title": f"{done} {_n(n_items, 'item')} are finished, {share} of them in the"
        " last seven days",
        "caption": "Items with all the answers they want, by the day of the last one.",
        "columns": ["Day", "Finished that day", "Finished in all"],
        "rows": [
            [_day(day.day), f"{day.n_finished:,}", f"{total:,}"]
            for day, total in reversed(list(zip(days, sums, strict=True)))
        ],
    }
    return drawing(
        "progress_over_time",
        words,
        lambda title, theme: progress_over_time(
            rows, n_items=n_items, title=title, theme=theme
        ),
    )


def _times(times: Times) -> Drawing:
    seconds = [ms / 1000 for ms in times.sample_ms]
    words = {
        "title": f"Half of the answers take less than {spoken(times.median_ms)}",
        "caption": (
            "Active time per answer, while the page was open and in use. Imported "
            "labels are not among them."
        ),
        "columns": ["Measure", "Minutes"],
        "rows": [
            ["A quarter takes less than", clock(times.lower_ms)],
            ["Half take less than", clock(times.median_ms)],
            ["Three quarters take less than", clock(times.upper_ms)],
            ["Answers with a time", f"{times.n:,}"],
        ],
    }
    return drawing(
        "time_per_item",
        words,
        lambda title, theme: time_per_item(seconds, title=title, theme=theme),
    )


def _position(first: Sequence[dict[str, Any]]) -> Drawing:
    rows = [
        FirstShare(
            name=_name(row),
            share=row["share"],
            low=row["low"],
            high=row["high"],
            n_decided=row["n_decided"],
            is_machine=row["is_machine"],
        )
        for row in first
    ]
    words = {
        "title": _position_title(rows),
        "caption": (
            "Share of comparisons won by the completion shown first, with 95% "
            "intervals; ties are left out. Each pair is shown equally often in both "
            "orders, so one half means that the position does not decide."
        ),
        "columns": ["Who", "Decided", "Ties", "First won", "95% interval"],
        "rows": [
            [
                _name(row),
                f"{row['n_decided']:,}",
                f"{row['n_ties']:,}",
                f"{row['share']:.1%}",
                f"{row['low']:.1%} to {row['high']:.1%}",
            ]
            for row in first
        ],
    }
    return drawing(
        "position_bias",
        words,
        lambda title, theme: position_bias(rows, title=title, theme=theme),
    )


def _name(row: dict[str, Any]) -> str:
    if row["is_machine"]:
        return str(row["name"])
    return "People" if row["name"] == "people" else "Imported labels"


def _position_title(rows: Sequence[FirstShare]) -> str:
    for place, names in (
        ("first", [row.name for row in rows if row.low > 0.5]),
        ("second", [row.name for row in rows if row.high < 0.5]),
    ):
        if names:
            is_many = len(names) > 1 or names[0] in ("People", "Imported labels")
            who = " and ".join(names) if len(names) < 3 else f"{len(names)} annotators"
            return f"{who} favour{'' if is_many else 's'} what is shown {place}"
    return "The pull of a place is not distinguishable from none"


def _n(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
