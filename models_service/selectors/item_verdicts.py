"""What machines and people said of one item, side by side, for REST."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import Annotation, Assignment, Item, PreAnnotation
from annotation.selectors.blind import has_seen

# As many as the page of the item shows.
MOST = 200


@dataclass(frozen=True)
class PersonSaid:
    """A person's answer that counts, in canonical order, under their pseudonym.

    `has_seen`: it was given with a suggestion in view.
    """

    public_id: uuid.UUID
    pseudonym: str
    answers: dict[str, Any]
    questions_number: int
    created_at: datetime
    has_seen: bool


def said_by_people(item: Item) -> list[PersonSaid]:
    """Return the answers to an item that count, the first given first; one query.

    Checks, second protocols, surplus and what was taken back or replaced do not.
    """
    lent = (
        Assignment.objects.filter(
            item=item,
            purpose__in=(Assignment.Purpose.MAIN, Assignment.Purpose.IMPORTED),
            state=Assignment.State.SUBMITTED,
            annotation__isnull=False,
        )
        .select_related("participant", "annotation", "questions_version", "exposure")
        .order_by("annotation_id")[:MOST]
    )
    return [_said(one, one.annotation) for one in lent if one.annotation is not None]


def said_by_machines(item: Item) -> list[PreAnnotation]:
    """Return the stored verdicts on an item in the order of storing; one query."""
    found = PreAnnotation.objects.filter(item=item).order_by("id")
    return list(found.select_related("item", "machine", "questions_version")[:MOST])


def _said(lent: Assignment, given: Annotation) -> PersonSaid:
    given.assignment = lent
    return PersonSaid(
        public_id=given.public_id,
        pseudonym=lent.participant.pseudonym,
        answers=given.answers,
        questions_number=lent.questions_version.number,
        created_at=given.created_at,
        has_seen=has_seen(given),
    )
