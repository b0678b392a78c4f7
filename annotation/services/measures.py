"""Step analyse: the heavy figures of a project, as JSON that pages show.

Called by services.charts in a worker; reads through selectors and writes nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from annotation.agreement import (
    bootstrap_clusters,
    bootstrap_items,
    krippendorff_alpha,
    percent_agreement,
    wilson_interval,
)
from annotation.agreement.protocols import consistency
from annotation.answers import Question, main_question
from annotation.models import Assignment, Project
from annotation.selectors import figures
from annotation.selectors.arrays import (
    MISSING,
    ChoiceTable,
    choice_table,
    unanimous,
)
from annotation.selectors.blind import n_seen
from annotation.selectors.choices import comparable, purposes_of, questions_of
from annotation.selectors.dashboard import past_days
from annotation.selectors.habit_signs import Signs, signs_of
from annotation.selectors.protocol_pairs import tables_by_person

N_RESAMPLES = 500
MAX_RESAMPLED = 5_000
MIN_PEOPLE = 5


@dataclass(frozen=True)
class Measured:
    """Everything that is measured at once for one project."""

    numbers: dict[str, Any]
    days: list[figures.DayCount]
    times: figures.Times
    first: list[dict[str, Any]]
    n_items: int
    signs: dict[int, Signs]
    side: dict[str, Any] | None
    protocols: dict[str, Any] | None


def measure(project: Project) -> Measured:
    """Read all heavy figures of a project; about a dozen queries."""
    asked = questions_of(project)
    times = figures.times(project)
    first = [_first(row) for row in figures.first_shown(project, asked)]
    numbers = {
        "counts": asdict(figures.counts(project)),
        "times": {
            "n": times.n,
            "median_ms": times.median_ms,
            "lower_ms": times.lower_ms,
            "upper_ms": times.upper_ms,
        },
        "agreement": agreements(project, asked),
        "n_seen": n_seen(project),
        "first": first,
        "skips": figures.skip_reasons(project),
        "categories": figures.categories(project),
        "pace": past_days(project),
    }
    return Measured(
        numbers=numbers,
        days=figures.days(project),
        times=times,
        first=first,
        n_items=figures.n_items(project),
        signs=signs_of(project, comparable(asked, purposes_of(project))),
        side=side_bias(project, asked),
        protocols=protocols(project),
    )


def protocols(project: Project) -> dict[str, Any] | None:
    """Return how often two protocols say the same; None: nothing was asked twice.

    The interval draws whole people anew, and is left out as in `side_bias`.
    """
    tables = [table for table in tables_by_person(project) if table.any()]
    if not tables:
        return None
    whole = consistency(np.sum(tables, axis=0))
    parts = [consistency(table) for table in tables]
    hits = np.array([part.n_consistent for part in parts], dtype=np.int64)
    totals = np.array([part.n for part in parts], dtype=np.int64)
    interval = bootstrap_clusters(hits, totals, np.random.default_rng(whole.n))
    is_open = len(tables) < MIN_PEOPLE
    return {
        "table": np.sum(tables, axis=0).tolist(),
        "n": whole.n,
        "n_people": len(tables),
        "share": whole.share.value,
        "low": None if is_open else interval.low,
        "high": None if is_open else interval.high,
        "n_decisive": whole.n_decisive,
        "decisive": whole.decisive.value if whole.n_decisive else None,
        "chance": whole.chance,
    }


def side_bias(
    project: Project, asked: Mapping[int, tuple[Question, ...]]
) -> dict[str, Any] | None:
    """Return how often the first one shown won over all people; None: no comparisons.

    The interval draws whole people anew (see `bootstrap_clusters`); it is left out
    below MIN_PEOPLE, where it would promise too much.
    """
    rows = figures.first_by_person(project, asked)
    if not rows:
        return None
    hits, totals = np.array(rows, dtype=np.int64).T
    rng = np.random.default_rng(len(rows))
    interval = bootstrap_clusters(hits, totals, rng)
    is_open = len(rows) < MIN_PEOPLE
    return {
        "n_first": int(hits.sum()),
        "n_decided": int(totals.sum()),
        "n_people": len(rows),
        "share": interval.value,
        "low": None if is_open else interval.low,
        "high": None if is_open else interval.high,
    }


def _first(row: figures.FirstShown) -> dict[str, Any]:
    interval = wilson_interval(row.n_first, row.n_decided)
    return {
        **asdict(row),
        "n_decided": row.n_decided,
        "share": row.n_first / row.n_decided,
        "low": interval.low,
        "high": interval.high,
    }


def agreements(
    project: Project, asked: Mapping[int, tuple[Question, ...]]
) -> list[dict[str, Any]]:
    """Return the agreement between people here, then of each file's labels.

    Only versions with the same main question as the newest are put together. `n_seen`:
    so many current answers were given with a suggestion in view, and do not count.
    """
    purposes = purposes_of(project)
    found = []
    if same := comparable(asked, purposes):
        table = choice_table(project, same, Assignment.Purpose.MAIN)
        newest = main_question(same[max(same)])
        seen = {"n_seen": n_seen(project)}
        found.append(_agreement(table, newest, is_imported=False) | seen)
    for pk, questions in asked.items():
        if purposes[pk] == "imported":
            table = choice_table(project, {pk: questions}, Assignment.Purpose.IMPORTED)
            question = main_question(questions)
            found.append(_agreement(table, question, is_imported=True))
    return [entry for entry in found if entry["n_items"]]


def _agreement(
    table: ChoiceTable, question: Question, *, is_imported: bool
) -> dict[str, Any]:
    n_agree, n_items = unanimous(table), table.n_items
    if not n_items:
        return {"n_items": 0}
    interval = wilson_interval(n_agree, n_items)
    return {
        "is_imported": is_imported,
        "question": question.title,
        "n_items": n_items,
        "n_raters": table.n_raters,
        "n_agree": n_agree,
        "share": n_agree / n_items,
        "low": interval.low,
        "high": interval.high,
        **_over_pairs(table),
    }


def _over_pairs(table: ChoiceTable) -> dict[str, float | None]:
    """Return the share of equal pairs, and alpha with a bootstrap interval.

    The interval is left out for large tables, where it is narrow and takes minutes.
    """
    ratings = np.where(table.codes == MISSING, np.nan, table.codes).T
    alpha = krippendorff_alpha(ratings).value
    found: dict[str, float | None] = {
        "pairs": percent_agreement(ratings).value,
        "alpha": None if math.isnan(alpha) else alpha,
        "alpha_low": None,
        "alpha_high": None,
    }
    if found["alpha"] is not None and table.n_items <= MAX_RESAMPLED:
        rng = np.random.default_rng(table.n_items)
        interval = bootstrap_items(ratings, krippendorff_alpha, rng, N_RESAMPLES)
        if not math.isnan(interval.low):
            found |= {"alpha_low": interval.low, "alpha_high": interval.high}
    return found
