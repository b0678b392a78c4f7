"""A server of the protocol of chat completions, and a pool to ask about."""

from collections.abc import Iterator

import pytest

from tests.models.server import JudgeServer
from tests.pools import make_annotator, make_pool

__all__ = ["judge_server", "make_annotator", "make_pool"]


@pytest.fixture
def judge_server() -> Iterator[JudgeServer]:
    """A running server; set its `decide` to what it shall do."""
    with JudgeServer() as server:
        yield server
