"""The charts and heavy figures that a worker has made, as the pages show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True)
class KeptFigures:
    """The heavy figures as JSON (see services.charts), and when they were made."""

    numbers: dict[str, Any]
    made_at: datetime


def dashboard_charts(project: Project) -> list[ShownChart]:
    """Return the charts of the work in their order, without pictures; one query."""
    return _shown(project, ~Q(name__startswith=HABIT))


def habit_charts(project: Project) -> list[ShownChart]:
    """Return the charts of how people answer, without pictures; one query."""
    return _shown(project, Q(name__startswith=HABIT))


def _shown(project: Project, which: Q) -> list[ShownChart]:
    rows = (
        Chart.objects.filter(which, project=project, theme="light")
        .exclude(name__in=_WITHOUT)
        .values_list("name", "numbers", "made_at")
    )
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
