"""Step route: keep the newest decision on where each item's label comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from annotation.models import Job, Route

# What a change of items decides, by its name.
SOURCES: Mapping[str, str] = {
    "to_ai": Route.Source.AI,
    "to_people": Route.Source.HUMAN,
}
# The route of the item of `locked` as it is kept with a change, to be undone.
BEFORE = "(SELECT to_jsonb(r) FROM route r WHERE r.item_id = locked.item_id)"
_DECIDE = """
    INSERT INTO route (public_id, created_at, item_id, project_id, source, reason,
        decided_by_id)
    SELECT gen_random_uuid(), now(), i.id, i.project_id, %(source)s, %(reason)s,
        %(user)s
    FROM item i WHERE i.id = ANY(%(items)s)
    ON CONFLICT (item_id) DO UPDATE SET public_id = EXCLUDED.public_id,
        created_at = EXCLUDED.created_at, source = EXCLUDED.source,
        reason = EXCLUDED.reason, decided_by_id = EXCLUDED.decided_by_id
"""
_RESTORE = """
    INSERT INTO route
    SELECT (jsonb_populate_record(NULL::route, c.route)).* FROM item_change c
    WHERE c.job_id = %(job)s AND c.item_id = ANY(%(items)s) AND c.route IS NOT NULL
"""


def decide(job: Job, item_ids: Sequence[int]) -> None:
    """Write what a job that changes items decided of them; one statement."""
    if not item_ids:
        return
    with connection.cursor() as db:
        db.execute(
            _DECIDE,
            {
                "source": SOURCES[job.parameters["action"]],
                "reason": job.parameters["reason"],
                "user": job.created_by_id,
                "items": list(item_ids),
            },
        )


def restore(job: Job, item_ids: Sequence[int]) -> None:
    """Put the routes back that these items had before a job changed them."""
    if not item_ids:
        return
    parameters: dict[str, Any] = {"job": job.pk, "items": list(item_ids)}
    with connection.cursor() as db:
        db.execute("DELETE FROM route WHERE item_id = ANY(%(items)s)", parameters)
        db.execute(_RESTORE, parameters)
