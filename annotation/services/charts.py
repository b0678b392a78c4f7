"""Step analyse: figures and charts, made by a worker and kept until they change.

The drawing library takes 150 MB, so it is never loaded by the web process: pages only
read what is kept here.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from annotation.models import Chart, Job, Project
from annotation.selectors import figures
from annotation.selectors.charts import (
    FIGURES,
    HABITS,
    THEMES,
    past_key,
    stamp_of,
)
from annotation.services.chart_words import Drawing, drawings
from annotation.services.each import for_each
from annotation.services.habit_words import habit_drawings
from annotation.services.jobs import Progress
from annotation.services.measures import measure
from annotation.words import gettext as _

# A project whose figures took long is looked at again later, so that figures never
# take more than a twentieth of a worker's time.
REST_FACTOR = 20
# Words on a page have their picture for so long, also where it has been replaced.
PAST_S = 120
# A worker that was killed at it blocks the next one no longer than this.
LONGEST_S = 600


def run_charts(job: Job, progress: Progress) -> dict[str, Any]:
    """Make the figures and charts of the job's project anew."""
    progress.set(0, 2, _("The figures are counted."))
    n_charts = refresh(project=job.project)
    return {
        "message": _("{n_charts} charts are up to date.").format(n_charts=n_charts),
        "n_done": 2,
        "n_total": 2,
    }


def refresh_stale() -> None:
    """Make the figures of each project in which something has happened since."""
    now = timezone.now()
    kept = {chart.project_id: chart for chart in Chart.objects.filter(name=FIGURES)}

    def look(project: Project) -> None:
        before = kept.get(project.pk)
        if before is not None and now < _rested(before):
            return
        mark = figures.latest(project)
        if before is None or before.numbers.get("mark") != mark:
            _refresh_once(project)

    for_each(Project.objects.order_by("id").iterator(), look)


def _refresh_once(project: Project) -> None:
    """Refresh unless another worker is at it: beat sends the next call meanwhile."""
    key = f"charts-at-work:{project.pk}"
    if not cache.add(key, True, LONGEST_S):
        return
    try:
        refresh(project=project)
    finally:
        cache.delete(key)


def _rested(chart: Chart) -> datetime:
    cost = timedelta(seconds=float(chart.numbers.get("cost_s", 0)))
    return chart.made_at + REST_FACTOR * cost


def refresh(*, project: Project) -> int:
    """Measure a project and draw its charts in both themes; return their number."""
    began = time.monotonic()
    mark = figures.latest(project)
    measured = measure(project)
    drawn = drawings(measured.days, measured.times, measured.first, measured.n_items)
    drawn += habit_drawings(list(measured.signs.values()))
    cost_s = round(time.monotonic() - began, 3)
    numbers = {**measured.numbers, "mark": mark, "cost_s": cost_s}
    habits = {
        "people": {str(key): one.to_json() for key, one in measured.signs.items()},
        "side": measured.side,
        "protocols": measured.protocols,
    }
    _keep(project, {FIGURES: numbers, HABITS: habits}, drawn)
    return len(drawn)


@transaction.atomic
def _keep(
    project: Project, figures_: dict[str, dict[str, Any]], drawn: list[Drawing]
) -> None:
    """Replace what is kept; a chart that has nothing to show any more goes."""
    now = timezone.now()
    rows = [
        Chart(
            project=project,
            name=drawing.name,
            theme=theme,
            svg=svg,
            numbers={**drawing.words, "place": place},
            made_at=now,
        )
        for place, drawing in enumerate(drawn)
        for theme, svg in drawing.svg.items()
    ]
    rows += [
        Chart(
            project=project,
            name=name,
            theme=THEMES[0],
            svg="",
            numbers=numbers,
            made_at=now,
        )
        for name, numbers in figures_.items()
    ]
    names = {row.name for row in rows}
    _keep_past(project)
    Chart.objects.filter(project=project).exclude(name__in=names).delete()
    Chart.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("project", "name", "theme"),
        update_fields=("svg", "numbers", "made_at"),
    )


def _keep_past(project: Project) -> None:
    """Leave the pictures that are replaced to the pages that show their words."""
    before = Chart.objects.filter(project=project, theme__in=THEMES).exclude(svg="")
    cache.set_many(
        {
            past_key(project.pk, chart.name, chart.theme, stamp_of(chart.made_at)): (
                chart.svg
            )
            for chart in before
        },
        PAST_S,
    )
