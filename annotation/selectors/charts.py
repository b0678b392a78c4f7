"""The charts and heavy figures that a worker has made, as the pages show them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Q

from annotation.charts.style import Theme
from annotation.models import Chart, Project

# The figures without a picture are kept under these names.
FIGURES, HABITS = "figures", "habits"
_WITHOUT = (FIGURES, HABITS)
# Charts of how people answer, which stand on a page of their own.
HABIT = "habit_"
THEMES: tuple[Theme, ...] = ("light", "dark", "light-narrow", "dark-narrow")
# Beside them, a chart for download has its title inside.
FILE = "file"


@dataclass(frozen=True)
class ShownChart:
    """A chart's words and numbers; its picture has an address of its own."""

    name: str
    title: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    made_at: datetime

    @property
    def labelled(self) -> list[list[tuple[str, Any]]]:
        """Return the rows, each value with the name of its column."""
        return [list(zip(self.columns, row, strict=False)) for row in self.rows]

    @property
    def stamp(self) -> str:
        """Return the moment of the snapshot, by which its picture is asked for."""
        return stamp_of(self.made_at)


@dataclass(frozen=True)
class KeptFigures:
    """The heavy figures as JSON (see services.charts), and when they were made."""

    numbers: dict[str, Any]
    made_at: datetime


@dataclass(frozen=True)
class Snapshot:
    """The figures and the charts of the work, made together; without pictures."""

    figures: KeptFigures | None
    charts: list[ShownChart]

    @property
    def stamp(self) -> str:
        """Return by what a page tells that another one has been made since."""
        return stamp_of(self.figures.made_at) if self.figures else ""


def snapshot(project: Project) -> Snapshot:
    """Return what the dashboard shows as of one moment; one query."""
    rows = list(
        Chart.objects.filter(~Q(name__startswith=HABIT), project=project, theme="light")
        .exclude(name=HABITS)
        .values_list("name", "numbers", "made_at")
    )
    figures = next(
        (KeptFigures(n, at) for name, n, at in rows if name == FIGURES), None
    )
    return Snapshot(figures, _charts(row for row in rows if row[0] != FIGURES))


def stamp_of(made_at: datetime) -> str:
    """Return a moment as an address names it: microseconds."""
    return str(round(made_at.timestamp() * 1_000_000))


def habit_charts(project: Project) -> list[ShownChart]:
    """Return the charts of how people answer, without pictures; one query."""
    return _charts(
        Chart.objects.filter(
            name__startswith=HABIT, project=project, theme="light"
        ).values_list("name", "numbers", "made_at")
    )


def _charts(rows: Iterable[tuple[str, dict[str, Any], datetime]]) -> list[ShownChart]:
    shown = sorted(rows, key=lambda row: row[1].get("place", 0))
    return [
        ShownChart(
            name=name,
            title=numbers.get("title", ""),
            caption=numbers.get("caption", ""),
            columns=tuple(numbers.get("columns", ())),
            rows=tuple(tuple(row) for row in numbers.get("rows", ())),
            made_at=made_at,
        )
        for name, numbers, made_at in shown
    ]


def kept_figures(project: Project) -> KeptFigures | None:
    """Return the figures as of their time, None before the first ones; one query."""
    found = Chart.objects.filter(project=project, name=FIGURES).first()
    return None if found is None else KeptFigures(found.numbers, found.made_at)


def kept_habits(project: Project) -> KeptFigures | None:
    """Return what a worker has read of how people answer, as of when; one query."""
    found = Chart.objects.filter(project=project, name=HABITS).first()
    return None if found is None else KeptFigures(found.numbers, found.made_at)


def chart_named(project: Project, name: str, theme: str) -> Chart | None:
    """Return a chart with its picture; one query."""
    return (
        Chart.objects.filter(project=project, name=name, theme=theme)
        .exclude(name__in=_WITHOUT)
        .first()
    )


def past_picture(project: Project, name: str, theme: str, stamp: str) -> str | None:
    """Return a picture of the snapshot before, while a page may still show its words.

    No query, one cache request.
    """
    found: str | None = cache.get(past_key(project.pk, name, theme, stamp))
    return found


def past_key(project_id: int, name: str, theme: str, stamp: str) -> str:
    """Return the cache key under which a replaced picture is kept for a while."""
    words = f"{name}:{theme}:{stamp}".encode()
    return f"chart:{project_id}:{hashlib.sha256(words).hexdigest()[:32]}"
