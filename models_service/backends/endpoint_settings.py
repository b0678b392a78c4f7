"""PURE: what is set for one endpoint, checked. The web process may load this module."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotation.words import gettext as _
from models_service.backends.addresses import AddressRefused, read_base

MOST_AT_ONCE = 256
OWN_NAMES = frozenset(
    (
        "model",
        "messages",
        "stream",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "logprobs",
        "top_logprobs",
        "response_format",
        "tools",
    )
)
_KEY = re.compile(r"[!-~]{0,4096}")


@dataclass(frozen=True)
class EndpointSettings:
    """One endpoint and one of its models. Raises ValueError for what cannot be.

    `extra_body` goes into each request as it is, such as vLLM's `top_k`; the names in
    OWN_NAMES are ours. `allow_private` is the operator's word, never the owner's.
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    concurrency: int = 8
    requests_per_minute: int | None = None
    timeout_s: float = 120.0
    max_attempts: int = 5
    top_p: float | None = None
    seed: int | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    allow_private: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be asked. No message holds the key."""
        problems = list(self._problems())
        if problems:
            raise ValueError(" ".join(problems))

    def _problems(self) -> Iterator[str]:
        try:
            read_base(self.base_url)
        except AddressRefused as refused:
            yield refused.message
        if not self.model.strip():
            yield _("Name the model that the endpoint is to use.")
        if not _KEY.fullmatch(self.api_key):
            yield _("The API key has a space or another character that no key has.")
        if not 1 <= self.concurrency <= MOST_AT_ONCE:
            yield _("Calls at once is a number from 1 to {n}.").format(n=MOST_AT_ONCE)
        if self.requests_per_minute is not None and self.requests_per_minute < 1:
            yield _("Calls a minute is a number from 1, or nothing for no limit.")
        if not 0 < self.timeout_s <= 3600:
            yield _("The time for one call is at most 3600 seconds.")
        if not 1 <= self.max_attempts <= 20:
            yield _("The tries for one call are a number from 1 to 20.")
        if taken := sorted(OWN_NAMES & set(self.extra_body)):
            yield _("These parameters are set elsewhere: {names}.").format(
                names=", ".join(taken)
            )

    def given(self) -> dict[str, Any]:
        """Return the parameters that go into each request."""
        own = {"top_p": self.top_p, "seed": self.seed}
        found = {name: value for name, value in own.items() if value is not None}
        return {**dict(self.extra_body), **found}
