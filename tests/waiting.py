"""Whether another session of the database waits for one that a test holds."""

from django.db import connection


def somebody_waits() -> bool:
    """Tell whether any session waits for a lock."""
    with connection.cursor() as db:
        db.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(db.fetchone()[0])
