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
from annotation.words import gettext as _
from annotation.words import join_and, ngettext

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
            _(
                "Answers by people and pre-annotations by AI, per day. Labels "
                "that came with imported files are not among the answers."
            )
        ),
        "columns": [_("Day"), _("People"), _("AI")],
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
        return _("Nobody has answered in the last seven days")
    said = ngettext(
        "People gave {n:,} answer in the last seven days",
        "People gave {n:,} answers in the last seven days",
        week,
    ).format(n=week)
    if not before:
        return said
    return _("{said}, after {before:,} in the seven before").format(
        said=said, before=before
    )


def _progress(days: Sequence[DayCount], n_items: int) -> Drawing:
    rows = [DayProgress(day.day, day.n_finished) for day in days]
    sums = list(accumulate(day.n_finished for day in days))
    recent = sum(day.n_finished for day in days[-WEEK:])
    is_all = sums[-1] >= n_items
    share = _("all") if recent == sums[-1] else f"{recent:,}"
    title = (
        ngettext(
            "All {n:,} item are finished, {share} of them in the last seven days",
            "All {n:,} items are finished, {share} of them in the last seven days",
            n_items,
        )
        if is_all
        else ngettext(
            "{done:,} of {n:,} item are finished, {share} of them in the last seven "
            "days",
            "{done:,} of {n:,} items are finished, {share} of them in the last seven "
            "days",
            n_items,
        )
    )
    words = {
        "title": title.format(done=sums[-1], n=n_items, share=share),
        "caption": _(
            "Items with all the answers they want, by the day of the last one."
        ),
        "columns": [_("Day"), _("Finished that day"), _("Finished in all")],
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
        "title": _("Half of the answers take less than {spoken}").format(
            spoken=spoken(times.median_ms)
        ),
        "caption": (
            _(
                "Active time per answer, while the page was open and in use. "
                "Imported labels are not among them."
            )
        ),
        "columns": [_("Measure"), _("Minutes")],
        "rows": [
            [_("A quarter takes less than"), clock(times.lower_ms)],
            [_("Half take less than"), clock(times.median_ms)],
            [_("Three quarters take less than"), clock(times.upper_ms)],
            [_("Answers with a time"), f"{times.n:,}"],
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
            _(
                "Share of comparisons won by the completion shown first, with 95% "
                "intervals; ties are left out. Each pair is shown equally often "
                "in both orders, so one half means that the position does not "
                "decide."
            )
        ),
        "columns": [
            _("Who"),
            _("Decided"),
            _("Ties"),
            _("First won"),
            _("95% interval"),
        ],
        "rows": [
            [
                _name(row),
                f"{row['n_decided']:,}",
                f"{row['n_ties']:,}",
                f"{row['share']:.1%}",
                _("{low:.1%} to {high:.1%}").format(low=row["low"], high=row["high"]),
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
    return _("People") if row["name"] == "people" else _("Imported labels")


def _position_title(rows: Sequence[FirstShare]) -> str:
    for place, names in (
        (_("first"), [row.name for row in rows if row.low > 0.5]),
        (_("second"), [row.name for row in rows if row.high < 0.5]),
    ):
        if names:
            return _favour(names, place)
    return _("The pull of a place is not distinguishable from none")


def _favour(names: Sequence[str], place: str) -> str:
    if len(names) > 2:
        who = _("{n} annotators").format(n=len(names))
    else:
        who = join_and(names)
    is_many = len(names) > 1 or names[0] in (_("People"), _("Imported labels"))
    return ngettext(
        "{who} favours what is shown {place}",
        "{who} favour what is shown {place}",
        2 if is_many else 1,
    ).format(who=who, place=place)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
