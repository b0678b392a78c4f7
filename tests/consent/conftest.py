"""A study in which several people answered, skipped, flagged and left drafts."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Assignment, Participant, Project
from annotation.services.assignments import claim_next, skip
from annotation.services.comments import write_to_team
from annotation.services.drafts import save_draft
from annotation.services.flags import raise_flag
from annotation.services.participants import ensure_participant, take_part
from annotation.services.submissions import submit
from annotation.surveys import parse_survey, read_replies
from tests.factories import make_items, make_member, make_project

WORDS = "Because my aunt says so."
ANSWERS = {"preference": {"value": 2}, "rationale": WORDS}
TOLD = {"age": ["25 to 34"], "country": ["CL"], "field": ["tides of Valdivia"]}
EVERYTHING = ("research", "ratings", "free_text", "demographics", "special")


@pytest.fixture
def study(db: None) -> Project:
    """A project that wants two answers to each of six items."""
    project = make_project(overlap=2)
    make_items(project, 6)
    return project


@pytest.fixture
def join(study: Project) -> Callable[..., Participant]:
    """Let a new person agree, tell about themselves, and work on the items."""

    def make(username: str = "", n_answers: int = 3) -> Participant:
        person = ready(study, make_member(study, username=username))
        for _ in range(n_answers):
            submit(
                assignment=claimed(person),
                submission_id=uuid.uuid4(),
                answers=ANSWERS,
                active_ms=4000,
            )
        raise_flag(assignment=person.assignments.all()[0], kind="other", note=WORDS)
        skip(assignment=claimed(person), reason=WORDS)
        write_to_team(assignment=person.assignments.all()[0], text=WORDS)
        held = claimed(person)
        save_draft(assignment=held, answers={"rationale": WORDS}, revision=0)
        person.refresh_from_db()
        return person

    return make


def ready(project: Project, user: User) -> Participant:
    """Return a participant who agreed to everything and told the profile."""
    person = ensure_participant(project=project, user=user)
    document = project.consent_documents.latest("number")
    version = project.survey_versions.latest("number")
    questions = parse_survey(version.questions)
    given: dict[str, Any] = {q.name: ["__prefer_not"] for q in questions} | TOLD
    replies, _ = read_replies(questions, given)
    take_part(
        participant=person,
        document=document,
        granted=[scope["name"] for scope in document.scopes],
        version=version,
        replies=replies,
    )
    return person


def claimed(person: Participant) -> Assignment:
    """Return the person's next item."""
    found = claim_next(participant=person, project=person.project)
    assert found is not None
    return found


def logged_in(user: User | None) -> Client:
    """Return a client with a person's session."""
    assert user is not None
    client = Client()
    client.force_login(user)
    return client
