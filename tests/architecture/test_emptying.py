"""A test that commits leaves nothing to the next one."""

import threading

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from tests import emptying
from tests.emptying import empty_database, tables
from tests.factories import make_items, make_participant, make_project, make_user
from tests.waiting import somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
NOT_DEFERRED = """SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype = 'f' AND NOT condeferred"""


def n_rows() -> int:
    """Return the number of rows of all tables that are emptied."""
    with connection.cursor() as db:
        db.execute(" UNION ALL ".join(f'SELECT 1 FROM "{name}"' for name in tables()))
        return len(db.fetchall())


@pytest.mark.parametrize("many_bytes", [0, emptying.MANY_BYTES])
def test_all_that_was_stored_goes(
    many_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "MANY_BYTES", many_bytes)
    project = make_project()
    make_items(project, 2)
    make_participant(project)
    assert n_rows() > 10
    empty_database()
    assert n_rows() == 0
    assert ContentType.objects.exists()
    assert Permission.objects.exists()


def test_rows_may_go_in_any_order() -> None:
    with connection.cursor() as db:
        db.execute(NOT_DEFERRED)
        assert db.fetchall() == []


def test_who_is_writing_is_waited_for() -> None:
    has_written = threading.Event()

    def write() -> None:
        with transaction.atomic():
            make_user("late")
            has_written.set()
            while not somebody_waits():
                pass
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert has_written.wait(30)
    empty_database()
    thread.join()
    assert not User.objects.exists()
