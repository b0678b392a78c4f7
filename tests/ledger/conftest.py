"""The shared pool of items and annotators, and a day that does not end in a test."""

from unittest.mock import Mock

import pytest
from django.db import connection

from annotation.selectors import ledger
from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]


@pytest.fixture
def one_day(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pages be on the day of the test's transaction, though midnight passes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    monkeypatch.setattr(ledger, "datetime", Mock(now=Mock(return_value=now)))
