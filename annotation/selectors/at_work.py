"""Who is at work in a project, and which leases are stuck."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from annotation.models import Project

NOW = timedelta(minutes=10)
MAX_PEOPLE = 30
MAX_STUCK = 10


@dataclass(frozen=True)
class PersonAtWork:
    """Somebody who was at work in the last day."""

    pseudonym: str
    is_now: bool
    seen_at: datetime
    n_today: int
    n_done: int
    median_ms: int | None


@dataclass(frozen=True)
class AtWork:
    """People of the last day, at most MAX_PEOPLE of them, and how many there are."""

    people: tuple[PersonAtWork, ...]
    n_today: int
    n_now: int


@dataclass(frozen=True)
class StuckLease:
    """An open item on which nothing has happened for two lease times."""

    public_id: uuid.UUID
    annotator: str
    item_id: uuid.UUID
    item_name: str
    since: datetime


# The median of the last hundred says as much as that of all, and costs a tenth.
_OF_TODAY = """
    FROM assignment a
    WHERE a.participant_id = c.id AND a.purpose <> 'imported'
      AND a.annotation_id IS NOT NULL AND a.finished_at > now() - interval '1 day'
"""
_PEOPLE = f"""
    WITH seen AS (
        SELECT p.id, p.pseudonym, p.n_done, held.is_open,
            GREATEST(held.at, own.at) AS at
        FROM participant p
        LEFT JOIN LATERAL (
            SELECT true AS is_open, GREATEST(a.shown_at, d.updated_at) AS at
            FROM assignment a LEFT JOIN draft d ON d.assignment_id = a.id
            WHERE a.participant_id = p.id AND a.state = 'open'
              AND a.lease_until >= now()) held ON true
        LEFT JOIN LATERAL (
            SELECT a.finished_at AS at FROM assignment a
            WHERE a.participant_id = p.id AND a.finished_at IS NOT NULL
              AND a.state IN ('submitted', 'surplus', 'skipped', 'released')
            ORDER BY a.finished_at DESC LIMIT 1) own ON true
        WHERE p.project_id = %(project)s AND p.source <> 'import'
          AND p.user_id IS NOT NULL
          AND (held.is_open OR own.at > now() - interval '1 day'))
    , counted AS (
        SELECT *, count(*) OVER () AS n_today,
            count(*) FILTER (WHERE is_open OR at > %(recent)s) OVER () AS n_now
        FROM seen ORDER BY at DESC LIMIT %(limit)s)
    SELECT c.pseudonym, COALESCE(c.is_open OR c.at > %(recent)s, false), c.at,
        today.n, c.n_done, today.median, c.n_today, c.n_now
    FROM counted c CROSS JOIN LATERAL (
        SELECT (SELECT count(*) FROM (SELECT 1 {_OF_TODAY} LIMIT 1000) few) AS n,
            (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n.active_ms)
             FROM (SELECT a.annotation_id {_OF_TODAY} ORDER BY a.finished_at DESC
                   LIMIT 100) last
             JOIN annotation n ON n.id = last.annotation_id) AS median) today
    ORDER BY c.at DESC
"""  # noqa: S608  # made of the constant above


def people_at_work(project: Project) -> AtWork:
    """Return who was at work in the last day; one query, bounded by the members."""
    recent = timezone.now() - NOW
    with connection.cursor() as db:
        db.execute(
            _PEOPLE,
            {"project": project.pk, "recent": recent, "limit": MAX_PEOPLE},
        )
        rows: list[Any] = db.fetchall()
    people = tuple(
        PersonAtWork(
            pseudonym=row[0],
            is_now=row[1],
            seen_at=row[2],
            n_today=row[3],
            n_done=row[4],
            median_ms=None if row[5] is None else round(row[5]),
        )
        for row in rows
    )
    n_today, n_now = (rows[0][6], rows[0][7]) if rows else (0, 0)
    return AtWork(people, n_today, n_now)


_STUCK = """
    SELECT a.public_id, p.pseudonym, i.public_id,
        COALESCE(NULLIF(i.external_id, ''), 'Item ' || i.number),
        GREATEST(a.shown_at, d.updated_at) AS since
    FROM assignment a
    JOIN participant p ON p.id = a.participant_id
    JOIN item i ON i.id = a.item_id
    LEFT JOIN draft d ON d.assignment_id = a.id
    WHERE a.state = 'open' AND a.project_id = %(project)s
      AND GREATEST(a.shown_at, d.updated_at) < %(quiet)s
    ORDER BY since LIMIT %(limit)s
"""


def stuck_leases(project: Project) -> tuple[StuckLease, ...]:
    """Return open items with no sign of work for two lease times; one query.

    A page left open in a forgotten window renews its lease for ever; what tells work
    from that is when the item was shown and when its draft was saved last.
    """
    quiet = timezone.now() - timedelta(seconds=2 * project.lease_s)
    with connection.cursor() as db:
        db.execute(
            _STUCK,
            {"project": project.pk, "quiet": quiet, "limit": MAX_STUCK},
        )
        return tuple(StuckLease(*row) for row in db.fetchall())
