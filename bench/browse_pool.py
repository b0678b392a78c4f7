"""A large pool with answers for the benchmark of the pages, made by statements alone.

Three answers an item on the average of a large study: 96 of 100 items are finished,
people mostly agree, some items are skipped or flagged, a tenth has a machine's answer.
"""

from collections.abc import Mapping
from typing import Any

from bench import pool

N_PEOPLE = 60
OVERLAP = 3
# Of item `i`, person k of three; the three differ, and all people get equal shares.
_PERSON = "p.ids[1 + (i.number * 3 + k) %% %(n_people)s]"
STATEMENTS = (
    # What people chose: by item, and one in thirty of them differently.
    "CREATE TEMP TABLE given AS SELECT i.id AS item_id, i.number, k, {person} AS"
    " participant_id, now() - make_interval(secs => 1 + 60 * 86400.0 * (1 -"
    " i.number::float / %(n)s)) AS at, CASE WHEN (i.number * 7 + k) %% 30 = 0"
    " THEN -1 ELSE 1 END * (1 + i.number %% 3) AS value"
    " FROM item i CROSS JOIN generate_series(0, 2) k,"
    " (SELECT array_agg(id ORDER BY id) AS ids FROM participant"
    " WHERE project_id = %(project)s AND source = 'member') p"
    " WHERE i.project_id = %(project)s AND (k < 2 OR i.number %% 25 > 0)",
    "INSERT INTO assignment (public_id, created_at, project_id, item_id,"
    " participant_id, purpose, round, state, questions_version_id,"
    ' guidelines_version_id, "order", layout, view, is_suggestion_visible,'
    " shown_at, finished_at, skip_reason) SELECT gen_random_uuid(), at,"
    " %(project)s, g.item_id, g.participant_id, 'main', 1, 'submitted', q.id, v.id,"
    " ARRAY[0, 1]::smallint[], 'side', 'rendered', false, at, at, ''"
    " FROM given g, questions_version q, guidelines_version v"
    " WHERE q.project_id = %(project)s AND v.project_id = %(project)s"
    " ORDER BY g.number, g.k",
    "INSERT INTO annotation (public_id, created_at, project_id, item_id,"
    " assignment_id, participant_id, submission_id, answers, is_retraction,"
    " source, active_ms, total_ms, metadata) SELECT gen_random_uuid(), a.finished_at,"
    " a.project_id, a.item_id, a.id, a.participant_id, gen_random_uuid(),"
    " jsonb_build_object('preference', jsonb_build_object('value', g.value)), false,"
    " 'web', 20000 + a.id %% 40000, 62000, '{{}}' FROM assignment a JOIN given g"
    " USING (item_id, participant_id) WHERE a.project_id = %(project)s ORDER BY a.id",
    "UPDATE assignment a SET annotation_id = n.id FROM annotation n"
    " WHERE n.assignment_id = a.id AND a.project_id = %(project)s",
    "UPDATE frontier f SET target = 3, n_taken = g.n, n_counted = g.n,"
    " n_presented = g.n FROM (SELECT item_id, count(*) AS n FROM given"
    " GROUP BY item_id) g WHERE g.item_id = f.item_id",
    "UPDATE participant p SET n_done = g.n FROM (SELECT participant_id, count(*) AS n"
    " FROM given GROUP BY participant_id) g WHERE g.participant_id = p.id",
    # A person who has not answered the item skips it.
    "INSERT INTO assignment (public_id, created_at, project_id, item_id,"
    " participant_id, purpose, round, state, questions_version_id,"
    " is_suggestion_visible, layout, view, shown_at, finished_at, skip_reason)"
    " SELECT gen_random_uuid(), now(), %(project)s, i.id,"
    " p.ids[1 + (i.number * 3 + 30) %% %(n_people)s], 'main', 1, 'skipped', q.id,"
    " false, '', '', now() - interval '30 days', now() - interval '30 days',"
    " 'I cannot tell' FROM item i, questions_version q, (SELECT array_agg(id"
    " ORDER BY id) AS ids FROM participant WHERE project_id = %(project)s"
    " AND source = 'member') p WHERE i.project_id = %(project)s"
    " AND q.project_id = %(project)s AND i.number %% 40 = 7",
    "INSERT INTO flag (public_id, created_at, project_id, item_id, participant_id,"
    " kind, note) SELECT gen_random_uuid(), now(), %(project)s, item_id,"
    " participant_id, 'broken', '' FROM given WHERE k = 0 AND number %% 2500 = 11",
    "INSERT INTO machine_annotator (public_id, created_at, project_id, name, kind,"
    " model, revision, prompt_sha256, parameters) VALUES (gen_random_uuid(), now(),"
    " %(project)s, 'judge', 'judge', 'judge-7b', '', '', '{{}}')",
    "INSERT INTO pre_annotation (public_id, created_at, project_id, item_id,"
    ' machine_id, questions_version_id, answers, status, raw, "order", metadata)'
    " SELECT gen_random_uuid(), now(), %(project)s, i.id, m.id, q.id,"
    " '{{\"preference\": {{\"value\": 1}}}}', 'ok', 'A', ARRAY[0, 1]::smallint[],"
    " '{{}}' FROM item i, machine_annotator m, questions_version q"
    " WHERE i.project_id = %(project)s AND m.project_id = %(project)s"
    " AND q.project_id = %(project)s AND i.number %% 10 = 3",
    "UPDATE item SET category = (ARRAY['nature', 'maths', 'code', 'law', 'health',"
    " 'travel', 'history', 'art'])[1 + number %% 8] WHERE project_id = %(project)s"
    " AND number %% 8 < 7",
    "DROP TABLE given",
)


def make_answered(slug: str, n_items: int) -> object:
    """Return a project with so many items, three times the answers, and traces."""
    from django.db import connection
    from django.utils import timezone

    from annotation.models import Chart
    from annotation.selectors.dashboard import past_days

    project = pool.make_project(slug)
    pool.annotators(project, N_PEOPLE)
    pool.fill(project, n_items, n_words=20)
    keys: Mapping[str, Any] = {
        "project": project.pk,  # type: ignore[attr-defined]
        "n": n_items,
        "n_people": N_PEOPLE,
    }
    with connection.cursor() as db:
        # Durable as the servers are, but not waited for after each statement.
        db.execute("SET synchronous_commit = off")
        for statement in STATEMENTS:
            db.execute(statement.format(person=_PERSON), keys)
        db.execute("VACUUM ANALYZE")
    # What beat lets a worker keep, in a process without the drawing of charts.
    Chart.objects.create(
        project=project,
        name="figures",
        theme="light",
        numbers={"pace": past_days(project), "categories": []},  # type: ignore[arg-type]
        made_at=timezone.now(),
    )
    return project
