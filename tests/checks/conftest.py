"""A pool with checks, and people who answer it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.allocation.insertion import CheckRules
from annotation.models import Assignment, Item, Participant, Project
from annotation.services import assignments, checks, submissions
from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]
MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
RIGHT_SIDE = 1


def mark(
    project: Project, use: str, numbers: range, *, value: int = RIGHT_SIDE, **more: Any
) -> list[Item]:
    """Make the items of these numbers checks whose better answer is on that side."""
    items = list(Item.objects.filter(project=project, number__in=numbers))
    for item in items:
        gold = {"use": use, "answers": {"preference": {"value": value}}, **more}
        checks.use_as_check(item=item, gold=gold, by=project.created_by)
    project.refresh_from_db()
    return items


def set_rules(project: Project, **rules: int) -> None:
    """Set the rules as they are, so that a test need not have every item for them."""
    Project.objects.filter(pk=project.pk).update(
        check_rules=CheckRules(**rules).to_json()
    )
    project.refresh_from_db()


def claim(person: Participant, *, ahead: bool = False) -> Assignment | None:
    """Ask for the next item, with the person's counters as they are stored."""
    ask = assignments.claim_ahead if ahead else assignments.claim_next
    return ask(participant=person, project=person.project)


def answer(
    assignment: Assignment, canonical: int = RIGHT_SIDE
) -> submissions.Submission:
    """Prefer the completion of that sign in canonical order."""
    is_swapped = assignment.order == [1, 0]
    return submissions.submit(
        assignment=assignment,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": -canonical if is_swapped else canonical}},
        active_ms=5000,
    )


def work(person: Participant, n: int, canonical: int = RIGHT_SIDE) -> list[Assignment]:
    """Answer the next `n` items, fewer where there are none left."""
    done: list[Assignment] = []
    while len(done) < n and (found := claim(person)) is not None:
        answer(found, canonical)
        found.refresh_from_db()
        done.append(found)
    return done


def age(person: Participant, **delta: int) -> None:
    """Let everything that a person did lie further back."""
    for row in Assignment.objects.filter(participant=person).exclude(finished_at=None):
        earlier = (row.finished_at or timezone.now()) - timedelta(**delta)
        Assignment.objects.filter(pk=row.pk).update(finished_at=earlier)


@pytest.fixture
def pool(make_pool: MakePool) -> Project:
    """Return thirty items that want one answer each."""
    return make_pool(30)
