"""Where it is about noon: no day ends while a test counts the answers of days."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone


@pytest.fixture
def noon() -> Iterator[None]:
    """Let days begin and end twelve hours from now, for the pages as for the figures.

    The zone's name tells what must be added to its clock to have that of Greenwich.
    """
    hours = datetime.now(UTC).hour - 12
    with timezone.override(ZoneInfo(f"Etc/GMT{hours:+d}")):
        yield
