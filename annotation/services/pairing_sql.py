"""Step assign: the statements of items under two protocols, as text.

services.pairings runs them. The two halves of a pair are the assignments of its item
and participant with the purposes `main` and `second_protocol`, both of round 1.
"""

# When so many answers were given after it, the first half lies far enough back; so
# does the other half, where it was given back to come later.
_NTH_ANSWER = """
    SELECT a.finished_at FROM assignment a
    WHERE a.participant_id = %(participant)s AND a.state IN ('submitted', 'surplus')
      AND a.finished_at IS NOT NULL
    ORDER BY a.finished_at DESC OFFSET %(after)s - 1 LIMIT 1
"""

PENDING = f"""
    SELECT p.id, p.item_id, p.comes_first, m.id, m.state, s.id, s.state, m."order",
        COALESCE(done.at <= now() - %(age)s
          AND GREATEST(done.at, done.given_back_at) < ({_NTH_ANSWER}), false),
        COALESCE(f.is_excluded, false),
        EXISTS (SELECT 1 FROM draft d WHERE d.assignment_id = s.id),
        COALESCE(p.reserved_until < now() + %(hold)s - interval '1 minute', false)
    FROM protocol_pair p
    JOIN assignment m ON m.item_id = p.item_id AND m.participant_id = p.participant_id
      AND m.purpose = 'main' AND m.round = 1
    LEFT JOIN assignment s ON s.item_id = p.item_id
      AND s.participant_id = p.participant_id AND s.purpose = 'second_protocol'
      AND s.round = 1
    LEFT JOIN frontier f ON f.item_id = p.item_id
    CROSS JOIN LATERAL (
        SELECT CASE p.comes_first WHEN 'main' THEN m.finished_at
              ELSE s.finished_at END AS at,
            CASE p.comes_first WHEN 'main' THEN
                CASE s.state WHEN 'released' THEN s.finished_at END
              ELSE CASE m.state WHEN 'released' THEN m.finished_at END
            END AS given_back_at) done
    WHERE p.participant_id = %(participant)s AND NOT p.is_settled
    ORDER BY done.at NULLS LAST, p.id
"""  # noqa: S608  # made of the constant above

KEEP_LONGER = """
    UPDATE protocol_pair SET reserved_until = now() + %(hold)s
    WHERE id = ANY(%(pairs)s) AND reserved_until IS NOT NULL
"""
SETTLE = "UPDATE protocol_pair SET is_settled = true WHERE id = ANY(%(pairs)s)"

CLAIMED = 'SELECT item_id, "order" FROM assignment WHERE id = %(assignment)s'

SECOND_QUESTIONS = """
    SELECT questions::text FROM questions_version
    WHERE project_id = %(project)s AND purpose = 'second_protocol'
    ORDER BY number DESC LIMIT 1
"""

# What is drawn already, how far the second protocol is, and how often each was first.
FIRSTS = """
    SELECT (SELECT comes_first FROM protocol_pair
            WHERE item_id = %(item)s AND participant_id = %(participant)s),
        (SELECT state FROM assignment
            WHERE item_id = %(item)s AND participant_id = %(participant)s
              AND purpose = 'second_protocol' AND round = 1),
        own.main, own.second, item.main, item.second
    FROM (SELECT count(*) FILTER (WHERE comes_first = 'main') AS main,
            count(*) FILTER (WHERE comes_first <> 'main') AS second
          FROM protocol_pair WHERE participant_id = %(participant)s) own,
        (SELECT count(*) FILTER (WHERE comes_first = 'main') AS main,
            count(*) FILTER (WHERE comes_first <> 'main') AS second
          FROM protocol_pair WHERE item_id = %(item)s) item
"""
# An item that comes once more keeps the order that was drawn for it.
KEEP_PAIR = """
    INSERT INTO protocol_pair (
        project_id, item_id, participant_id, comes_first, is_settled, created_at)
    VALUES (%(project)s, %(item)s, %(participant)s, %(first)s, false, now())
    ON CONFLICT (item_id, participant_id) DO UPDATE SET is_settled = false
    RETURNING id
"""

