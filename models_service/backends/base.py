"""PURE: what every generating model is asked, and what it answers.

A backend takes many questions at once and yields what came back as it comes back, so
that a run keeps a model busy and its memory stays flat. What a reply means is the
business of `models_service.verdicts`; a backend only tells what was said.
"""

from collections import abc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class ChatMessage:
    """One message to a model."""

    role: Role
    content: str


@dataclass(frozen=True)
class Ask:
    """One call to a generating model.

    `key` names the call and comes back with its reply. `schema`: the JSON schema that
    the text must follow, which a backend hands on where the model can be held to it.
    `wants_logprobs`: the log-probabilities of the tokens of the reply are wanted.
    """

    key: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    schema: Mapping[str, Any] | None = None
    wants_logprobs: bool = False


@dataclass(frozen=True)
class TokenProbability:
    """A token of a reply, with the natural log-probabilities of what could stand there.

    `top`: the likeliest tokens at this place, with the one that was chosen or without.
    """

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a model said. `finish_reason` is "stop", "length" or what the server says.

    `tokens` is empty where the backend gives no log-probabilities. `latency_ms` counts
    from the first attempt to the last byte.
    """

    key: str
    text: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    latency_ms: int
    tokens: tuple[TokenProbability, ...] = ()
    n_attempts: int = 1


@dataclass(frozen=True)
class Failure:
    """A call without a reply: the model refused it, or it failed for good.

    `code` is a word to group by, such as "timeout" or "http_401"; `message` is a
    sentence for the owner, never with a key in it. `is_fatal`: no call can succeed
    until somebody mends this, so the backend stops: it reads no more asks, and gives
    back those it had read, with `n_attempts` 0 where they were never sent.
    """

    key: str
    status: Literal["refused", "failed"]
    code: str
    message: str
    latency_ms: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    n_attempts: int = 1
    is_fatal: bool = False


class Generator(Protocol):
    """A generating model behind one interface, wherever it runs."""

    def ask_all(self, asks: Iterable[Ask]) -> "abc.Generator[Reply | Failure]":
        """Yield what each call brought, in the order of completion.

        `asks` is read only as far as the model can keep busy.
        """

    def close(self) -> None:
        """Free what the backend holds."""
