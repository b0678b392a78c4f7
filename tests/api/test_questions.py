"""The questions of a project over REST: read, put, refused."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Project, Role
from tests.answers.forms import FORM
from tests.factories import make_member, make_project

TokenClient = Callable[[User], Client]


@pytest.fixture
def project(db: None) -> Project:
    """A project that nobody has worked on."""
    return make_project()


def put(
    client: Client, project: Project, body: object
) -> tuple[int, dict[str, object]]:
    address = reverse("api_questions", args=[project.slug])
    response = client.put(address, body, content_type="application/json")
    return response.status_code, response.json()


def test_questions_go_out_and_come_back(
    project: Project, token_client: TokenClient
) -> None:
    owner = token_client(project.created_by)
    address = reverse("api_questions", args=[project.slug])
    form = owner.get(address).json()
    assert (form["kind"], form["schema"]) == ("polyphony-questions", 1)
    same = {"number": 1, "is_new": False, "is_changed": False}
    assert put(owner, project, form) == (200, same)
    changed = {"number": 1, "is_new": False, "is_changed": True}
    assert put(owner, project, {"questions": FORM}) == (200, changed)
    assert owner.get(address).json()["questions"] == FORM


def test_faults_are_named_and_nothing_is_stored(
    project: Project, token_client: TokenClient
) -> None:
    owner = token_client(project.created_by)
    status, body = put(owner, project, [{"name": "t", "type": "text", "minimum": 1}])
    assert status == 422
    assert "questions[0].minimum" in str(body["problems"])
    version = project.current_questions()
    assert version is not None
    assert version.questions[0]["type"] == "comparison"


@pytest.mark.parametrize(("role", "reads"), [("researcher", 200), ("annotator", 404)])
def test_only_owners_put_and_only_managers_read(
    project: Project, token_client: TokenClient, role: str, reads: int
) -> None:
    assert role in Role.values
    client = token_client(make_member(project, role))
    address = reverse("api_questions", args=[project.slug])
    assert client.get(address).status_code == reads
    assert put(client, project, FORM)[0] == 404
