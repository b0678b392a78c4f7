"""A project at work, and the people who look at it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from annotation.models import Assignment, Item, Participant, Project, QuestionsVersion
from annotation.models.pre_annotations import MachineAnnotator, PreAnnotation
from annotation.services import assignments, submissions
from tests.factories import make_items, make_member, make_participant, make_project
from tests.noon import noon

OUTSIDER = "outsider"


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Figures of another test are not those of this one."""
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    """A pairwise project of six items that want two answers each."""
    made = make_project(overlap=2, name="Everyday advice")
    make_items(made, 6)
    return made


@pytest.fixture
def login() -> Callable[[User], Client]:
    """A function that gives a browser in which the user is logged in."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def owner(project: Project, login: Callable[[User], Client]) -> Client:
    """The owner's browser."""
    return login(project.created_by)


@pytest.fixture
def researcher(project: Project, login: Callable[[User], Client]) -> Client:
    """A researcher's browser."""
    return login(make_member(project, "researcher"))


@pytest.fixture
def annotator(project: Project, login: Callable[[User], Client]) -> Client:
    """An annotator's browser; the pages of managers are none of theirs."""
    return login(make_member(project))


@pytest.fixture
def outsider(db: None, login: Callable[[User], Client]) -> Client:
    """The browser of the owner of another project."""
    return login(make_project().created_by)


def answer(
    participant: Participant, value: int, *, active_ms: int = 60_000, **more: Any
) -> Assignment:
    """Answer the participant's next item; `value` in canonical order."""
    lent = assignments.claim_next(participant=participant, project=participant.project)
    assert lent is not None
    # Active time is never longer than the item has been on the screen.
    lent.shown_at = timezone.now() - timedelta(hours=1)
    lent.save(update_fields=["shown_at"])
    shown = -value if lent.order == [1, 0] else value
    submissions.submit(
        assignment=lent,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": shown}, **more},
        active_ms=active_ms,
    )
    return Assignment.objects.get(pk=lent.pk)


def answer_item(item: Item, value: int, participant: Participant) -> Assignment:
    """Give a counted answer to one certain item, without walking the pool."""
    lent = Assignment.objects.create(
        project=item.project,
        item=item,
        participant=participant,
        state="open",
        shown_at=timezone.now() - timedelta(hours=1),
        order=[0, 1],
        questions_version=QuestionsVersion.objects.get(
            project=item.project, purpose="project"
        ),
    )
    item.frontier.refresh_from_db()
    item.frontier.n_taken += 1
    item.frontier.save(update_fields=["n_taken"])
    submissions.submit(
        assignment=lent,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": value}},
        active_ms=60_000,
    )
    return Assignment.objects.get(pk=lent.pk)


def pre_annotate(item: Item, value: int, name: str = "judge-14b") -> PreAnnotation:
    """Store what a machine says of an item that it read in canonical order."""
    machine, _ = MachineAnnotator.objects.get_or_create(
        project=item.project, name=name, defaults={"model": name}
    )
    return PreAnnotation.objects.create(
        project=item.project,
        item=item,
        machine=machine,
        questions_version=QuestionsVersion.objects.get(
            project=item.project, purpose="project"
        ),
        answers={"preference": {"value": value}},
        order=[0, 1],
        raw="I prefer this one.",
        probability=0.71,
    )


__all__ = ["answer", "answer_item", "make_participant", "noon", "pre_annotate"]
