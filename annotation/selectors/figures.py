"""The figures that need all answers: read by a worker and kept with the charts.

Each is one aggregate statement; only what people chose on shared items leaves the
database row by row (see selectors.arrays).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from annotation.answers import Question, main_question
from annotation.models import Project

MAX_DAYS = 400
MAX_CATEGORIES = 50
MAX_REASONS = 20


@dataclass(frozen=True)
class DayCount:
    """What one day brought: answers by people here, pre-annotations, finished items."""

    day: date
    n_human: int
    n_machine: int
    n_finished: int


@dataclass(frozen=True)
class FirstShown:
    """How often the completion shown first won, by who chose; ties stand apart."""

    name: str
    is_machine: bool
    n_first: int
    n_second: int
    n_ties: int

    @property
    def n_decided(self) -> int:
        """Return the number of comparisons with a winner."""
        return self.n_first + self.n_second


@dataclass(frozen=True)
class Times:
    """Active time per answer in milliseconds; `sample` is spread evenly over all."""

    n: int
    median_ms: float | None
    lower_ms: float | None
    upper_ms: float | None
    sample_ms: tuple[int, ...]


@dataclass(frozen=True)
class Counts:
    """What was brought along or made by machines, apart from people's own answers."""

    n_imported: int
    n_pre_annotations: int
    n_pre_annotated: int
    n_surplus: int
    n_skipped: int


def counts(project: Project) -> Counts:
    """Count what the dashboard keeps apart from people's own answers; one query."""
    row = _one(
        "SELECT (SELECT count(*) FROM assignment WHERE project_id = %(project)s"
        "   AND purpose = 'imported' AND annotation_id IS NOT NULL"
        "   AND state <> 'withdrawn'),"
        " (SELECT count(*) FROM pre_annotation WHERE project_id = %(project)s),"
        " (SELECT count(DISTINCT item_id) FROM pre_annotation"
        "   WHERE project_id = %(project)s AND status = 'ok'),"
        " (SELECT count(*) FROM assignment WHERE project_id = %(project)s"
        "   AND state = 'surplus'),"
        " (SELECT count(*) FROM assignment WHERE project_id = %(project)s"
        "   AND state = 'skipped')",
        {"project": project.pk},
    )
    return Counts(*row)


def n_items(project: Project) -> int:
    """Return the number of items that can be finished; one query.

    Items are numbered without gaps; those excluded, those that take a machine's label
    and those that are checks alone are no part of the work.
    """
    row = _one(
        "SELECT (SELECT COALESCE(max(number), 0) FROM item"
        "   WHERE project_id = %(project)s)"
        " - (SELECT count(*) FROM check_item"
        "   WHERE project_id = %(project)s AND NOT is_in_pool)"
        " - (SELECT count(*) FROM frontier f"
        "   WHERE f.project_id = %(project)s AND (f.is_excluded OR f.is_routed_away)"
        "   AND NOT EXISTS ("
        "     SELECT 1 FROM check_item c"
        "     WHERE c.item_id = f.item_id AND NOT c.is_in_pool))",
        {"project": project.pk},
    )
    return int(row[0])


_DAYS = """
    WITH human AS (
        SELECT (finished_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS n
        FROM assignment WHERE project_id = %(project)s
          AND state IN ('submitted', 'surplus') AND purpose = 'main'
        GROUP BY 1)
    , machine AS (
        SELECT (created_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS n
        FROM pre_annotation WHERE project_id = %(project)s AND status = 'ok'
        GROUP BY 1)
    , finished AS (
        SELECT (last.at AT TIME ZONE %(zone)s)::date AS day, count(*) AS n
        FROM (SELECT max(a.finished_at) AS at FROM frontier f
              JOIN assignment a ON a.item_id = f.item_id
              WHERE f.project_id = %(project)s AND f.n_counted >= f.target
                AND NOT f.is_excluded AND NOT f.is_routed_away
                AND a.state = 'submitted' AND a.purpose = 'main'
              GROUP BY f.item_id) last
        GROUP BY 1)
    SELECT day, COALESCE(h.n, 0), COALESCE(m.n, 0), COALESCE(f.n, 0)
    FROM human h FULL JOIN machine m USING (day) FULL JOIN finished f USING (day)
    WHERE day IS NOT NULL ORDER BY day DESC LIMIT %(limit)s
"""


