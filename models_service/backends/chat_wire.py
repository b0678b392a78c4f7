"""PURE: the protocol of chat completions: a request's body, and what an answer means.

Knows nothing of connections. Servers differ in what they take: `Refused` remembers what
one of them did not, so that the next request is made without it.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from annotation.words import gettext as _
from models_service.backends.base import Ask, TokenProbability

TOP_LOGPROBS = (20, 5)
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
# Ways to hold a model to a schema, the strictest first.
FORMATS = ("json_schema", "json_object")
# Words of an error by which a server names what it does not take; the first that fits.
_NAMES: tuple[tuple[str, str], ...] = (
    ("max_tokens", r"max_completion_tokens"),
    ("logprobs", r"(?:top_)?logprobs"),
    ("response_format", r"response_format|json_schema|json_object|grammar"),
    ("seed", r"seed"),
    ("top_p", r"top_p"),
    ("temperature", r"temperature"),
)
_TOO_LONG = re.compile(
    r"context.?length|maximum context|context.?size|context.?window|n_ctx", re.I
)
# Where a validation begins to quote what it was sent.
_QUOTED = re.compile(r"""["']?\binput(?:_value)?["']?\s*[:=]""")
MOST_OWN_WORDS = 500
_SURROGATE = re.compile("[\ud800-\udfff\0]")


@dataclass(frozen=True)
class Trouble:
    """Why an attempt brought no reply. `message` is a sentence for the owner.

    `tries`: whether the call may be tried once more, or as often as is set.
    `may_be_all`: nothing tells whether it is this call alone or every one of them; many
    of them in a row end the run.
    """

    code: str
    message: str
    tries: Literal["one", "two", "all"] = "one"
    is_fatal: bool = False
    is_refusal: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    retry_after_s: float | None = None
    may_be_all: bool = False


@dataclass(frozen=True)
class Said:
    """What an answer says."""

    text: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    tokens: tuple[TokenProbability, ...]


@dataclass
class Refused:
    """What one server did not take; each attribute goes on to the next weaker way."""

    n_formats: int = 0
    n_logprobs: int = 0
    names: set[str] = field(default_factory=set)

    def note(self, name: str, body: Mapping[str, Any]) -> None:
        """Do without `name` of this body from now on.

        The body may have been sent before another one taught us: then nothing more is
        given up.
        """
        if name == "response_format":
            sent = FORMATS.index(body[name]["type"])
            self.n_formats = max(self.n_formats, sent + 1)
        elif name == "logprobs":
            sent = TOP_LOGPROBS.index(body["top_logprobs"])
            self.n_logprobs = max(self.n_logprobs, sent + 1)
        else:
            self.names.add(name)


def write_body(
    ask: Ask, *, model: str, given: Mapping[str, Any], refused: Refused
) -> dict[str, Any]:
    """Return the JSON body of a request. `given`: the endpoint's own parameters."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": one.role, "content": one.content} for one in ask.messages
        ],
        "temperature": ask.temperature,
        **given,
    }
    if ask.seed is not None:
        body["seed"] = ask.seed
    is_new = "max_tokens" in refused.names
    body["max_completion_tokens" if is_new else "max_tokens"] = ask.max_tokens
    if ask.wants_logprobs and refused.n_logprobs < len(TOP_LOGPROBS):
        body["logprobs"] = True
        body["top_logprobs"] = TOP_LOGPROBS[refused.n_logprobs]
    if ask.schema is not None and refused.n_formats < len(FORMATS):
        body["response_format"] = _format(FORMATS[refused.n_formats], ask.schema)
    for name in refused.names - {"max_tokens"}:
        body.pop(name, None)
    return body


def _format(kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "json_object":
        return {"type": kind}
    wrapped = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"type": kind, "json_schema": wrapped}


def refused_name(text: str, body: Mapping[str, Any]) -> str | None:
    """Return which part of a request an error of 400 or 422 names, if it may go.

    What a server quotes of the request is not read: the item's own words would else
    take the schema from all items after it.
    """
    if is_too_long(text):
        return None
    error = read_error(text)
    for words in (str(error.get("param") or ""), *_places(error), _own_words(text)):
        for name, pattern in _NAMES:
            found = re.search(rf"(?<![a-z_])(?:{pattern})(?![a-z_])", words)
            if found and name in body:
                return name
    return None


def is_too_long(text: str) -> bool:
    """Tell an error that says that the item does not fit into the model."""
    error = read_error(text)
    told = (error.get("code"), error.get("type"), *error.keys(), _own_words(text))
    return any(isinstance(one, str) and _TOO_LONG.search(one) for one in told)


def _own_words(text: str) -> str:
    """Return what a server says of itself, up to where it quotes the request."""
    error = read_error(text)
    said = error.get("message") or error.get("detail")
    if not error and not text.lstrip().startswith(("{", "[")):
        said = text
    if not isinstance(said, str):
        return ""
    return _QUOTED.split(said, maxsplit=1)[0][:MOST_OWN_WORDS]


def _places(error: Mapping[str, Any]) -> list[str]:
    """Return the fields of the body that a validation of it names."""
    faults = error.get("detail")
    places = [
        fault.get("loc")
        for fault in (faults if isinstance(faults, list) else ())
        if isinstance(fault, dict)
    ]
    return [
        place[1]
        for place in places
        if isinstance(place, list) and len(place) > 1 and isinstance(place[1], str)
    ]


def read_json(raw: bytes) -> Any:
    """Return what JSON says, whatever it is; raises ValueError where it is none."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("too deep") from None


def read_error(text: str) -> Mapping[str, Any]:
    """Return the error object of an answer, or an empty one."""
    try:
        payload = read_json(text.encode("utf-8", "replace"))
    except ValueError:
        return {}
    found = payload.get("error", payload) if isinstance(payload, dict) else {}
    if isinstance(found, str):
        return {"message": found}
    return found if isinstance(found, dict) else {}


def read_answer(payload: Any) -> Said | Trouble:
    """Return what an answer of the protocol says, or why it says nothing."""
    if isinstance(payload, dict) and payload.get("error") and "choices" not in payload:
        return _error_inside(payload["error"])
    choice = _first(payload.get("choices")) if isinstance(payload, dict) else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return _not_the_protocol()
    tokens_in, tokens_out = _usage(payload.get("usage"))
    reason = choice.get("finish_reason")
    reason = reason[:40] if isinstance(reason, str) else "stop"
    if message.get("refusal") or reason == "content_filter":
        return Trouble(
            "refused" if message.get("refusal") else "content_filter",
            _("The model refused to answer."),
            is_refusal=True,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )
    text = _content(message.get("content"))
    if text is None:
        return _not_the_protocol(tokens_in, tokens_out)
    tokens = _tokens(choice.get("logprobs"))
    return Said(clean(text), clean(reason), tokens_in, tokens_out, tokens)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _error_inside(error: Any) -> Trouble:
    """Read an error that a gateway sent with the status 200."""
    code = error.get("code") if isinstance(error, dict) else None
    return Trouble(
        "error_answer",
        _("The endpoint answered with an error instead of a completion."),
        tries="all" if code in TRANSIENT else "two",
    )


def _not_the_protocol(tokens_in: int = 0, tokens_out: int = 0) -> Trouble:
    message = _(
        "The answer is not a chat completion. Check that the address is that of an "
        "OpenAI-compatible endpoint, usually ending with /v1."
    )
    return Trouble("bad_answer", message, "two", False, False, tokens_in, tokens_out)


def _content(content: Any) -> str | None:
    """Return the text of a message, which some servers send in parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    return "".join(part for part in parts if isinstance(part, str))


def is_storable(text: str) -> bool:
    """Tell whether a database stores the text: no NUL, no half of a character."""
    return not _SURROGATE.search(text)


def clean(text: str) -> str:
    """Return the text without what no database stores: NUL, halves of a character."""
    if is_storable(text):
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _usage(usage: Any) -> tuple[int, int]:
    """Return the tokens read and written; 0 where the server does not say."""
    if not isinstance(usage, dict):
        return 0, 0
    return _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value < 10**9 else 0


def _tokens(logprobs: Any) -> tuple[TokenProbability, ...]:
    """Return the tokens with their probabilities; none where one of them is broken."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list):
        return ()
    found = []
    for entry in content:
        chosen = _pair(entry)
        if chosen is None:
            return ()
        top = entry.get("top_logprobs")
        pairs = map(_pair, top) if isinstance(top, list) else ()
        kept = tuple(pair for pair in pairs if pair is not None)
        found.append(TokenProbability(chosen[0], chosen[1], kept))
    return tuple(found)


def _pair(entry: Any) -> tuple[str, float] | None:
    """Return a token and its log-probability, a finite number that is at most 0."""
    if not isinstance(entry, dict):
        return None
    token, value = entry.get("token"), entry.get("logprob")
    if not isinstance(token, str) or isinstance(value, bool):
        return None
    if not isinstance(value, int | float) or math.isnan(value):
        return None
    return clean(token), min(0.0, max(-9999.0, float(value)))
