"""Step assign: the statements of a claim, as text; services.assignments runs them.

A slot of an item is taken with a turn: the base order rotated by `turn` places. Which
turn is the least used one of the item, so that over its answers each completion stands
equally often first; where the item leaves the choice, the annotator's own answers
decide, and then the seed. A row that is locked is read anew, so the choice is right
under any concurrency.
"""

from dataclasses import dataclass

# One person's counts differ by at most this at a claim; a late answer may add one more.
SPREAD_AT_CLAIM = 2
SPREAD = 3

_OWN_ROW = """
    FROM assignment a
    WHERE a.item_id = f.item_id AND a.participant_id = %(participant)s
      AND a.purpose = 'main' AND a.round = 1
"""

# Slots of an item by turn: an equal share each, and one more for as many as remain.
_IS_LEFT = """
    COALESCE(f.turns[t + 1], 0) < f.target / cardinality(f.base_order)
    OR COALESCE(f.turns[t + 1], 0) = f.target / cardinality(f.base_order)
      AND (SELECT count(*) FROM unnest(f.turns) n
           WHERE n > f.target / cardinality(f.base_order))
        < f.target %% cardinality(f.base_order)
"""

# How often the person's answers had this completion first, and the least of the item.
_MINE = """
    COALESCE((%(firsts)s::int[])[cardinality(f.base_order)
      * (cardinality(f.base_order) - 1) / 2 + 1 + f.base_order[t + 1]], 0)
"""
_LEAST = """
    (SELECT min(COALESCE((%(firsts)s::int[])[cardinality(f.base_order)
       * (cardinality(f.base_order) - 1) / 2 + 1 + k], 0))
     FROM generate_series(0, cardinality(f.base_order) - 1) k)
"""

# The turn that this participant would be shown, or NULL. A lease that returns to its
# own row keeps its order, so that a draft or a page that is still open stays right.
TURN = f"""(
    SELECT t FROM generate_series(0, cardinality(f.base_order) - 1) t
    WHERE t = COALESCE((SELECT array_position(f.base_order, a."order"[1]) - 1
        {_OWN_ROW}), t)
      AND (NOT %(is_strict)s
        OR ({_IS_LEFT}) AND {_MINE} + 1 - {_LEAST} <= %(spread)s)
    ORDER BY COALESCE(f.turns[t + 1], 0), {_MINE},
      (t + cardinality(f.base_order) - f.n_presented %% cardinality(f.base_order))
        %% cardinality(f.base_order)
    LIMIT 1)"""  # noqa: S608  # made of the constants above

# Nobody else could still take this item: then balance yields, so that it is finished.
_NOBODY_ELSE = """
    (%(is_strict)s OR NOT EXISTS (
        SELECT 1 FROM participant o
        JOIN membership m ON m.project_id = o.project_id AND m.user_id = o.user_id
        WHERE o.project_id = f.project_id AND o.is_ready AND o.id <> %(participant)s
          AND o.standing = 'active' AND NOT EXISTS (
            SELECT 1 FROM check_plan c
            WHERE c.participant_id = o.id AND c.stage = 'failed')
          AND NOT EXISTS (
            SELECT 1 FROM assignment theirs
            WHERE theirs.item_id = f.item_id AND theirs.participant_id = o.id
              AND theirs.purpose = 'main')
          AND NOT EXISTS (
            SELECT 1 FROM quota_cell c
            LEFT JOIN item_cell ic ON ic.cell_id = c.id AND ic.item_id = f.item_id
            WHERE c.id = ANY(o.quota_cells) AND c.n_limit <= CASE c.kind
              WHEN 'per_item' THEN ic.n_taken WHEN 'people' THEN -1
              ELSE c.n_taken END)))
"""

# In a project with quotas: the person's cell still has room at this item, and neither
# the item's category nor the person's share of it is used up.
_IN_QUOTA = """
      AND NOT EXISTS (
        SELECT 1 FROM item_cell ic JOIN quota_cell c ON c.id = ic.cell_id
        WHERE ic.item_id = f.item_id AND ic.cell_id = ANY(%(item_cells)s)
          AND ic.n_taken >= c.n_limit)
      AND (cardinality(%(full_categories)s::text[]) = 0 OR NOT EXISTS (
        SELECT 1 FROM item i
        WHERE i.id = f.item_id AND i.category = ANY(%(full_categories)s)))
"""


