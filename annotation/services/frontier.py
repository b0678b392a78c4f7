"""Compute the stored counters of assignment anew; the command `rebuild_frontier`.

Services.assignments and services.submissions alone write them otherwise.
"""

from collections import defaultdict

from django.db import connection, transaction

from annotation.allocation.presentation import with_first
from annotation.models import Participant, Project
from annotation.services.quotas import recount

_ENTRIES = """
    UPDATE frontier f
    SET n_taken = real.taken, n_counted = real.counted, turns = real.turns
    FROM (SELECT e.item_id, count(a.id) AS taken,
            count(a.id) FILTER (WHERE a.state = 'submitted') AS counted,
            ARRAY(SELECT cardinality(array_positions(
                array_agg(a."order"[1]), e.base_order[k]))
              FROM generate_series(1, cardinality(e.base_order)) k ORDER BY k) AS turns,
            ARRAY(SELECT COALESCE(e.turns[k], 0)
              FROM generate_series(1, cardinality(e.base_order)) k ORDER BY k) AS stored
          FROM frontier e LEFT JOIN assignment a
            ON a.item_id = e.item_id AND a.purpose = 'main'
            AND a.state IN ('open', 'queued', 'reserved', 'submitted')
          WHERE e.project_id = %s GROUP BY e.item_id) real
    WHERE f.item_id = real.item_id
      AND (f.n_taken, f.n_counted, real.stored::int[])
        <> (real.taken, real.counted, real.turns::int[])
"""
_DONE = """
    UPDATE participant p SET n_done = real.n, n_checks = real.checks FROM (
        SELECT q.id, count(a.id) AS n,
            count(a.id) FILTER (WHERE a.purpose <> 'main') AS checks
        FROM participant q
        LEFT JOIN assignment a ON a.participant_id = q.id
          AND a.state IN ('submitted', 'surplus') AND a.purpose <> 'imported'
        WHERE q.project_id = %s GROUP BY q.id) real
    WHERE p.id = real.id AND (p.n_done, p.n_checks) <> (real.n, real.checks)
"""
_FIRSTS = """
    SELECT participant_id, cardinality("order"), "order"[1], count(*)
    FROM assignment
    WHERE project_id = %s AND purpose = 'main' AND state = 'submitted'
    GROUP BY 1, 2, 3
"""


@transaction.atomic
def rebuild_frontier(*, project: Project) -> int:
    """Compute the counters anew from the assignments; return how many differed."""
    n_mended = 0
    with connection.cursor() as db:
        for statement in (_ENTRIES, _DONE):
            db.execute(statement, [project.pk])
            n_mended += int(db.rowcount)
    return n_mended + _rebuild_firsts(project) + recount(project=project)


def _rebuild_firsts(project: Project) -> int:
    real: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as db:
        db.execute(_FIRSTS, [project.pk])
        for participant_id, n_completions, first, n in db.fetchall():
            order = [first] * n_completions
            real[participant_id] = with_first(real[participant_id], order, n)
    n_mended = 0
    for person in Participant.objects.filter(project=project).only("firsts"):
        if _bare(person.firsts) != _bare(real[person.pk]):
            person.firsts = real[person.pk] or [0]
            person.save(update_fields=["firsts"])
            n_mended += 1
    return n_mended


def _bare(firsts: list[int]) -> list[int]:
    """Return the counts without gaps and without zeros at the end."""
    counts = [n or 0 for n in firsts]
    while counts and not counts[-1]:
        counts.pop()
    return counts
