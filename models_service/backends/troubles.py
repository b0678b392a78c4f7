"""PURE: why an endpoint gave no reply, in sentences that say how to mend it.

No sentence holds what an exception says: a header with a key in it may be quoted there.
"""

from collections.abc import Mapping
from typing import Any

import httpcore2

from annotation.words import gettext as _
from models_service.backends.addresses import AddressRefused
from models_service.backends.chat_wire import (
    TRANSIENT,
    Trouble,
    clean,
    is_too_long,
    read_error,
)
from models_service.backends.connecting import (
    BadEncoding,
    NameNotFound,
    TooLarge,
    is_tls_problem,
)

LONGEST_QUOTE = 200
# These may mean one item (a gateway that flags what it holds) or every one of them (a
# key without the right, a wrong address).
UNCLEAR = frozenset({403, 404, 451})
# What stands beside the error of an item that was flagged.
FLAGGED = frozenset({"flagged_input", "reasons"})


def of_status(
    status: int, text: str, *, key: str, retry_after_s: float | None
) -> Trouble:
    """Return what an answer with this status means. `text`: the start of its body."""
    code = f"http_{status}"
    if 300 <= status < 400:
        message = _(
            "The endpoint redirects to another address. Enter the address at which it "
            "answers itself, with https:// where it has it."
        )
        return Trouble("redirect", message, is_fatal=True)
    if status == 429 and _is_out_of_credit(text):
        return Trouble("no_credit", _no_credit(), is_fatal=True)
    if status in TRANSIENT:
        return Trouble(code, _transient(status), "all", retry_after_s=retry_after_s)
    if 400 <= status < 500 and _is_filtered(read_error(text)):
        message = _("A filter of the endpoint refused the request.")
        return Trouble("content_filter", message, is_refusal=True)
    if status in (400, 413, 422):
        return _of_refused_request(code, text, key)
    if status in UNCLEAR:
        return Trouble(code, _lasting(status), may_be_all=True)
    return Trouble(code, _lasting(status), is_fatal=400 <= status < 500)


def _transient(status: int) -> str:
    if status == 429:
        return _(
            "The endpoint was asked too often. Lower the calls at once or the calls a "
            "minute, and run again."
        )
    return _(
        "The endpoint has a fault of its own or is overloaded (HTTP {status}). Run "
        "again later."
    ).format(status=status)


def _lasting(status: int) -> str:
    """Return the sentence for a status that no further try mends."""
    if status == 401:
        return _("The endpoint refuses the API key. Enter a valid one.")
    if status == 402:
        return _no_credit()
    if status == 403:
        return _(
            "The endpoint does not let this API key use the model. Give the key the "
            "right to it, or choose another model."
        )
    if status == 404:
        return _(
            "The endpoint knows no such address or no such model. Check the model, and "
            "that the address ends as the endpoint says, usually with /v1."
        )
    return _(
        "The endpoint answered with HTTP {status}. Check that the address is that of "
        "an OpenAI-compatible endpoint."
    ).format(status=status)


def _no_credit() -> str:
    return _("The account of this API key has no credit left. Add credit and resume.")


def _is_out_of_credit(text: str) -> bool:
    """Tell a 429 that no waiting mends."""
    error = read_error(text)
    return "insufficient_quota" in (error.get("code"), error.get("type"))


def _is_filtered(error: Mapping[str, Any]) -> bool:
    """Tell an error that is about what the item holds; gateways say so beside it."""
    if error.get("code") in ("content_filter", "content_policy_violation"):
        return True
    beside = error.get("metadata")
    return isinstance(beside, dict) and bool(FLAGGED & set(beside))


def _of_refused_request(code: str, text: str, key: str) -> Trouble:
    """Return what a server means that does not take this one request."""
    error = read_error(text)
    if is_too_long(text) or code == "http_413":
        message = _(
            "The item is longer than the model can read. Choose a model that reads "
            "more, or leave such items out."
        )
        return Trouble("too_long", message)
    said = error.get("message")
    if not isinstance(said, str) or not said.strip():
        return Trouble(code, _("The endpoint does not accept the request."))
    quote = clean(" ".join(said.split()))
    quote = (quote.replace(key, "…") if key else quote)[:LONGEST_QUOTE]
    message = _("The endpoint does not accept the request. It says: “{quote}”.")
    return Trouble(code, message.format(quote=quote))


def of_timeout(timeout_s: float) -> Trouble:
    """Return what a call means that took too long."""
    message = _(
        "The endpoint gave no answer within {n:g} seconds. Allow more time, or lower "
        "the calls at once."
    ).format(n=timeout_s)
    return Trouble("timeout", message, "all")


def of_error(error: Exception, host: str) -> Trouble:
    """Return what an error of the connection means."""
    if isinstance(error, AddressRefused):
        return Trouble("address", error.message, is_fatal=True)
    if isinstance(error, TooLarge):
        message = _("The answer is far larger than a completion can be.")
        return Trouble("too_large", message, "two")
    if isinstance(error, BadEncoding):
        message = _("The answer is compressed in a way that cannot be read.")
        return Trouble("bad_encoding", message, "two")
    if isinstance(error, NameNotFound):
        message = _("The host {host} is not found. Check how it is written.")
        return Trouble("not_found", message.format(host=host), "all")
    if is_tls_problem(error):
        message = _(
            "{host} has no certificate that this installation trusts. Mend its "
            "certificate, or let the operator add its authority by SSL_CERT_FILE."
        )
        return Trouble("tls", message.format(host=host), is_fatal=True)
    if isinstance(error, httpcore2.ConnectError | httpcore2.ConnectTimeout):
        message = _("{host} is not reached. Check the address, and that it is running.")
        return Trouble("connect", message.format(host=host), "all")
    message = _("The connection to {host} broke off in the middle of an answer.")
    return Trouble("cut", message.format(host=host), "all")


def of_bad_json() -> Trouble:
    """Return what an answer means that is no JSON."""
    message = _(
        "The answer is not JSON. Check that the address is that of an "
        "OpenAI-compatible endpoint, usually ending with /v1."
    )
    return Trouble("bad_json", message, "two")
