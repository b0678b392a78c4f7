"""One error shape for the whole API: code, message, problems [{path, row, message}].

The sentences are our own: those of the framework say neither what is wrong with which
object nor how to mend it.
"""

import re
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation.errors import AnnotationError
from annotation.field_words import field_words
from annotation.middleware import error_body
from annotation.words import gettext as _
from annotation.words import gettext_noop

WHOLE = {
    "parse_error": gettext_noop(
        "The body cannot be read. Send JSON, or a form with a file."
    ),
    "not_authenticated": gettext_noop(
        "You are not logged in. Send a token, or log in."
    ),
    "authentication_failed": gettext_noop("This token is not valid. Make a new one."),
    "permission_denied": gettext_noop(
        "This is not allowed with your log-in. Load the page again, or send a token."
    ),
    "not_found": gettext_noop("There is nothing here for you."),
    "method_not_allowed": gettext_noop("This address does not take {method}."),
    "not_acceptable": gettext_noop(
        "This address answers with JSON only. Accept application/json."
    ),
    "unsupported_media_type": gettext_noop(
        "This type of body is not read. Send JSON, or a form with a file."
    ),
    "throttled": gettext_noop(
        "These are too many calls for one hour. Wait {wait} and go on."
    ),
}

# The framework words the other ones itself.
MAY_BE_OURS = (
    exceptions.ParseError,
    exceptions.AuthenticationFailed,
    exceptions.NotAuthenticated,
    exceptions.PermissionDenied,
    exceptions.NotFound,
)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn domain errors and DRF's own into the one shape; leave others to Django."""
    if isinstance(error, AnnotationError):
        return Response(error_body(error), status=error.status)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = {
            "code": "invalid",
            "message": _("Some fields are missing or do not fit."),
            "problems": list(_problems(error.detail, "")),
        }
        return response
    code = getattr(error, "default_code", "not_found")
    message = _sentence(error, code, getattr(context.get("request"), "method", ""))
    response.data = {"code": code, "message": message, "problems": []}
    return response


def _sentence(error: Exception, code: str, method: str | None) -> str:
    """Return our own words for a whole request; a sentence of ours stays."""
    detail = str(getattr(error, "detail", ""))
    if code not in WHOLE or (isinstance(error, MAY_BE_OURS) and _is_ours(error)):
        return detail
    wait = getattr(error, "wait", None)
    waits = _("{n} min").format(n=max(1, round(wait / 60))) if wait else _("a little")
    return _(WHOLE[code]).format(method=method, wait=waits)


def _is_ours(error: exceptions.APIException) -> bool:
    """Tell our sentences from remarks such as “JSON parse error - …”."""
    detail = str(error.detail)
    is_remark = detail.startswith(("JSON parse", "CSRF", "Multipart"))
    return detail != str(error.default_detail) and not is_remark


def _problems(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _problems(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _problems(inner, path)
    else:
        yield {"path": path, "row": None, "message": _field(detail, path)}


def _field(detail: Any, path: str) -> str:
    number = re.search(r"-?\d+(?:\.\d+)?", str(detail))
    name = path or _("The body")
    code = getattr(detail, "code", "")
    # Of a list the framework counts entries, under the code for characters.
    if code == "max_length" and "elements" in str(detail):
        code = "max_entries"
    return field_words(code, name, number[0] if number else "")
