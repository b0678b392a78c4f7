"""People who answer by a rule, laid into the database at once."""

import uuid
from collections.abc import Callable, Sequence

import numpy as np
from django.db.models import F
from django.utils import timezone

from annotation.models import (
    Annotation,
    Assignment,
    FrontierEntry,
    Item,
    Participant,
    Project,
)
from tests.factories import make_participant

# What a person says of an item, by the item's number: 1, 0, -1; None = no answer.
Says = Callable[[int], int | None]


def make_people(project: Project, n: int) -> list[Participant]:
    """Return so many people who can answer."""
    return [make_participant(project) for _ in range(n)]


def answer_items(
    person: Participant,
    says: Says,
    *,
    purpose: str = "main",
    state: str = "submitted",
    question: str = "preference",
) -> None:
    """Let a person answer all items of their project by a rule."""
    project = person.project
    version = project.current_questions()
    assert version is not None
    items = [
        (item, value)
        for item in Item.objects.filter(project=project).order_by("number")
        if (value := says(item.number)) is not None
    ]
    lent = Assignment.objects.bulk_create(
        Assignment(
            project=project,
            item=item,
            participant=person,
            purpose=purpose,
            state=state,
            questions_version=version,
            order=[0, 1],
            finished_at=timezone.now(),
        )
        for item, _ in items
    )
    given = Annotation.objects.bulk_create(
        Annotation(
            project=project,
            item=item,
            assignment=assignment,
            participant=person,
            submission_id=uuid.uuid4(),
            answers={question: {"value": value}},
            source="web",
        )
        for assignment, (item, value) in zip(lent, items, strict=True)
    )
    for assignment, annotation in zip(lent, given, strict=True):
        assignment.annotation = annotation
    Assignment.objects.bulk_update(lent, ["annotation"])
    if (purpose, state) == ("main", "submitted"):
        FrontierEntry.objects.filter(item__in=[item for item, _ in items]).update(
            n_taken=F("n_taken") + 1, n_counted=F("n_counted") + 1
        )


def drawn(
    n: int, seed: int, shares: Sequence[float] = (0.5, 0.0, 0.5)
) -> dict[int, int]:
    """Return what each of `n` items' better completion is, by its number."""
    values = np.random.default_rng(seed).choice([1, 0, -1], size=n, p=shares)
    return {number: int(value) for number, value in enumerate(values, 1)}


def mostly(truth: dict[int, int], seed: int, right: float = 0.9) -> Says:
    """Return a rule that says the truth so often, and else the other side."""
    errs = np.random.default_rng(seed).random(len(truth) + 1) > right
    return lambda number: -truth[number] if errs[number] else truth[number]