RESERVE = """
    WITH kept AS (
        UPDATE protocol_pair SET reserved_until = now() + %(hold)s, is_settled = false
        WHERE item_id = %(item)s AND participant_id = %(participant)s
          AND comes_first = 'second_protocol')
    UPDATE assignment
    SET state = 'reserved', lease_until = NULL, shown_at = NULL, finished_at = NULL
    WHERE id = %(assignment)s AND state NOT IN ('submitted', 'surplus', 'withdrawn')
    RETURNING id
"""
# Never shown before, so it is asked with the questions and guidelines of now.
OPEN_MAIN = """
    WITH kept AS (
        UPDATE protocol_pair SET reserved_until = NULL WHERE id = %(pair)s)
    UPDATE assignment
    SET state = %(state)s, lease_until = now() + %(lease)s, finished_at = NULL,
        questions_version_id = (SELECT id FROM questions_version
            WHERE project_id = %(project)s AND purpose = 'project'
            ORDER BY number DESC LIMIT 1),
        guidelines_version_id = (SELECT id FROM guidelines_version
            WHERE project_id = %(project)s ORDER BY number DESC LIMIT 1),
        shown_at = CASE WHEN %(state)s = 'open' THEN now() END
    WHERE id = %(assignment)s AND state = %(state_read)s
    RETURNING id
"""

# The reservation ends with the pair's row: `reserved_until` says that there is one.
_END = """
    , freed AS (
        UPDATE protocol_pair SET reserved_until = NULL
        WHERE id IN (SELECT pair_id FROM picked))
    UPDATE assignment m
    SET state = picked.state, skip_reason = picked.reason, lease_until = NULL,
        finished_at = now()
    FROM picked
    WHERE m.item_id = picked.item_id AND m.participant_id = picked.participant_id
      AND m.purpose = 'main' AND m.round = 1 AND m.state = 'reserved'
    RETURNING m.id
"""
END_BEHIND = f"""
    WITH picked AS (
        SELECT p.id AS pair_id, p.item_id, p.participant_id, s.state,
            s.skip_reason AS reason
        FROM assignment s JOIN protocol_pair p ON p.item_id = s.item_id
          AND p.participant_id = s.participant_id AND p.reserved_until IS NOT NULL
        WHERE s.id = ANY(%(assignments)s) AND s.purpose = 'second_protocol'
          AND s.state IN ('expired', 'released', 'skipped')
        FOR UPDATE OF p)
    {_END}
"""  # noqa: S608  # made of the constant above
_PICK_RESERVED = """
    WITH picked AS (
        SELECT id AS pair_id, item_id, participant_id, 'expired' AS state, '' AS reason
        FROM protocol_pair WHERE reserved_until IS NOT NULL AND {which})
"""
END_OVERDUE = (
    _PICK_RESERVED.format(
        which="reserved_until < now() AND (%(project)s IS NULL"
        " OR project_id = %(project)s) ORDER BY reserved_until LIMIT 1000"
        " FOR UPDATE SKIP LOCKED"
    )
    + _END
)
END_RESERVED = (
    _PICK_RESERVED.format(which="participant_id = %(participant)s FOR UPDATE") + _END
)

# The other half of a pair waits again, where it makes room for what is taken back. It
# keeps when it was on the screen, since what was there may be answered.
RESERVE_AGAIN = """
    WITH kept AS (
        UPDATE protocol_pair p SET reserved_until = now() + %(hold)s
        FROM assignment a
        WHERE a.id = %(assignment)s AND a.purpose = 'main' AND p.item_id = a.item_id
          AND p.participant_id = a.participant_id
          AND p.comes_first = 'second_protocol'
        RETURNING p.id)
    UPDATE assignment
    SET state = 'reserved', lease_until = NULL, finished_at = NULL
    WHERE id = %(assignment)s AND state = 'queued' AND EXISTS (SELECT 1 FROM kept)
    RETURNING id
"""
