"""Step budget: the statements of the ledger, as text; services.ledger runs them.

Locks are taken in the order reservation, budget, and both after participant, frontier
and assignment. A statement that changes the counters takes the budget's lock as the
last one of its transaction, so it is held for a moment.
"""

# A transaction may have begun before midnight and end after one that began later.
_TODAY = "GREATEST(day, (now() AT TIME ZONE 'UTC')::date)"
_DAY_SPENT = (
    "CASE WHEN day >= (now() AT TIME ZONE 'UTC')::date THEN day_spent_usd ELSE 0 END"
)

OPEN_BUDGET = """
    INSERT INTO budget (public_id, created_at, project_id, price_usd, spent_usd,
        reserved_usd, day, day_spent_usd)
    VALUES (gen_random_uuid(), now(), %(project)s, 0, 0, 0, '1970-01-01', 0)
    ON CONFLICT (project_id) DO NOTHING
"""

# What each cap has room for now; NULL: it bounds nothing.
ROOM = f"""
    SELECT price_usd, cap_usd - spent_usd - reserved_usd,
        day_cap_usd - {_DAY_SPENT} - reserved_usd
    FROM budget WHERE project_id = %(project)s
"""  # noqa: S608  # made of the constants above

_COLUMNS = "id, held_usd, spent_usd, owed_usd, round, purpose"

# The update that changes nothing locks the row and returns it as it is now.
OPEN = f"""
    INSERT INTO reservation (public_id, created_at, project_id, purpose, reference,
        assignment_id, held_usd, spent_usd, owed_usd, round)
    VALUES (gen_random_uuid(), now(), %(project)s, %(purpose)s, %(reference)s,
        %(assignment)s, 0, 0, 0, 0)
    ON CONFLICT (project_id, reference) DO UPDATE SET reference = EXCLUDED.reference
    RETURNING {_COLUMNS}
"""  # noqa: S608  # made of the constants above
LOCK = f"""
    SELECT {_COLUMNS} FROM reservation
    WHERE project_id = %(project)s AND reference = %(reference)s FOR UPDATE
"""  # noqa: S608  # made of the constants above

_ENTRY = """
    INSERT INTO ledger_entry (created_at, day, project_id, reservation_id, round,
        purpose, kind, amount_usd, key)
    SELECT now(), booked.day, %(project)s, %(reservation)s, %(round)s, %(purpose)s,
"""

# The one place where money is promised: refused where a cap has no room for it.
HOLD = f"""
    WITH booked AS (
        UPDATE budget SET reserved_usd = reserved_usd + %(amount)s,
            day_spent_usd = {_DAY_SPENT}, day = {_TODAY}
        WHERE project_id = %(project)s
          AND (cap_usd IS NULL OR spent_usd + reserved_usd + %(amount)s <= cap_usd)
          AND (day_cap_usd IS NULL
            OR {_DAY_SPENT} + reserved_usd + %(amount)s <= day_cap_usd)
        RETURNING day)
    , kept AS (
        UPDATE reservation r SET held_usd = r.held_usd + %(amount)s
        FROM booked WHERE r.id = %(reservation)s)
    {_ENTRY} 'reserve', %(amount)s, '' FROM booked
"""  # noqa: S608  # made of the constants above

# Of what is held: `spent` is used, `freed` is given back.
SPEND = f"""
    WITH booked AS (
        UPDATE budget SET reserved_usd = reserved_usd - %(spent)s - %(freed)s,
            spent_usd = spent_usd + %(spent)s,
            day_spent_usd = {_DAY_SPENT} + %(spent)s, day = {_TODAY}
        WHERE project_id = %(project)s RETURNING day)
    , kept AS (
        UPDATE reservation r
        SET held_usd = r.held_usd - %(spent)s - %(freed)s,
            spent_usd = r.spent_usd + %(spent)s,
            lease_until = CASE WHEN r.held_usd > %(spent)s + %(freed)s
                THEN r.lease_until END
        FROM booked WHERE r.id = %(reservation)s)
    {_ENTRY} v.kind, v.amount, v.key
    FROM booked CROSS JOIN (VALUES ('commit', %(spent)s::numeric, %(key)s),
        ('release', %(freed)s::numeric, '')) v(kind, amount, key)
    WHERE v.amount > 0
"""  # noqa: S608  # made of the constants above

