"""The live figures of a project: progress, pace, who is at work, what is stuck.

Asked for every ten seconds by each open dashboard, so each query is bounded by the
people of the project or its unfinished items, never by all answers; what would take
longer is made by a worker (see services.charts).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

from django.core.cache import cache
from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone

from annotation.durations import left_words
from annotation.models import Flag, Job, Participant, Project
from annotation.selectors.at_work import (
    AtWork,
    StuckLease,
    people_at_work,
    stuck_leases,
)
from annotation.selectors.charts import kept_figures
from annotation.selectors.comments import Questions, questions_waiting
from annotation.selectors.workers import workers_alive

N_DAYS = 7
MAX_FLAGS = 6
# Counting a large pool costs a tenth of a second or two, so all viewers share it.
CACHE_S = 10
LARGE_CACHE_S = 60
LARGE = 100_000


@dataclass(frozen=True)
class Progress:
    """How far the pool is, without items excluded from the work or routed away.

    Of `n_routed_away`, `n_waiting` have no route yet; the others are left to the AI.
    `n_answers`: current answers by people of this project, to any item.
    """

    n_items: int
    n_unfinished: int
    n_answers_left: int
    n_answers: int
    n_people: int
    n_excluded: int = 0
    n_routed_away: int = 0
    n_waiting: int = 0

    @property
    def n_ai(self) -> int:
        """Return how many items are left to the AI."""
        return max(self.n_routed_away - self.n_waiting, 0)

    @property
    def n_finished(self) -> int:
        """Return how many items have all the answers that they want."""
        return self.n_items - self.n_unfinished

    @property
    def percent(self) -> int:
        """Return the share of finished items, rounded down: 100 means all."""
        return 100 * self.n_finished // self.n_items if self.n_items else 0


@dataclass(frozen=True)
class Pace:
    """Answers per day over the last days, oldest first, and what that promises."""

    days: tuple[tuple[date, int], ...]
    n_week: int
    per_day: float
    left: str


@dataclass(frozen=True)
class WaitingJobs:
    """Jobs that wait, and whether anything is there to run them."""

    n_waiting: int
    n_running: int
    since: datetime | None
    is_worker_alive: bool

    @property
    def is_stalled(self) -> bool:
        """Tell whether a person waits for a worker that is not there."""
        return not self.is_worker_alive and self.n_waiting + self.n_running > 0


@dataclass(frozen=True)
class Live:
    """Everything on the dashboard that changes while somebody looks."""

    progress: Progress
    pace: Pace
    at_work: AtWork
    stuck: tuple[StuckLease, ...]
    flags: tuple[Flag, ...]
    n_flags: int
    questions: Questions
    jobs: WaitingJobs


class PastDays(TypedDict):
    """Days that are over, as JSON: [day, answers, time of the first]; up to `until`."""

    zone: str
    until: str
    days: list[list[Any]]


def live(project: Project) -> Live:
    """Return the live figures: seven queries, six while the cache knows the pace.

    One more where the project is large: what a worker has kept of the past days.
    One more where a question waits.
    """
    progress = _progress(project)
    pace = _pace(project, is_large=progress.n_answers > LARGE)
    flags = list(
        Flag.objects.filter(project=project, resolved_at=None)
        .select_related("item", "participant")
        .order_by("-id")[:1000]
    )
    return Live(
        progress=progress,
        pace=with_left(pace, progress),
        at_work=people_at_work(project),
        stuck=stuck_leases(project),
        flags=tuple(flags[:MAX_FLAGS]),
        n_flags=len(flags),
        questions=questions_waiting(project),
        jobs=waiting_jobs(project),
    )


_COUNT = """
    SELECT
        COALESCE((SELECT max(number) FROM item WHERE project_id = %(project)s), 0)
        - (SELECT count(*) FROM check_item
           WHERE project_id = %(project)s AND NOT is_in_pool)
        - e.n - e.n_ai, u.n, u.n_left, p.n_done, p.n, e.n, e.n_ai,
        (SELECT count(*) FROM route
         WHERE project_id = %(project)s AND source = 'waiting')
    FROM (SELECT count(*) FILTER (WHERE is_excluded) AS n,
            count(*) FILTER (WHERE NOT is_excluded) AS n_ai FROM frontier f
          WHERE project_id = %(project)s AND (is_excluded OR is_routed_away)
            AND NOT EXISTS (
              SELECT 1 FROM check_item c
              WHERE c.item_id = f.item_id AND NOT c.is_in_pool)) e,
        (SELECT count(*) AS n, COALESCE(sum(target - n_counted), 0) AS n_left
          FROM frontier WHERE project_id = %(project)s AND n_counted < target) u,
        (SELECT COALESCE(sum(n_done - n_checks), 0) AS n_done,
            count(*) FILTER (WHERE n_done > n_checks) AS n
         FROM participant WHERE project_id = %(project)s AND source <> 'import') p
