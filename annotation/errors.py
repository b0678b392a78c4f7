"""Domain errors: a code, a sentence that says how to mend it, and an HTTP status.

Raised by services and access; turned into responses by the middleware and the API.
"""

from collections.abc import Sequence
from typing import Any

from annotation.answers import Problem
from annotation.words import gettext as _


class AnnotationError(Exception):
    """The base of all domain errors. `data` is safe to show."""

    code = "error"
    status = 400

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        problems: Sequence[Problem] = (),
        **data: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.problems = list(problems)
        self.data = data


class NotFoundError(AnnotationError):
    """The object is missing, or not for this person to see; both look the same."""

    code = "not_found"
    status = 404

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("There is nothing here for you."))


class NotAllowedError(AnnotationError):
    """An address of a form was opened as a page, as after a log-in in between."""

    code = "method_not_allowed"
    status = 405

    def __init__(self) -> None:
        super().__init__(
            _(
                "Only a form can be sent here, and opening it stored nothing. Go "
                "back to the page of the form and send it again."
            )
        )


class InvalidError(AnnotationError):
    """The input has problems; each one is named."""

    code = "invalid"
    status = 422


class ConflictError(AnnotationError):
    """The state of the world does not allow it now."""

    code = "conflict"
    status = 409


class BudgetSpentError(ConflictError):
    """A cap leaves no room for what was to be reserved. `data` says which, how much.

    `cap`: "project" or "day"; `left_usd`: what that one still has room for.
    """

    code = "budget_spent"


class NotReadyError(AnnotationError):
    """Consent or profile is missing, so no item is given out yet."""

    code = "not_ready"
    status = 403


class LimitError(AnnotationError):
    """A cap is reached: an invitation, a rate, a size."""

    code = "limit"
    status = 429
