"""Parallel test workers keep out of each other's Redis database."""

import pytest

from tests.services_plugin import redis_database


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock?db=2"),
        ("unix:///run/valkey.sock?db=3", "unix:///run/valkey.sock?db=5"),
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379/2"),
        ("redis://:secret@host:6379/4", "redis://:secret@host:6379/6"),
    ],
)
def test_each_worker_has_a_database_of_its_own(url: str, expected: str) -> None:
    assert redis_database(url, 2) == expected
