"""Step route: keep the newest decision on where each item's label comes from.

By hand it comes with a change of items (services.item_changes), which can also give an
item back to the policy in force; a policy's decisions are applied in bulk by the app
above. What people have answered or have in hand is never
touched, and what was decided by hand stands against every policy.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from annotation.models import Job, Project, Route
from annotation.services import pairings
from annotation.services.races import retried

# What a change of items decides, by its name.
SOURCES: Mapping[str, str] = {
    "to_ai": Route.Source.AI,
    "to_people": Route.Source.HUMAN,
    "to_policy": Route.Source.WAITING,
}
# The route of the item of `locked` as it is kept with a change, to be undone.
BEFORE = "(SELECT to_jsonb(r) FROM route r WHERE r.item_id = locked.item_id)"
_DECIDE = """
    DELETE FROM route WHERE item_id = ANY(%(items)s);
    INSERT INTO route (public_id, created_at, item_id, project_id, source, part, reason,
        decided_by_id)
    SELECT gen_random_uuid(), now(), i.id, i.project_id, %(source)s, %(part)s,
        %(reason)s, %(user)s
    FROM item i WHERE i.id = ANY(%(items)s)
"""
_RESTORE = """
    DELETE FROM route WHERE item_id = ANY(%(items)s);
    INSERT INTO route
    SELECT (jsonb_populate_record(NULL::route, c.route)).* FROM item_change c
    WHERE c.job_id = %(job)s AND c.item_id = ANY(%(items)s) AND c.route IS NOT NULL
"""

_ASK_POLICY = """
    WITH asked AS (
        UPDATE route r SET source = 'waiting', part = 'rest', policy = NULL,
            gain = NULL, gain_low = NULL, gain_high = NULL, propensity = NULL,
            cost_usd = NULL, reasons = '[]'
        FROM frontier f JOIN project p ON p.id = f.project_id
        WHERE r.item_id = ANY(%(items)s) AND f.item_id = r.item_id
          AND r.policy = p.routing_policy AND r.source = 'human'
          AND r.part <> 'by_hand' AND f.n_taken = 0 AND NOT f.is_excluded
        RETURNING r.item_id)
    UPDATE frontier f SET is_routed_away = true, target = 0
    FROM asked WHERE f.item_id = asked.item_id RETURNING f.item_id
"""


def decide(job: Job, item_ids: Sequence[int]) -> None:
    """Write what a job that changes items decided of them; no statement for none."""
    action = job.parameters["action"]
    parameters = {
        "source": SOURCES[action],
        "part": Route.Part.REST if action == "to_policy" else Route.Part.BY_HAND,
        "reason": job.parameters["reason"],
        "user": job.created_by_id,
    }
    _run(_DECIDE, parameters, item_ids)


def restore(job: Job, item_ids: Sequence[int]) -> None:
    """Put the routes back that these items had before a job changed them."""
    _run(_RESTORE, {"job": job.pk}, item_ids)


def ask_policy(item_ids: Sequence[int]) -> list[int]:
    """Let the policy in force decide anew on items that come back to it; return them.

    While they were away it may have spent their share of its budget elsewhere, so what
    it had chosen waits, to be decided on within what is left. One statement.
    """
    with connection.cursor() as db:
        db.execute(_ASK_POLICY, {"items": list(item_ids)})
        return [row[0] for row in db.fetchall()]


def policy_in_force(project: Project) -> int | None:
    """Return the number of the routing policy in force, if any; it ends no sooner.

    Locked, so that what is given back to it in this transaction is seen by whoever
    ends it. Takes a query.
    """
    with connection.cursor() as db:
        db.execute(
            "SELECT routing_policy FROM project WHERE id = %s FOR SHARE", [project.pk]
        )
        number: int | None = db.fetchone()[0]
    return number


def set_policy_in_force(
    *, project: Project, number: int | None, do_new_items_wait: bool = False
) -> None:
    """Tell the project which routing policy is in force, by its number; None: none.

    `do_new_items_wait`: what is imported from now on is lent to nobody until the policy
    has decided on it.
    """
    Project.objects.filter(pk=project.pk).update(
        routing_policy=number, do_new_items_wait=do_new_items_wait
    )


def _run(
    statements: str, parameters: Mapping[str, Any], item_ids: Sequence[int]
) -> None:
    if not item_ids:
        return
    with connection.cursor() as db:
        for statement in statements.split(";"):
            db.execute(statement, {**parameters, "items": list(item_ids)})


# --- by a policy --------------------------------------------------------------------


@dataclass(frozen=True)
class RouteDraft:
    """What a policy decided of one item; the fields are those of Route.

    `priority` is that of the item from now on: higher is lent first; None: as it was.
    """

    item_id: int
    source: str
    part: str
    priority: int | None = 0
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    propensity: float | None = None
    cost_usd: Decimal | None = None
    reasons: Sequence[Mapping[str, str]] = ()


# What is drawn at random, whose labels all estimates rest on: blind for everybody.
BY_LOT = (Route.Part.SEED, Route.Part.AUDIT, Route.Part.RESERVE)
# Locked in one order, as all that changes many entries does; in a statement of its own,
# so that what was decided by hand in the meantime is seen. An item given back after its
# suggestion was seen may come to the same person again.
_LOCK = """
    SELECT f.item_id FROM frontier f
    WHERE f.item_id = ANY(%(items)s) AND f.project_id = %(project)s AND f.n_taken = 0
      AND NOT (f.item_id = ANY(%(blind)s) AND EXISTS (
        SELECT 1 FROM assignment a JOIN exposure e ON e.assignment_id = a.id
        WHERE a.item_id = f.item_id AND e.visible_at IS NOT NULL))
    ORDER BY f.item_id FOR NO KEY UPDATE
