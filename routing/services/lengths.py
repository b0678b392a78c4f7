"""Step route: how much is to be read of each item, measured once; texts never change.

Counted in the database, so that no text travels.
"""

from django.db import connection

from annotation.models import Project

_MEASURE = """
    INSERT INTO item_measures AS m (item_id, version, values, n_chars)
    SELECT i.id, 0, '{}', (
            SELECT COALESCE(sum(length(t.message ->> 'content')), 0)
            FROM jsonb_array_elements(i.messages) t(message))
        + (SELECT COALESCE(sum(length(c.text)), 0) FROM completion c
           WHERE c.item_id = i.id)
    FROM item i LEFT JOIN item_measures known ON known.item_id = i.id
    WHERE i.project_id = %s AND known.n_chars IS NULL
    ORDER BY i.id
    ON CONFLICT (item_id) DO UPDATE SET n_chars = EXCLUDED.n_chars
    WHERE m.n_chars IS NULL
"""


def measure_lengths(project: Project) -> int:
    """Measure the items that are new; return how many there were. One statement."""
    with connection.cursor() as db:
        db.execute(_MEASURE, [project.pk])
        return int(db.rowcount)
