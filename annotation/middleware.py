"""The one place that turns domain errors into pages; the API has its own handler."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from annotation.errors import AnnotationError, NotAllowedError

logger = logging.getLogger(__name__)


def error_body(error: AnnotationError) -> dict[str, object]:
    """Return the one error shape of the API."""
    return {
        "code": error.code,
        "message": error.message,
        "problems": [
            {"path": problem.path, "row": None, "message": problem.message}
            for problem in error.problems
        ],
        **error.data,
    }


class DomainErrors:
    """Answer a domain error with its status: JSON below /api/, else a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; `process_exception` does the work."""
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        """Turn a domain error into a response, and leave any other to Django."""
        if not isinstance(error, AnnotationError):
            return None
        logger.info("domain_error code=%s path=%s", error.code, request.path)
        if request.path.startswith("/api/"):
            return JsonResponse(error_body(error), status=error.status)
        return render(
            request, "annotation/error.html", {"error": error}, status=error.status
        )


class NotAllowedPages:
    """Say in a sentence what an empty 405 means: it comes where a log-in lay between.

    The innermost one, so that its page has the headers of every other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, and put a page in the place of an empty answer."""
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        context = {"error": NotAllowedError()}
        page = render(request, "annotation/error.html", context, status=405)
        page["Allow"] = response["Allow"]
        return page
