"""The demo, laid once for all tests that only read it or go on from there."""

import io

import pytest
from django.core.management import call_command

from tests.snapshots import Snapshots

Passwords = dict[str, str]


def seed(*arguments: str) -> Passwords:
    """Run the command; return what it printed after each log-in."""
    out = io.StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return dict(line.split(" ", 1) for line in out.getvalue().splitlines())


@pytest.fixture
def seeded(db: None, snapshots: Snapshots) -> Passwords:
    """The demo as the command lays it; returns what was printed."""
    return snapshots.laid("demo", seed)
