"""One error shape for the whole API: code, message, problems [{path, row, message}]."""

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation.errors import AnnotationError
from annotation.middleware import error_body


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
            "message": "Some fields are missing or do not fit.",
            "problems": list(_problems(error.detail, "")),
        }
        return response
    code = getattr(error, "default_code", "error")
    detail = getattr(error, "detail", "There is nothing here for you.")
    response.data = {"code": code, "message": str(detail), "problems": []}
    return response


def _problems(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _problems(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _problems(inner, path)
    else:
        yield {"path": path, "row": None, "message": str(detail)}