"""
_APPLY = """
    WITH given AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS g(item_id bigint,
            source text, part text, priority int, gain float, gain_low float,
            gain_high float, propensity float, cost_usd numeric, reasons jsonb))
    , locked AS MATERIALIZED (
        SELECT held.item_id FROM unnest(%(held)s::bigint[]) AS held(item_id)
        WHERE NOT EXISTS (SELECT 1 FROM route r
            WHERE r.item_id = held.item_id AND r.part = 'by_hand'))
    , moved AS (
        UPDATE frontier f SET is_routed_away = g.source <> 'human',
            target = CASE WHEN f.is_excluded OR g.source <> 'human' THEN 0
              ELSE COALESCE(f.overlap, p.overlap) END,
            rank = COALESCE(-g.priority, f.rank)
        FROM locked JOIN given g USING (item_id), project p
        WHERE f.item_id = locked.item_id AND p.id = f.project_id)
    INSERT INTO route (public_id, created_at, item_id, project_id, source, part, reason,
        policy, run, gain, gain_low, gain_high, propensity, cost_usd, reasons)
    SELECT gen_random_uuid(), now(), g.item_id, %(project)s, g.source, g.part, '',
        %(policy)s, %(run)s, g.gain, g.gain_low, g.gain_high, g.propensity, g.cost_usd,
        g.reasons
    FROM locked JOIN given g USING (item_id)
    ON CONFLICT (item_id) DO UPDATE SET public_id = EXCLUDED.public_id,
        created_at = EXCLUDED.created_at, source = EXCLUDED.source,
        part = EXCLUDED.part, reason = '', decided_by_id = NULL,
        policy = EXCLUDED.policy, run = EXCLUDED.run, gain = EXCLUDED.gain,
        gain_low = EXCLUDED.gain_low, gain_high = EXCLUDED.gain_high,
        propensity = EXCLUDED.propensity, cost_usd = EXCLUDED.cost_usd,
        reasons = EXCLUDED.reasons
    RETURNING item_id, source
"""


@retried
def apply_routes(
    *,
    project: Project,
    policy: int | None,
    drafts: Sequence[RouteDraft],
    run: UUID | None = None,
) -> list[int]:
    """Let a policy's decisions hold; return the items that they reached.

    Two statements; give some thousand at a time, and call assignments.restart_walks
    after the last. Items that people have answered or have in hand, and items decided
    by hand, stay as they are. So do those drawn at random whose suggestion somebody has
    seen.

    Parameters
    ----------
    policy : int or None
        The policy's number; None where none has decided: the items wait for the next
        run of the one in force, or return to people from there.
    run : UUID, optional
        The public id of the job that decided.
    """
    if not drafts:
        return []
    parameters: dict[str, Any] = {
        "rows": json.dumps([vars(draft) for draft in drafts], default=str),
        "items": [draft.item_id for draft in drafts],
        "blind": [draft.item_id for draft in drafts if draft.part in BY_LOT],
        "project": project.pk,
        "policy": policy,
        "run": run,
    }
    with connection.cursor() as db:
        db.execute(_LOCK, parameters)
        held = [row[0] for row in db.fetchall()]
        db.execute(_APPLY, parameters | {"held": held})
        reached = dict(db.fetchall())
    if project.protocol_rules:
        away = [item for item, source in reached.items() if source != "human"]
        pairings.settle_items(away)
        pairings.ask_items_again([item for item in reached if item not in set(away)])
    return list(reached)


# Items that a policy may decide on: two completions, and no answer that is known.
_NEW = """
    SELECT i.id FROM item i
    WHERE i.project_id = %(project)s AND i.number > %(after)s AND i.n_completions = 2
      AND (i.gold IS NULL OR i.gold = '{}')
    ORDER BY i.number
"""
CHUNK = 2_000


def hold_new_items(*, project: Project, after: int) -> None:
    """Let items past a number wait for the policy in force, as an import brings them.

    Called in the transaction that stores them, so that nobody is lent one before.
    """
    with connection.cursor() as db:
        db.execute(_NEW, {"project": project.pk, "after": after})
        ids = [row[0] for row in db.fetchall()]
    for start in range(0, len(ids), CHUNK):
        hold_items(project=project, item_ids=ids[start : start + CHUNK])


def hold_items(*, project: Project, item_ids: Sequence[int]) -> list[int]:
    """Let items wait for the policy in force; return those that do now.

    What somebody has, and what was decided by hand, stays. Some thousand at a time.
    """
    wait, rest = Route.Source.WAITING, Route.Part.REST
    drafts = [RouteDraft(item, wait, rest, priority=None) for item in item_ids]
    return apply_routes(project=project, policy=None, drafts=drafts)


def let_go(*, project: Project, item_ids: Sequence[int]) -> list[int]:
    """Return to people what waits for a policy that cannot decide on it.

    Some thousand at a time; call assignments.restart_walks after the last.
    """
    human, rest = Route.Source.HUMAN, Route.Part.REST
    drafts = [RouteDraft(item, human, rest, priority=None) for item in item_ids]
    return apply_routes(project=project, policy=None, drafts=drafts)
