"""Empty the database after a test that commits.

Django's own way truncates every table and makes content types and permissions anew,
which takes half a second whatever the test stored. Most tests store little: their rows
are deleted, and what is the same in every test stays.
"""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
# From here on, to truncate is faster, and gives the pages back.
MANY_BYTES = 8 * 1024 * 1024
SIZE = """SELECT coalesce(sum(pg_table_size(quote_ident(name)::regclass)), 0)::bigint
    FROM unnest(%s::text[]) AS name"""


def tables() -> list[str]:
    """Return the tables of the models, but those that are the same in every test."""
    found = connection.introspection.django_table_names(
        only_existing=True, include_views=False
    )
    return sorted(set(found) - KEPT)


def empty_database() -> None:
    """Delete what a test has committed, once nobody is writing any more."""
    names = tables()
    quoted = [connection.ops.quote_name(name) for name in names]
    with transaction.atomic(), connection.cursor() as db:
        # As TRUNCATE does: what is under way would else come in afterwards.
        db.execute(f"LOCK TABLE {', '.join(quoted)} IN ACCESS EXCLUSIVE MODE")
        db.execute(SIZE, [names])
        if db.fetchone()[0] > MANY_BYTES:
            db.execute(f"TRUNCATE {', '.join(quoted)}")
            return
        db.execute(
            "SELECT " + ", ".join(f"EXISTS (SELECT FROM {name})" for name in quoted)
        )
        # References are looked at when the transaction ends.
        for name, has_rows in zip(quoted, db.fetchone(), strict=True):
            if has_rows:
                db.execute(f"DELETE FROM {name}")
