"""What a person sees, or saw, of a machine's verdict: only what was once sent to them.

Nothing here reads a verdict that is still hidden; services.suggestions decides when it
is not. Read by the pages and the copy of own data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import Assignment, Exposure


@dataclass(frozen=True)
class Suggestion:
    """A machine's verdict as its person was told, in their order and language.

    `reason`: the machine's own words, plain text; "" where none is shown.
    """

    words: str
    reason: str
    visible_at: datetime


def suggestion_of(assignment: Assignment) -> Suggestion | None:
    """Return what was shown with an assignment, else None; one query."""
    return suggestions_of([assignment]).get(assignment.pk)


def suggestions_of(assignments: Sequence[Assignment]) -> dict[int, Suggestion]:
    """Return what was shown with each of these, by the assignment's key; one query."""
    rows = Exposure.objects.filter(
        assignment__in=[row.pk for row in assignments], visible_at__isnull=False
    )
    return {
        row.assignment_id: Suggestion(row.words, row.reason, row.visible_at)
        for row in rows
        if row.visible_at
    }


def revealed_by(assignment: Assignment) -> Suggestion | None:
    """Return what the first answer revealed, while it is the current one; one query."""
    row = Exposure.objects.filter(
        assignment=assignment,
        visible_at__isnull=False,
        first_answer__isnull=False,
        first_answer=assignment.annotation_id,
    ).first()
    if row is None or row.visible_at is None:
        return None
    return Suggestion(row.words, row.reason, row.visible_at)


def as_json(told: Suggestion | None) -> dict[str, Any] | None:
    """Return a suggestion as the API sends it; neither its arm nor its machine."""
    if told is None:
        return None
    return {
        "words": told.words,
        "reason": told.reason,
        "visible_at": told.visible_at.isoformat(),
    }
