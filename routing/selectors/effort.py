"""How many hours of people's work a budget takes, and in how many days it is ready.

Measured on this project's own answers; before there are some, from an assumed pace of
reading, and every sentence says which.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from annotation.durations import spoken
from annotation.models import Project
from annotation.selectors.dashboard import Pace, pace_of
from annotation.words import gettext as _
from annotation.words import ngettext
from routing.effort import (
    DECIDE_S,
    WORDS_A_MINUTE,
    Third,
    Timing,
    ready_in,
    timing_of,
)
from routing.prices import CHARS_PER_WORD

HOUR_S = 3600
MOST_ANSWERS = 2_000
MOST_DAYS = 730
# The newest answers, in thirds of the lengths and in all.
_TIMES = """
    SELECT third, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY n_chars),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) / 1000.0
    FROM (
        SELECT newest.ms, m.n_chars::float, CASE WHEN m.n_chars IS NOT NULL
            THEN ntile(3) OVER (ORDER BY m.n_chars) END AS third
        FROM (
            SELECT a.item_id, n.active_ms AS ms
            FROM assignment a JOIN annotation n ON n.id = a.annotation_id
            WHERE a.project_id = %(project)s AND a.purpose = 'main'
              AND a.state IN ('submitted', 'surplus') AND n.active_ms > 0
            ORDER BY a.finished_at DESC LIMIT %(most)s) newest
        LEFT JOIN item_measures m ON m.item_id = newest.item_id) timed
    GROUP BY GROUPING SETS ((third), ()) ORDER BY grouping(third), third
"""
# What is still to be read, or else all that there is.
_LENGTH = """
    SELECT COALESCE(avg(m.n_chars) FILTER (
            WHERE f.n_counted < COALESCE(f.overlap, p.overlap)), avg(m.n_chars))
    FROM frontier f JOIN project p ON p.id = f.project_id
    JOIN item_measures m ON m.item_id = f.item_id
    WHERE f.project_id = %(project)s AND NOT f.is_excluded
"""


@dataclass(frozen=True)
class Effort:
    """People's work on so many items.

    `hours`: in words; `ready`: when it is done, empty without a pace; `about`: what
    both rest on, a sentence each.
    """

    n_items: int
    n_answers: int
    seconds: float
    hours: str
    ready: str
    about: str


@dataclass(frozen=True)
class EffortRule:
    """What the work on any number of items is worked out from."""

    timing: Timing
    mean_words: float
    overlap: int
    pace: Pace

    def at(self, n_items: int, n_done: int = 0) -> Effort:
        """Return the work on so many items, each with all its answers; no query.

        `n_done`: of these, those that are labelled; it is ready when the others are.
        """
        n_answers = n_items * self.overlap
        seconds = self.timing.seconds(n_answers, self.mean_words)
        return Effort(
            n_items,
            n_answers,
            seconds,
            hours_words(seconds),
            self._ready(max(n_items - n_done, 0) * self.overlap),
            self._about(),
        )

    def less(self, effort: Effort, n_answers: int) -> Effort:
        """Return the work where so many of its answers are given already."""
        left = max(effort.n_answers - n_answers, 0)
        seconds = self.timing.seconds(left, self.mean_words)
        return replace(
            effort,
            n_answers=left,
            seconds=seconds,
            hours=hours_words(seconds),
            ready=self._ready(left),
        )

    def _ready(self, n_answers: int) -> str:
        counts = [n for _day, n in self.pace.days]
        while counts and not counts[0]:
            counts = counts[1:]
        found = ready_in(n_answers, self.pace.per_day, counts)
        if found is None or not n_answers:
            return ""
        if found.days > MOST_DAYS:
            return _("ready in more than two years")
        text = ngettext(
            "ready in about {n:,} day", "ready in about {n:,} days", found.days
        ).format(n=found.days)
        if found.low == found.high:
            return text
        ends = _("{text} ({low:,} to {high:,})")
        return ends.format(text=text, low=found.low, high=found.high)

    def _about(self) -> str:
        pace = ""
        if not self._ready(1):
            pace = _(
                "When it is ready nobody can say yet: fewer than ten answers came in "
                "the last seven days."
            )
        return f"{self._timed()} {pace}".strip()

    def _timed(self) -> str:
        timing = self.timing
        if not timing.n:
            text = _(
                "Assumed until people have answered: {words} words read a minute, and "
                "{seconds:.0f} seconds to decide."
            )
            return text.format(words=WORDS_A_MINUTE, seconds=DECIDE_S)
        each = spoken(1000 * timing.seconds(1, self.mean_words))
        if timing.word_s:
            text = _(
                "Measured on the {n:,} newest answers, by length: {each} at the mean "
                "length of what is left."
            )
        else:
            text = _("Half of the {n:,} newest answers took {each} at most.")
        return text.format(n=timing.n, each=each)


def effort_rule(project: Project) -> EffortRule:
    """Return what a project's work is worked out from; three or four queries."""
    rows = _rows(_TIMES, project)
    n, median_s = (rows[-1][1], rows[-1][3]) if rows else (0, 0.0)
    thirds = [
        Third(row[1], row[2] / CHARS_PER_WORD, float(row[3]))
        for row in rows[:-1]
        if row[0] is not None
    ]
    chars = _rows(_LENGTH, project)[0][0]
    return EffortRule(
        timing_of(n, float(median_s or 0), thirds),
        float(chars or 0) / CHARS_PER_WORD,
        project.overlap,
        pace_of(project),
    )


def hours_words(seconds: float) -> str:
    """Return a time of work as roughly as it is known."""
    minutes = round(seconds / 60)
    if minutes < 60:
        text = ngettext("{n} minute", "{n} minutes", minutes)
        return text.format(n=minutes)
    hours = seconds / HOUR_S
    if hours < 10:
        return _("{n:.1f} hours").format(n=hours)
    n = round(hours)
    return ngettext("{n:,} hour", "{n:,} hours", n).format(n=n)


def _rows(statement: str, project: Project) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, {"project": project.pk, "most": MOST_ANSWERS})
        return list(db.fetchall())
