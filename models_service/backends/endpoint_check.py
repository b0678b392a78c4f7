"""PURE: what an endpoint can do, found out with one small question.

For the page and the command that check a backend; runs in a worker.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from annotation.words import gettext as _
from models_service.backends.addresses import check_address
from models_service.backends.base import Failure, Reply
from models_service.backends.chat_wire import FORMATS, TOP_LOGPROBS
from models_service.backends.check_question import CHECK, MAX_TOKENS
from models_service.backends.endpoint import Endpoint
from models_service.thoughts import after_thoughts

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `name` is a word to group by."""

    name: str
    state: State
    message: str


@dataclass(frozen=True)
class Checked:
    """What a check found, and what its call brought; None where none was made."""

    findings: tuple[Finding, ...]
    outcome: Reply | Failure | None = None


def check(endpoint: Endpoint) -> Checked:
    """Ask one small question and return what it told, the most important first.

    It costs one call. Where the address is not allowed or no reply comes, the list ends
    with that problem.
    """
    settings = endpoint.settings
    problems = check_address(
        settings.base_url,
        allow_private=settings.allow_private,
        resolve=endpoint.resolve,
    )
    if problems:
        return Checked(tuple(Finding("address", "problem", one) for one in problems))
    (result,) = endpoint.ask_all([CHECK])
    if isinstance(result, Failure):
        return Checked((Finding("reply", "problem", result.message),), result)
    return Checked(tuple(_findings(endpoint, result)), result)


def _findings(endpoint: Endpoint, reply: Reply) -> Iterator[Finding]:
    message = _("The model answers; this call took {n} ms.").format(n=reply.latency_ms)
    yield Finding("reply", "ok", message)
    yield _of_model(endpoint)
    yield _of_form(endpoint, reply)
    yield _of_logprobs(reply)
    yield _of_tokens(reply)
    yield from _of_parameters(endpoint)


def _of_model(endpoint: Endpoint) -> Finding:
    """Compare the model with the list that most servers give."""
    wanted = endpoint.settings.model
    names = list(_listed(endpoint.get("/models")))
    if wanted in names:
        return Finding("model", "ok", _("The endpoint lists the model."))
    if not names:
        message = _(
            "The endpoint lists no models, so whether it is this one that answers "
            "cannot be told."
        )
        return Finding("model", "ok", message)
    message = _(
        "The endpoint does not list the model “{model}”, and may answer with another. "
        "It lists: {names}."
    ).format(model=wanted, names=", ".join(names[:10]))
    return Finding("model", "warning", message)


def _listed(payload: Any) -> Iterator[str]:
    entries = payload.get("data") if isinstance(payload, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield entry["id"][:100]


def _of_form(endpoint: Endpoint, reply: Reply) -> Finding:
    if not _follows(reply.text):
        return Finding("schema", "problem", _no_form(reply))
    if endpoint.refused.n_formats == 0:
        message = _("The reply follows a JSON schema.")
        return Finding("schema", "ok", message)
    message = _(
        "The endpoint takes no JSON schema. The model followed the form by itself "
        "here; look at the share of unparsable replies in a run."
    )
    state: State = "ok" if endpoint.refused.n_formats < len(FORMATS) else "warning"
    return Finding("schema", state, message)


def _no_form(reply: Reply) -> str:
    if reply.finish_reason == "length":
        return _(
            "The reply did not come to an end within {n} tokens. Turn the model's "
            "thinking off by a further parameter, or choose another model."
        ).format(n=MAX_TOKENS)
    return _(
        "The reply is not in the form that was asked for, so verdicts would be "
        "unparsable. Choose a model that follows instructions better."
    )


def _follows(text: str) -> bool:
    try:
        said = json.loads(after_thoughts(text))
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("verdict") in ("A", "B")


def _of_logprobs(reply: Reply) -> Finding:
    n_top = max((len(token.top) for token in reply.tokens), default=0)
    if n_top > 1:
        message = _("The endpoint gives log-probabilities, {n} for a token.")
        return Finding("logprobs", "ok", message.format(n=min(n_top, TOP_LOGPROBS[0])))
    message = _(
        "The endpoint gives no log-probabilities, so how sure a verdict is comes from "
        "votes: each item is asked several times."
    )
    return Finding("logprobs", "warning", message)


def _of_tokens(reply: Reply) -> Finding:
    if reply.tokens_in and reply.tokens_out:
        message = _("The endpoint tells how many tokens a call takes.")
        return Finding("tokens", "ok", message)
    message = _(
        "The endpoint does not tell how many tokens a call takes, so its cost cannot "
        "be counted."
    )
    return Finding("tokens", "warning", message)


def _of_parameters(endpoint: Endpoint) -> Iterator[Finding]:
    left_out = sorted(endpoint.refused.names - {"max_tokens"})
    if left_out:
        message = _(
            "The endpoint does not take {names}, so calls go without. The same call "
            "may be answered differently a second time."
        ).format(names=", ".join(left_out))
        yield Finding("parameters", "warning", message)