def _free(quota: str) -> str:
    """Return: entries with a free slot for this participant, after the cursor."""
    return f"""
        SELECT f.item_id, {TURN} AS turn FROM frontier f
        WHERE f.project_id = %(project)s AND f.n_taken < f.target
          AND (f.rank, f.random_key) > (%(rank)s, %(key)s)
          AND NOT EXISTS (
            SELECT 1 {_OWN_ROW} AND a.state NOT IN ('expired', 'released'))
          AND {TURN} IS NOT NULL AND {_NOBODY_ELSE} {quota}
        ORDER BY f.rank, f.random_key, f.item_id
        LIMIT 1 FOR UPDATE OF f
    """  # noqa: S608  # made of the constants above


def _retake(quota: str) -> str:
    """Return: a slot again, in its old turn, for a lease of one's own that was lost."""
    return f"""
        WITH picked AS (
            SELECT f.item_id, {TURN} AS turn FROM frontier f
            WHERE f.item_id = %(item)s AND f.n_taken < f.target
              AND {TURN} IS NOT NULL AND {_NOBODY_ELSE} {quota}
            FOR UPDATE OF f)
        UPDATE frontier f
        SET n_taken = f.n_taken + 1,
            turns[picked.turn + 1] = COALESCE(f.turns[picked.turn + 1], 0) + 1
        FROM picked WHERE f.item_id = picked.item_id
    """  # noqa: S608  # made of the constants above


def _unqueue(quota: str) -> str:
    """Return: end a lease that somebody holds ahead, on an item this person may have.

    Its slot goes over with its turn, so no count of turns changes.
    """
    return f"""
        UPDATE assignment
        SET state = 'expired', lease_until = NULL, finished_at = now()
        WHERE id = (
            SELECT q.id FROM assignment q
            JOIN frontier f ON f.item_id = q.item_id AND f.n_taken <= f.target
            CROSS JOIN LATERAL (
                SELECT array_position(f.base_order, q."order"[1]) - 1 AS t) shown
            WHERE q.project_id = %(project)s AND q.state = 'queued'
              AND q.purpose = 'main' AND q.participant_id <> %(participant)s
              AND NOT EXISTS (
                SELECT 1 FROM protocol_pair p
                WHERE p.item_id = q.item_id AND p.participant_id = q.participant_id
                  AND p.comes_first = 'second_protocol')
              AND NOT EXISTS (
                SELECT 1 {_OWN_ROW} AND (a.state NOT IN ('expired', 'released')
                  OR a."order"[1] <> q."order"[1]))
              AND {_MINE} + 1 - {_LEAST} <= %(spread)s {quota}
            ORDER BY q.lease_until DESC LIMIT 1 FOR UPDATE OF q SKIP LOCKED)
        RETURNING id, item_id, "order"[1]
    """  # noqa: S608  # made of the constants above


THIS = """
    WITH picked AS (
        SELECT f.item_id, array_position(f.base_order, %(first)s::smallint) - 1 AS turn
        FROM frontier f WHERE f.item_id = %(item)s FOR UPDATE)
"""

_INSERT = """INSERT INTO assignment (
        public_id, created_at, project_id, item_id, participant_id, purpose, round,
        state, questions_version_id, guidelines_version_id, "order", layout, view,
        is_suggestion_visible, lease_until, shown_at, skip_reason)"""
# A lease returns to its own row, so that its order and draft are still right.
_LENT_AGAIN = """
    ON CONFLICT (item_id, participant_id, purpose, round) DO UPDATE
    SET state = EXCLUDED.state, lease_until = EXCLUDED.lease_until, finished_at = NULL,
        questions_version_id = EXCLUDED.questions_version_id,
        guidelines_version_id = EXCLUDED.guidelines_version_id,
        shown_at = EXCLUDED.shown_at
    WHERE assignment.state IN ('expired', 'released')"""