OWE = f"""
    WITH booked AS (SELECT {_TODAY} AS day FROM budget WHERE project_id = %(project)s)
    , kept AS (
        UPDATE reservation r SET owed_usd = r.owed_usd + %(amount)s
        WHERE r.id = %(reservation)s)
    {_ENTRY} 'owe', %(amount)s, %(key)s FROM booked
"""  # noqa: S608  # made of the constants above
SETTLE = f"""
    WITH booked AS (SELECT {_TODAY} AS day FROM budget WHERE project_id = %(project)s)
    , kept AS (
        UPDATE reservation r SET owed_usd = r.owed_usd - %(amount)s
        WHERE r.id = %(reservation)s)
    {_ENTRY} 'settle', %(amount)s, '' FROM booked
"""  # noqa: S608  # made of the constants above

IS_BOOKED = """
    SELECT EXISTS (SELECT 1 FROM ledger_entry
        WHERE reservation_id = %(reservation)s AND round = %(round)s
          AND kind IN ('commit', 'owe') AND key = %(key)s)
"""

LOCK_BUDGET = "SELECT day FROM budget WHERE project_id = %(project)s FOR NO KEY UPDATE"
NET_BY_DAY = """
    SELECT day, sum(CASE kind WHEN 'commit' THEN amount_usd ELSE -amount_usd END)
    FROM ledger_entry
    WHERE reservation_id = %(reservation)s AND kind IN ('commit', 'reverse')
    GROUP BY day
    HAVING sum(CASE kind WHEN 'commit' THEN amount_usd ELSE -amount_usd END) > 0
    ORDER BY day
"""
REVERSE = """
    WITH booked AS (
        UPDATE budget SET spent_usd = spent_usd - %(amount)s,
            day_spent_usd = day_spent_usd - %(amount_of_day)s
        WHERE project_id = %(project)s)
    UPDATE reservation SET spent_usd = 0, round = round + 1 WHERE id = %(reservation)s
"""
REVERSE_ENTRY = """
    INSERT INTO ledger_entry (created_at, day, project_id, reservation_id, round,
        purpose, kind, amount_usd, key)
    VALUES (now(), %(day)s, %(project)s, %(reservation)s, %(round)s, %(purpose)s,
        'reverse', %(amount)s, '')
"""

# What is held for leases that have ended, or by machines that have gone.
LOCK_ENDED = """
    SELECT id, project_id, held_usd FROM reservation
    WHERE assignment_id = ANY(%(assignments)s) AND held_usd > 0
    ORDER BY id FOR UPDATE
"""
LOCK_OVERDUE = """
    SELECT id, project_id, held_usd FROM reservation
    WHERE lease_until < now() ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED
"""
FREE = f"""
    WITH booked AS (
        UPDATE budget SET reserved_usd = reserved_usd - %(amount)s,
            day_spent_usd = {_DAY_SPENT}, day = {_TODAY}
        WHERE project_id = %(project)s RETURNING day)
    , told AS (
        INSERT INTO ledger_entry (created_at, day, project_id, reservation_id, round,
            purpose, kind, amount_usd, key)
        SELECT now(), booked.day, r.project_id, r.id, r.round, r.purpose, 'release',
            r.held_usd, ''
        FROM reservation r CROSS JOIN booked
        WHERE r.id = ANY(%(reservations)s) AND r.held_usd > 0)
    UPDATE reservation SET held_usd = 0, lease_until = NULL
    WHERE id = ANY(%(reservations)s)
"""  # noqa: S608  # made of the constants above