"""


def _progress(project: Project) -> Progress:
    """Count the pool: the last number tells; a check alone is no part of it."""
    key = f"pool:{project.pk}"
    row = cache.get(key)
    if row is None:
        with connection.cursor() as db:
            db.execute(_COUNT, {"project": project.pk})
            row = [int(value) for value in db.fetchone()]
        # A small pool is counted anew, so that an import is seen at once.
        if row[1] > LARGE:
            cache.set(key, row, LARGE_CACHE_S)
    return Progress(*row)


def answers_so_far(project: Project) -> int:
    """Return how many current answers the people of a project have given; one query."""
    members = Participant.objects.filter(project=project).exclude(
        source=Participant.Source.IMPORT
    )
    return int(members.aggregate(n=Sum(F("n_done") - F("n_checks")))["n"] or 0)


# One walk along each person's own index, so that imported answers cost nothing.
_PACE = """
    SELECT d.day, sum(d.n), min(d.first_at)
    FROM participant p CROSS JOIN LATERAL (
        SELECT (a.finished_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS n,
            min(a.finished_at) AS first_at
        FROM assignment a
        WHERE a.participant_id = p.id AND a.finished_at >= %(since)s
          AND a.state IN ('submitted', 'surplus') AND a.purpose = 'main'
        GROUP BY 1) d
    WHERE p.project_id = %(project)s AND p.source <> 'import' AND p.n_done > 0
    GROUP BY d.day
"""


def _pace(project: Project, *, is_large: bool) -> Pace:
    key = f"pace:{project.pk}"
    known = cache.get(key)
    if known is None:
        kept = kept_figures(project) if is_large else None
        known = _measure_pace(project, kept.numbers.get("pace") if kept else None)
        cache.set(key, known, CACHE_S if known.n_week < LARGE else LARGE_CACHE_S)
    pace: Pace = known
    return pace


def pace_of(project: Project) -> Pace:
    """Return the pace alone, without what is left; two queries at most."""
    return _pace(project, is_large=answers_so_far(project) > LARGE)


def past_days(project: Project) -> PastDays:
    """Return the days of the pace that are over; a worker keeps them; one query."""
    midnight = _midnight()
    first = midnight - timedelta(days=N_DAYS - 1)
    rows = [row for row in _counted(project, first) if row[0] < midnight.date()]
    return {
        "zone": str(timezone.get_current_timezone()),
        "until": midnight.isoformat(),
        "days": [[day.isoformat(), n, at.isoformat()] for day, n, at in rows],
    }


def _midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _counted(project: Project, since: datetime) -> list[tuple[date, int, datetime]]:
    """Return each day since then with its answers and the time of the first."""
    # By its key: the name of a fixed offset, such as "-06", PostgreSQL reads as +6.
    zone = str(timezone.get_current_timezone())
    with connection.cursor() as db:
        db.execute(_PACE, {"project": project.pk, "zone": zone, "since": since})
        return [(day, int(n), at) for day, n, at in db.fetchall()]


def _measure_pace(project: Project, kept: PastDays | None) -> Pace:
    """Count the answers of the last days; what is `kept` is not counted again."""
    now = timezone.localtime()
    since = _midnight() - timedelta(days=N_DAYS - 1)
    rows: list[tuple[date, int, datetime]] = []
    begin = since
    if kept and kept["zone"] == str(timezone.get_current_timezone()):
        begin = max(since, datetime.fromisoformat(kept["until"]))
        rows = [
            (date.fromisoformat(day), n, datetime.fromisoformat(at))
            for day, n, at in kept["days"]
            if day >= since.date().isoformat()
        ]
    rows += _counted(project, begin)
    by_day = {day: n for day, n, _ in rows}
    days = tuple(
        (day, by_day.get(day, 0))
        for day in (since.date() + timedelta(days=i) for i in range(N_DAYS))
    )
    n_week = sum(by_day.values())
    first_at = min((row[2] for row in rows), default=now)
    # A day at least: the pace of a first hour says little about the days to come.
    elapsed = max((now - first_at) / timedelta(days=1), 1.0)
    return Pace(days=days, n_week=n_week, per_day=n_week / elapsed, left="")


def with_left(pace: Pace, progress: Progress) -> Pace:
    """Return the pace with what is left at it, in words; empty where none is known."""
    left = ""
    if pace.per_day > 0 and progress.n_answers_left:
        left = left_words(progress.n_answers_left / pace.per_day)
    return Pace(pace.days, pace.n_week, pace.per_day, left)


def waiting_jobs(project: Project) -> WaitingJobs:
    """Return the unfinished jobs that people wait for; one query, one cache request."""
    rows = list(
        Job.objects.filter(
            project=project, state__in=(Job.State.WAITING, Job.State.RUNNING)
        )
        .exclude(kind=Job.Kind.CHARTS)
        .order_by("created_at")
        .values_list("state", "created_at")[:100]
    )
    waiting = [made_at for state, made_at in rows if state == Job.State.WAITING]
    return WaitingJobs(
        n_waiting=len(waiting),
        n_running=len(rows) - len(waiting),
        since=rows[0][1] if rows else None,
        is_worker_alive=workers_alive()["default"],
    )