def days(project: Project) -> list[DayCount]:
    """Return the days of the last MAX_DAYS on which something came, oldest first.

    Days between with nothing are filled in, up to today; one query.
    """
    zone = str(timezone.get_current_timezone())
    with connection.cursor() as db:
        db.execute(_DAYS, {"project": project.pk, "zone": zone, "limit": MAX_DAYS})
        known = {row[0]: DayCount(*row) for row in db.fetchall()}
    if not known:
        return []
    today = timezone.localdate()
    first = max(min(known), today - timedelta(days=MAX_DAYS - 1))
    n_days = (today - first).days + 1
    wanted = (first + timedelta(days=i) for i in range(n_days))
    return [known.get(day) or DayCount(day, 0, 0, 0) for day in wanted]


_TIMES = """
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY ms),
        percentile_cont(0.25) WITHIN GROUP (ORDER BY ms),
        percentile_cont(0.75) WITHIN GROUP (ORDER BY ms),
        percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY ms)
    FROM (SELECT n.active_ms AS ms FROM assignment a
          JOIN annotation n ON n.id = a.annotation_id
          WHERE a.project_id = %(project)s AND a.purpose = 'main'
            AND a.state <> 'withdrawn' AND n.active_ms IS NOT NULL) answered
"""
N_SAMPLE = 1000


def times(project: Project) -> Times:
    """Return how long answers take, and a sample for the histogram; one query."""
    shares = [(i + 0.5) / N_SAMPLE for i in range(N_SAMPLE)]
    row = _one(_TIMES, {"project": project.pk, "shares": shares})
    n = row[0]
    # With few answers each would stand many times in the sample.
    sample = row[4] or []
    kept = sample if n >= N_SAMPLE else [sample[_place(i, n)] for i in range(n)]
    return Times(n, row[1], row[2], row[3], tuple(int(ms) for ms in kept))


def _place(i: int, n: int) -> int:
    return min(int((i + 0.5) / n * N_SAMPLE), N_SAMPLE - 1)


_FIRST_HUMAN = """
    SELECT CASE a.purpose WHEN 'imported' THEN 'imported' ELSE 'people' END, false,
        {tallies}
    FROM assignment a JOIN annotation n ON n.id = a.annotation_id
    WHERE a.project_id = %(project)s AND array_length(a."order", 1) = 2
      AND a.questions_version_id = ANY(%(versions)s)
      AND a.state IN ('submitted', 'surplus') AND a.purpose IN ('main', 'imported')
    GROUP BY 1 ORDER BY 1 DESC
"""
_FIRST_MACHINE = """
    SELECT m.name, true, {tallies}
    FROM pre_annotation a JOIN machine_annotator m ON m.id = a.machine_id
    WHERE a.project_id = %(project)s AND array_length(a."order", 1) = 2
      AND a.questions_version_id = ANY(%(versions)s) AND a.status = 'ok'
    GROUP BY m.id, m.name ORDER BY m.name LIMIT 20
"""
_TALLIES = """
    count(*) FILTER (WHERE {value} <> 0 AND ({value} > 0) = (a."order"[1] = 0)),
    count(*) FILTER (WHERE {value} <> 0 AND ({value} > 0) <> (a."order"[1] = 0)),
    count(*) FILTER (WHERE {value} = 0)
"""


