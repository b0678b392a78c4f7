"""Figures as SVG: step analyse, drawn in a Celery worker only and kept as text.

`services.charts` calls it with numbers that are already counted. It knows nothing of
Django or projects. Importing it costs nothing; the first drawing loads the library.
"""

from annotation.charts.days import (
    DayLabels,
    DayProgress,
    labels_per_day,
    progress_over_time,
)
from annotation.charts.people import PersonShare, shares_by_person
from annotation.charts.spread import FirstShare, position_bias, time_per_item
from annotation.charts.style import Theme

__all__ = [
    "DayLabels",
    "DayProgress",
    "FirstShare",
    "PersonShare",
    "Theme",
    "labels_per_day",
    "position_bias",
    "progress_over_time",
    "shares_by_person",
    "time_per_item",
]