# NULL: the row has changed since it was picked (another tab skipped it), see `_run`.
TAKE = f"""
    , bumped AS (
        UPDATE frontier f
        SET n_taken = f.n_taken + %(slots)s, n_presented = f.n_presented + 1,
            turns[picked.turn + 1] =
              COALESCE(f.turns[picked.turn + 1], 0) + %(slots)s
        FROM picked WHERE f.item_id = picked.item_id
        RETURNING f.item_id, f.rank, f.random_key, f.base_order, picked.turn)
    , moved AS (
        UPDATE participant p
        SET frontier_rank = bumped.rank, frontier_key = bumped.random_key,
            frontier_version = %(version)s
        FROM bumped WHERE p.id = %(participant)s)
    , lent AS ({_INSERT}
    SELECT gen_random_uuid(), now(), %(project)s, bumped.item_id, %(participant)s,
        'main', 1, %(state)s,
        (SELECT id FROM questions_version WHERE project_id = %(project)s
           AND purpose = 'project' ORDER BY number DESC LIMIT 1),
        (SELECT id FROM guidelines_version WHERE project_id = %(project)s
           ORDER BY number DESC LIMIT 1),
        bumped.base_order[bumped.turn + 1:] || bumped.base_order[:bumped.turn],
        '', '', false, now() + %(lease)s,
        CASE WHEN %(state)s = 'open' THEN now() END, ''
    FROM bumped {_LENT_AGAIN}
    RETURNING id)
    SELECT (SELECT id FROM lent) FROM bumped
"""  # noqa: S608 - our own words

# What a participant holds, and a lost lease whose draft should be gone on with.
HELD = """
    SELECT a.state, a.id, a.item_id, a."order", a.purpose = 'main' FROM assignment a
    WHERE a.participant_id = %(participant)s AND a.state IN ('open', 'queued')
    UNION ALL
    (SELECT 'draft', a.id, a.item_id, a."order", true
     FROM assignment a JOIN draft d ON d.assignment_id = a.id
     WHERE a.participant_id = %(participant)s AND a.state = 'expired'
       AND a.purpose = 'main' ORDER BY d.updated_at DESC LIMIT 1)
"""

GIVE_BACK = """
    UPDATE frontier f
    SET n_taken = f.n_taken - gone.n,
        turns = ARRAY(
            SELECT GREATEST(0, COALESCE(f.turns[k], 0)
              - cardinality(array_positions(gone.firsts, f.base_order[k])))
            FROM generate_series(1, cardinality(f.base_order)) k ORDER BY k)
    FROM (SELECT item_id, count(*) AS n, array_agg("order"[1]) AS firsts
          FROM assignment WHERE id = ANY(%(assignments)s) AND purpose = 'main'
          GROUP BY item_id) gone
    WHERE f.item_id = gone.item_id
"""


@dataclass(frozen=True)
class Statements:
    """The statements of a project with or without quotas."""

    quick: str
    patient: str
    unqueue: str
    retake: str


def _statements(quota: str) -> Statements:
    return Statements(
        quick=f"WITH picked AS ({_free(quota)} SKIP LOCKED) {TAKE}",
        patient=f"WITH picked AS ({_free(quota)}) {TAKE}",
        unqueue=_unqueue(quota),
        retake=_retake(quota),
    )


PLAIN = _statements("")
IN_QUOTA = _statements(_IN_QUOTA)

# Lend an item outside the frontier's slots; `asked`: the purpose of the questions.
LEND_APART = f"""
    {_INSERT}
    SELECT gen_random_uuid(), now(), %(project)s, %(item)s, %(participant)s,
        %(purpose)s, %(round)s, %(state)s,
        (SELECT id FROM questions_version WHERE project_id = %(project)s
           AND purpose = %(asked)s ORDER BY number DESC LIMIT 1),
        (SELECT id FROM guidelines_version WHERE project_id = %(project)s
           ORDER BY number DESC LIMIT 1),
        %(order)s::smallint[], '', '', false, now() + %(lease)s,
        CASE WHEN %(state)s = 'open' THEN now() END, '' {_LENT_AGAIN}
    RETURNING id
"""  # noqa: S608 - our own words
