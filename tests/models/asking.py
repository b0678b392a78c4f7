"""Short ways to ask a test's server: settings, asks, and time that passes at once."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from models_service.backends.base import Ask, ChatMessage, Failure, Reply
from models_service.backends.endpoint import Endpoint
from models_service.backends.endpoint_settings import EndpointSettings
from models_service.backends.pacing import Clock
from tests.models.server import Answer, JudgeServer, Request

KEY = "sk-very-secret-0123456789"
SCHEMA = {"type": "object", "properties": {"verdict": {"enum": ["A", "B", "tie"]}}}


class FakeTime:
    """Seconds that pass only when somebody waits, and then at once."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        """The clock of this time; seconds since 1970 are the same number."""
        return Clock(lambda: self.now, lambda: self.now, self.sleep)


def ask(key: str = "one", words: str = "Which is better?", **changes: Any) -> Ask:
    """Return one call."""
    return Ask(key, (ChatMessage("user", words),), **changes)


def asks(n: int, **changes: Any) -> Iterator[Ask]:
    """Yield so many calls; each says its own number."""
    return (ask(f"k{number}", f"number {number}", **changes) for number in range(n))


@contextmanager
def endpoint(
    server: JudgeServer, time: FakeTime | None = None, **changes: Any
) -> Iterator[Endpoint]:
    """Give an endpoint on the server; no waiting before a retry takes real time."""
    given: dict[str, Any] = {
        "base_url": server.url,
        "model": "judge",
        "api_key": KEY,
        "allow_private": True,
        "concurrency": 4,
        "timeout_s": 30.0,
    }
    clock = (time or FakeTime()).clock
    with Endpoint(EndpointSettings(**{**given, **changes}), clock=clock) as found:
        yield found


def ask_one(
    server: JudgeServer, one: Ask | None = None, **changes: Any
) -> Reply | Failure:
    """Ask one call and return what it brought."""
    (result,) = ask_many(server, [one or ask()], **changes)
    return result


def ask_many(
    server: JudgeServer, calls: Iterable[Ask], **changes: Any
) -> list[Reply | Failure]:
    """Ask calls and return what they brought."""
    with endpoint(server, **changes) as opened:
        return list(opened.ask_all(calls))


def in_turn(*answers: Answer) -> Callable[[Request], Answer]:
    """Return a `decide` that gives one answer after the other, the last for good."""
    return lambda request: answers[min(request.number, len(answers)) - 1]


def failure_of(result: Reply | Failure) -> Failure:
    """Return a result that is a failure."""
    assert isinstance(result, Failure), result
    return result


def reply_of(result: Reply | Failure) -> Reply:
    """Return a result that is a reply."""
    assert isinstance(result, Reply), result
    return result
