"""A server of the protocol of chat completions, for tests of what asks it."""

from collections.abc import Iterator

import pytest

from tests.models.server import JudgeServer


@pytest.fixture
def judge_server() -> Iterator[JudgeServer]:
    """A running server; set its `decide` to what it shall do."""
    with JudgeServer() as server:
        yield server
