"""Whether another session of the database waits for one that a test holds."""

from django.db import connection

# The server has other databases too, of tests that run at the same time. A session that
# waits for a row waits for a transaction, and holds a lock on the row's table.
WAITING = """SELECT count(*) FROM pg_locks waiting WHERE NOT granted AND EXISTS (
    SELECT FROM pg_locks own JOIN pg_database d ON d.oid = own.database
    WHERE own.pid = waiting.pid AND d.datname = current_database())"""


def somebody_waits() -> bool:
    """Tell whether any session of the test's database waits for a lock."""
    with connection.cursor() as db:
        db.execute(WAITING)
        return bool(db.fetchone()[0])
