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

# The pairs that a claim looks at, so that its cost does not grow with what is open:
# those whose first half was begun, and the oldest that wait for their other half. The
# latter stand in the order of `waits_since`, which claims note as they see an answer.
PENDING = f"""
    WITH looked AS MATERIALIZED (
        (SELECT id, item_id, participant_id, comes_first, waits_since
         FROM protocol_pair
         WHERE participant_id = %(participant)s AND NOT is_settled
           AND waits_since IS NULL
         ORDER BY id LIMIT %(n_begun)s)
        UNION ALL
        (SELECT id, item_id, participant_id, comes_first, waits_since
         FROM protocol_pair
         WHERE participant_id = %(participant)s AND NOT is_settled
           AND waits_since IS NOT NULL
         ORDER BY waits_since, id LIMIT %(n_waiting)s))
    SELECT p.id, p.item_id, p.comes_first, m.id, m.state, s.id, s.state, m."order",
        p.waits_since, done.since,
        COALESCE(answered.at <= now() - %(age)s AND done.since < ({_NTH_ANSWER}),
          false),
        COALESCE(f.is_excluded OR f.is_routed_away, false),
        EXISTS (SELECT 1 FROM draft d WHERE d.assignment_id = s.id)
    FROM looked p
    JOIN assignment m ON m.item_id = p.item_id AND m.participant_id = p.participant_id
      AND m.purpose = 'main' AND m.round = 1
    LEFT JOIN assignment s ON s.item_id = p.item_id
      AND s.participant_id = p.participant_id AND s.purpose = 'second_protocol'
      AND s.round = 1
    LEFT JOIN frontier f ON f.item_id = p.item_id
    CROSS JOIN LATERAL (
        SELECT LEAST(
            CASE WHEN m.state IN ('submitted', 'surplus') THEN m.finished_at END,
            CASE WHEN s.state IN ('submitted', 'surplus') THEN s.finished_at END) AS at
        ) answered
    CROSS JOIN LATERAL (
        SELECT CASE WHEN answered.at IS NOT NULL THEN GREATEST(answered.at,
            CASE m.state WHEN 'released' THEN m.finished_at END,
            CASE s.state WHEN 'released' THEN s.finished_at END) END AS since) done
    ORDER BY done.since NULLS LAST, p.id
"""  # noqa: S608  # made of the constant above
NOTE = """
    UPDATE protocol_pair p SET is_settled = seen.is_settled, waits_since = seen.since
    FROM unnest(%(ids)s::bigint[], %(settled)s::boolean[], %(since)s::timestamptz[])
      AS seen (id, is_settled, since)
    WHERE p.id = seen.id
"""

# How many items are reserved for a person, by what stands first in them.
RESERVED = """
    SELECT cardinality("order"), "order"[1], count(*) FROM assignment
    WHERE participant_id = %(participant)s AND state = 'reserved' GROUP BY 1, 2
"""

# Claims look at these pairs again, unless both halves are answered. `which` of `p`.
LOOK_AGAIN = """
    UPDATE protocol_pair p SET is_settled = false, waits_since = NULL
    WHERE {which} AND p.is_settled AND (
        SELECT count(*) FROM assignment a
        WHERE a.item_id = p.item_id AND a.participant_id = p.participant_id
          AND a.purpose IN ('main', 'second_protocol') AND a.round = 1
          AND a.state IN ('submitted', 'surplus')) < 2
"""
SETTLE_ITEMS = """
    UPDATE protocol_pair SET is_settled = true, reserved_until = NULL
    WHERE item_id = ANY(%(items)s)
"""
# A half whose lease or turn was not there is answered, or has a draft and may be lent
# again for it. A main half that is answered, or in hand, before anything of the second
# protocol was answered comes first in truth.
REVIVE = """
    WITH late AS (
        SELECT a.item_id, a.participant_id,
            a.purpose = 'main' AND (a.annotation_id IS NOT NULL OR a.state = 'open')
              AS is_main,
            NOT EXISTS (
              SELECT 1 FROM assignment s JOIN annotation n ON n.assignment_id = s.id
              WHERE s.item_id = a.item_id AND s.participant_id = a.participant_id
                AND s.purpose = 'second_protocol' AND s.round = 1) AS is_first
        FROM assignment a WHERE a.id = %(assignment)s AND a.round = 1
          AND a.purpose IN ('main', 'second_protocol'))
    UPDATE protocol_pair p SET is_settled = false, waits_since = NULL,
        comes_first = CASE WHEN late.is_main AND late.is_first THEN 'main'
          ELSE p.comes_first END,
        reserved_until = CASE WHEN late.is_main THEN NULL ELSE p.reserved_until END
    FROM late
    WHERE p.item_id = late.item_id AND p.participant_id = late.participant_id
"""

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
    ON CONFLICT (item_id, participant_id) DO UPDATE
    SET is_settled = false, waits_since = NULL
    RETURNING id
"""

RESERVE = """
    WITH kept AS (
        UPDATE protocol_pair SET reserved_until = now() + %(hold)s, is_settled = false,
            waits_since = NULL
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
# What is kept for somebody who was at work meanwhile is kept on: so no claim has to
# renew it. Where the second protocol is off, there are no hours to keep it for.
END_OVERDUE = f"""
    WITH due AS (
        SELECT id, item_id, participant_id, project_id FROM protocol_pair
        WHERE reserved_until < now()
          AND (%(project)s::bigint IS NULL OR project_id = %(project)s)
        ORDER BY reserved_until LIMIT 1000 FOR UPDATE SKIP LOCKED)
    , looked AS MATERIALIZED (
        SELECT due.*, work.at + make_interval(
            hours => (j.protocol_rules->>'hold_hours')::int) AS kept_until
        FROM due JOIN project j ON j.id = due.project_id
        CROSS JOIN LATERAL (SELECT GREATEST(
            (SELECT max(a.lease_until) FROM assignment a
             WHERE a.participant_id = due.participant_id
               AND a.state IN ('open', 'queued')),
            (SELECT a.finished_at FROM assignment a
             WHERE a.participant_id = due.participant_id
               AND a.finished_at IS NOT NULL
               AND a.state IN ('submitted', 'surplus', 'skipped', 'released')
             ORDER BY a.finished_at DESC LIMIT 1)) AS at) work)
    , kept AS (
        UPDATE protocol_pair p SET reserved_until = looked.kept_until
        FROM looked WHERE p.id = looked.id AND looked.kept_until > now())
    , picked AS (
        SELECT id AS pair_id, item_id, participant_id, 'expired' AS state, '' AS reason
        FROM looked WHERE kept_until IS NULL OR kept_until <= now())
    {_END}
"""  # noqa: S608  # made of the constant above
END_RESERVED = f"""
    WITH picked AS (
        SELECT id AS pair_id, item_id, participant_id, 'expired' AS state, '' AS reason
        FROM protocol_pair
        WHERE reserved_until IS NOT NULL AND participant_id = %(participant)s
        FOR UPDATE)
    {_END}
"""  # noqa: S608  # made of the constant above

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
