"""A pool that is asked under two protocols, and people who answer it."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from annotation.allocation.pairing import ProtocolRules
from annotation.models import Assignment, Participant, Project
from annotation.second_form import Kind, first_form
from annotation.services import assignments, submissions
from annotation.services.protocols import set_second_protocol
from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]
MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
State = Assignment.State
SECOND = "second_protocol"


def ask_twice(project: Project, *, kind: Kind = "rating", **rules: int) -> None:
    """Ask for a rating of each answer too; of all items, if nothing else is said."""
    defaults = {"share_percent": 100, "after_items": 3, "after_min": 0}
    set_second_protocol(
        project=project,
        form=first_form(kind),
        rules=ProtocolRules(**(defaults | rules)),
        by=project.created_by,
    )
    project.refresh_from_db()


def draw_so_that(project: Project, fits: Callable[[int], bool]) -> None:
    """Give a project a seed that fits: the rows have other numbers in each run."""
    project.seed = next(filter(fits, range(10_000)))
    project.save(update_fields=["seed"])


def claim(person: Participant, *, ahead: bool = False) -> Assignment | None:
    """Ask for the next item, with the project as it is stored."""
    ask = assignments.claim_ahead if ahead else assignments.claim_next
    return ask(participant=person, project=person.project)


def claimed(person: Participant) -> Assignment:
    """Return the next item, which must be there."""
    found = claim(person)
    assert found is not None
    return found


def answer(assignment: Assignment, sign: int = 1) -> submissions.Submission:
    """Prefer the completion of that sign in canonical order, in either form."""
    side = -sign if assignment.order == [1, 0] else sign
    if assignment.purpose == SECOND:
        marks = [4 + side, 4 - side]
        answers: dict[str, object] = {"second_rating": {"overall": marks}}
    else:
        answers = {"preference": {"value": side}}
    return submissions.submit(
        assignment=assignment,
        submission_id=uuid.uuid4(),
        answers=answers,
        active_ms=4000,
    )


def work(person: Participant, n: int) -> list[Assignment]:
    """Answer the next `n` items, fewer where there are none left."""
    done: list[Assignment] = []
    while len(done) < n and (found := claim(person)) is not None:
        answer(found)
        found.refresh_from_db()
        done.append(found)
    return done


def work_until(person: Participant, purpose: str) -> Assignment:
    """Work until an item of that purpose is in hand."""
    while (found := claimed(person)).purpose != purpose:
        answer(found)
    return found


def work_until_reserved(person: Participant) -> Assignment:
    """Work until an item in hand keeps its other half waiting behind it."""
    while True:
        found = claimed(person)
        if person.assignments.filter(state=State.RESERVED).exists():
            return found
        answer(found)


def run_out(*held: Assignment) -> None:
    """Let leases end now."""
    past = timezone.now() - timedelta(hours=1)
    Assignment.objects.filter(pk__in=[one.pk for one in held]).update(lease_until=past)
    assignments.expire_leases()


def stay_away(person: Participant) -> None:
    """Let a day pass in which the person does nothing; what is overdue ends."""
    day = timedelta(days=1)
    person.assignments.exclude(finished_at=None).update(
        finished_at=F("finished_at") - day
    )
    person.assignments.exclude(lease_until=None).update(
        lease_until=F("lease_until") - day
    )
    person.protocol_pairs.exclude(reserved_until=None).update(
        reserved_until=F("reserved_until") - day
    )
    assignments.expire_leases()


@pytest.fixture
def pool(make_pool: MakePool) -> Project:
    """Return twenty items that want one answer each, and are asked twice."""
    project = make_pool(20)
    ask_twice(project)
    return project
