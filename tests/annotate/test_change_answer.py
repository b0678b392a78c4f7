"""Changing an own earlier answer: where it is allowed, and what is kept."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Annotation, Assignment, FrontierEntry, Project
from annotation.selectors.editing import is_editable, own_versions
from annotation.services import assignments, submissions
from tests.factories import make_items, make_participant, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered() -> Assignment:
    """An answer that was submitted an hour ago, on an item that wants two."""
    project = make_project(overlap=2)
    make_items(project, 1)
    lent = assignments.claim_next(
        participant=make_participant(project), project=project
    )
    assert lent is not None
    submit(lent, 2)
    past = timezone.now() - timedelta(hours=1)
    Annotation.objects.update(created_at=past)
    lent.refresh_from_db()
    return lent


def submit(assignment: Assignment, value: int) -> submissions.Submission:
    """Submit a comparison in the presented order."""
    return submissions.submit(
        assignment=assignment,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": value}},
    )


def allow(assignment: Assignment, editing: str) -> None:
    """Set the project's rule."""
    Project.objects.filter(pk=assignment.project_id).update(editing=editing)


def client_of(assignment: Assignment) -> Client:
    """Return a browser of the person who answered."""
    client = Client()
    assert assignment.participant.user is not None
    client.force_login(assignment.participant.user)
    return client


def test_answer_is_closed_after_its_grace_unless_the_project_allows(
    answered: Assignment,
) -> None:
    with pytest.raises(ConflictError) as refusal:
        submit(answered, -1)
    assert refusal.value.code == "closed"
    assert Annotation.objects.count() == 1


def test_change_is_a_new_version_and_counts_once(answered: Assignment) -> None:
    allow(answered, "always")
    before = answered.finished_at
    submit(answered, -1)
    first, second = Annotation.objects.order_by("pk")
    answered.refresh_from_db()
    assert (second.supersedes, answered.annotation) == (first, second)
    assert second.total_ms is None
    assert answered.finished_at == before
    assert FrontierEntry.objects.get().n_counted == 1
    answered.participant.refresh_from_db()
    assert answered.participant.n_done == 1
    shown = [(one.number, one.is_current) for one in own_versions(answered)]
    assert shown == [(2, True), (1, False)]


def test_complete_item_closes_its_answers(answered: Assignment) -> None:
    allow(answered, "until_complete")
    assert is_editable(answered.pk)
    FrontierEntry.objects.update(n_counted=2, n_taken=2)
    assert not is_editable(answered.pk)


def test_page_fills_the_answer_in(answered: Assignment) -> None:
    allow(answered, "always")
    address = reverse("change_answer", args=[answered.project.slug, answered.public_id])
    page = client_of(answered).get(address)
    assert page.status_code == 200
    draft: dict[str, Any] = page.context["payload"]["draft"]
    assert draft["answers"] == {"preference": {"value": 2}}
    assert b"data-changing" in page.content


def test_closed_answer_sends_back_to_the_history(answered: Assignment) -> None:
    args = [answered.project.slug, answered.public_id]
    page = client_of(answered).get(reverse("change_answer", args=args))
    assert page.headers["Location"] == reverse("history_item", args=args)


def test_somebody_else_finds_nothing(answered: Assignment) -> None:
    allow(answered, "always")
    other = make_participant(answered.project)
    client = Client()
    assert other.user is not None
    client.force_login(other.user)
    args = [answered.project.slug, answered.public_id]
    assert client.get(reverse("change_answer", args=args)).status_code == 404
    api = reverse("api_own", args=[answered.public_id])
    assert client.get(api).status_code == 404


def test_api_shows_the_answer_and_whether_it_may_change(answered: Assignment) -> None:
    client = client_of(answered)
    api = reverse("api_own", args=[answered.public_id])
    body = client.get(api).json()
    assert body["answers"] == {"preference": {"value": 2}}
    assert body["is_editable"] is False
    allow(answered, "always")
    assert client.get(api).json()["is_editable"] is True