def first_shown(
    project: Project, questions: Mapping[int, tuple[Question, ...]]
) -> list[FirstShown]:
    """Return how often what was shown first won a comparison of two; two queries.

    Only answers whose order is known count; labels of files often do not tell it.
    """
    name, parameters = _compared(project, questions)
    if not name:
        return []
    found: list[FirstShown] = []
    for statement, answers in ((_FIRST_HUMAN, "n"), (_FIRST_MACHINE, "a")):
        value = f"({answers}.answers -> {name} ->> 'value')::int"
        tallies = _TALLIES.format(value=value)
        with connection.cursor() as db:
            db.execute(statement.format(tallies=tallies), parameters)
            found += [FirstShown(*row) for row in db.fetchall()]
    return [row for row in found if row.n_decided]


def _compared(
    project: Project, questions: Mapping[int, tuple[Question, ...]]
) -> tuple[str, dict[str, Any]]:
    """Return the name of the comparison of an answer in SQL, "" where there is none."""
    compared = {
        pk: main_question(asked).name
        for pk, asked in questions.items()
        if main_question(asked).type == "comparison"
    }
    if not compared:
        return "", {}
    cases = " ".join(f"WHEN {pk:d} THEN %(name{pk:d})s" for pk in compared)
    parameters: dict[str, Any] = {f"name{pk:d}": name for pk, name in compared.items()}
    parameters |= {"project": project.pk, "versions": list(compared)}
    return f"CASE a.questions_version_id {cases} END", parameters


_FIRST_BY_PERSON = """
    SELECT a.participant_id, {tallies}
    FROM assignment a JOIN annotation n ON n.id = a.annotation_id
    WHERE a.project_id = %(project)s AND array_length(a."order", 1) = 2
      AND a.questions_version_id = ANY(%(versions)s)
      AND a.state IN ('submitted', 'surplus') AND a.purpose = 'main'
    GROUP BY 1 ORDER BY 1
"""


def first_by_person(
    project: Project, questions: Mapping[int, tuple[Question, ...]]
) -> list[tuple[int, int]]:
    """Return (first one won, decided) for each person of this project; one query."""
    name, parameters = _compared(project, questions)
    if not name:
        return []
    value = f"(n.answers -> {name} ->> 'value')::int"
    statement = _FIRST_BY_PERSON.format(tallies=_TALLIES.format(value=value))
    rows = _rows(statement, parameters)
    return [(first, first + second) for _, first, second, _ in rows if first + second]


def categories(project: Project) -> list[tuple[str, int]]:
    """Return the commonest categories of items with their number; one query."""
    return _rows(
        "SELECT category, count(*) FROM item WHERE project_id = %s AND category <> ''"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s",
        [project.pk, MAX_CATEGORIES],
    )


def skip_reasons(project: Project) -> list[tuple[str, int]]:
    """Return why people skip, the commonest reason first; one query."""
    return _rows(
        "SELECT skip_reason, count(*) FROM assignment WHERE project_id = %s"
        " AND state = 'skipped' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s",
        [project.pk, MAX_REASONS],
    )


def latest(project: Project) -> str:
    """Return a mark that changes whenever the figures may have changed; one query."""
    row = _one(
        "SELECT (SELECT finished_at FROM assignment WHERE project_id = %(project)s"
        "   AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1),"
        " (SELECT max(id) FROM annotation WHERE project_id = %(project)s),"
        " (SELECT max(number) FROM item WHERE project_id = %(project)s),"
        " (SELECT max(finished_at) FROM job WHERE project_id = %(project)s"
        "   AND kind = 'import'),"
        " (SELECT max(done_at) FROM withdrawal WHERE project_id = %(project)s),"
        " (SELECT max(id) FROM event WHERE project_id = %(project)s"
        "   AND kind IN ('check_made', 'check_ended'))",
        {"project": project.pk},
    )
    marks = [_mark(value) for value in (*row, timezone.localdate())]
    return "|".join(marks)


def _mark(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _one(statement: str, parameters: Any) -> Any:
    return _rows(statement, parameters)[0]


def _rows(statement: str, parameters: Any) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        found: list[Any] = db.fetchall()
    return found
