"""Step see: how much annotators disagree on each item, computed by a worker.

A narrow table is kept for the disagreement browser; it is replaced window by window of
items, so that memory and each transaction stay small however large the project is.
What was answered with a suggestion in view says nothing of how people differ, and does
not count: see annotation.selectors.blind.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone

from annotation.agreement.disagreement import MEASURES, disagreement
from annotation.answers import Question
from annotation.models import (
    DisagreementRun,
    Item,
    ItemDisagreement,
    Project,
    Withdrawal,
)
from annotation.selectors import blind, figures
from annotation.selectors.choices import questions_of
from annotation.services.each import for_each

FORMULA = 1
WINDOW = 2_000
# Computed again later where it took long, as the charts are.
REST_FACTOR = 20
LONGEST_S = 3600

_ANSWERS = f"""
    SELECT a.item_id, i.n_completions, a.questions_version_id, a.purpose,
        n.answers::text
    FROM item i
    JOIN assignment a ON a.item_id = i.id
    {blind.EXPOSURE}
    JOIN annotation n ON n.id = {blind.ANSWER}
    WHERE i.project_id = %s AND i.number > %s AND i.number <= %s
      AND a.state = 'submitted' AND a.purpose IN ('main', 'imported')
    ORDER BY a.item_id, a.id
"""  # noqa: S608 - our own words


@dataclass
class _Answered:
    """The answers to one item by question; equal questions of two versions are one."""

    n_completions: int
    values: dict[tuple[Question, bool], list[Any]] = field(
        default_factory=lambda: defaultdict(list)
    )


def refresh_stale() -> None:
    """Measure each project in which something has happened since."""
    runs = DisagreementRun.objects.in_bulk()
    now = timezone.now()

    def look(project: Project) -> None:
        run = runs.get(project.pk)
        rest = timedelta(seconds=run.cost_s * REST_FACTOR) if run else timedelta()
        if run is not None and now < run.made_at + rest:
            return
        mark = _mark(project)
        if run is None or (run.mark, run.formula) != (mark, FORMULA):
            _refresh_once(project)

    for_each(Project.objects.order_by("id").iterator(), look)


def _mark(project: Project) -> str:
    """Return what changes whenever answers come or go; two queries."""
    gone = Withdrawal.objects.filter(project=project).aggregate(
        n=Count("id"), n_answers=Sum("n_answers")
    )
    return f"{figures.latest(project)}|{gone['n']}|{gone['n_answers']}"


def _refresh_once(project: Project) -> None:
    """Refresh unless another worker is at it: beat sends the next call meanwhile."""
    key = f"disagreements-at-work:{project.pk}"
    if not cache.add(key, True, LONGEST_S):
        return
    try:
        refresh(project=project)
    finally:
        cache.delete(key)


def refresh(*, project: Project) -> int:
    """Measure every item with two answers or more; return how many there are."""
    began = time.monotonic()
    mark = _mark(project)
    questions = questions_of(project)
    last = Item.objects.filter(project=project).aggregate(n=Max("number"))["n"] or 0
    n_items = 0
    for low in range(0, last, WINDOW):
        n_items += _window(project, questions, low, low + WINDOW)
    DisagreementRun.objects.update_or_create(
        project=project,
        defaults={
            "mark": mark,
            "formula": FORMULA,
            "n_items": n_items,
            "cost_s": round(time.monotonic() - began, 3),
            "made_at": timezone.now(),
        },
    )
    return n_items


@transaction.atomic
def _window(
    project: Project,
    questions: Mapping[int, Sequence[Question]],
    low: int,
    high: int,
) -> int:
    """Replace the rows of the items numbered past `low` up to `high`."""
    found = _answers(project, questions, low, high)
    rows = [
        row for item_id, one in found.items() for row in _rows(project, item_id, one)
    ]
    ItemDisagreement.objects.filter(
        item__project=project, item__number__gt=low, item__number__lte=high
    ).delete()
    ItemDisagreement.objects.bulk_create(rows)
    return sum(
        any(len(values) > 1 for values in one.values.values()) for one in found.values()
    )


def _answers(
    project: Project, questions: Mapping[int, Sequence[Question]], low: int, high: int
) -> dict[int, _Answered]:
    found: dict[int, _Answered] = {}
    with connection.cursor() as db:
        db.execute(_ANSWERS, [project.pk, low, high])
        for item_id, n_completions, version, purpose, text in db.fetchall():
            one = found.setdefault(item_id, _Answered(n_completions))
            answers = json.loads(text)
            for question in questions[version]:
                value = answers.get(question.name)
                if question.type in MEASURES and value not in (None, "", [], {}):
                    one.values[question, purpose == "imported"].append(value)
    return found


def _rows(project: Project, item_id: int, one: _Answered) -> Iterator[ItemDisagreement]:
    """Yield a row for each question that was not answered alike.

    Where a question was asked in several wordings, the most answered one counts.
    """
    by_name: dict[str, tuple[Question, list[Any]]] = {}
    for (question, _), values in one.values.items():
        known = by_name.get(question.name)
        if known is None or len(values) > len(known[1]):
            by_name[question.name] = (question, values)
    for name, (question, values) in by_name.items():
        found = disagreement(question, values, one.n_completions)
        if found is not None and found.value > 0:
            yield ItemDisagreement(
                project=project,
                item_id=item_id,
                question=name,
                kind=found.kind,
                value=min(found.value, 1.0),
                n_answers=min(found.n_answers, 32_767),
            )
