"""A project that recruits on Prolific, its link, and people who come by it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Enrolment, Invitation, Participant, Project
from annotation.recruiting import Arrival
from annotation.services.enrolments import enrol
from annotation.services.invitations import NewInvitation
from annotation.services.recruitment import (
    RecruitmentSettings,
    create_link,
    save_recruitment,
)
from tests.factories import make_items, make_project

PID = "5f0000000000000000000001"
DONE, OUT = "C1DONE77", "C1OUT88"
SETTINGS = RecruitmentSettings(
    provider="prolific",
    completion_code=DONE,
    screen_out_code=OUT,
    completion_url="https://app.prolific.com/submissions/complete?cc={code}",
    n_items_wanted=2,
    time_allowed_min=60,
)
Recruit = Callable[..., Enrolment]


def pid(number: int) -> str:
    """Return the well-formed id of the n-th person."""
    return f"5f{number:022x}"


def recruiting(n_items: int = 4, overlap: int = 1, **options: Any) -> Project:
    """Return a project that recruits, with items of its own."""
    project = make_project(overlap=overlap)
    make_items(project, n_items)
    save_recruitment(
        project=project,
        user=project.created_by,
        settings=replace(SETTINGS, **options),
    )
    return Project.objects.select_related("recruitment").get(pk=project.pk)


def link_of(project: Project, **options: Any) -> NewInvitation:
    """Return a recruitment link for 50 people."""
    return create_link(
        project=project, user=project.created_by, **{"days": 7, "n_max": 50, **options}
    )


def ready(participant: Participant) -> Participant:
    """Let a participant have given consent and profile."""
    participant.is_ready = True
    participant.save(update_fields=["is_ready"])
    return participant


@pytest.fixture
def project(db: None) -> Project:
    """A recruiting project with four items, two wanted from each person."""
    return recruiting()


@pytest.fixture
def recruit(db: None) -> Recruit:
    """Enrol the n-th person, ready to work."""

    def make(project: Project, number: int = 1) -> Enrolment:
        found = Invitation.objects.filter(
            project=project, kind=Invitation.Kind.RECRUITMENT
        ).first()
        invitation = found or link_of(project).invitation
        invitation.project = project
        enrolled = enrol(
            invitation=invitation, arrival=Arrival(pid(number), "study1", f"s{number}")
        )
        ready(enrolled.enrolment.participant)
        return enrolled.enrolment

    return make


def client_of(user: User | None) -> Client:
    """Return a browser in which this person is logged in."""
    client = Client()
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
