"""The policy and the report over REST: as on the page, for the same people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import MachineAnnotator, Membership, Project
from models_service.models import AnchoringReport
from models_service.services import anchoring
from tests.api.conftest import token_client
from tests.factories import make_items, make_member, make_project
from tests.models.judges import make_judge
from tests.models.people import answer_items, make_people
from tests.suggestions.shown import expose, policies_of, says_always

__all__ = ["token_client"]
pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]


@pytest.fixture
def machine(db: None) -> MachineAnnotator:
    project = make_project(overlap=8)
    Membership.objects.get_or_create(
        project=project, user=project.created_by, defaults={"role": "owner"}
    )
    make_items(project, 10)
    made = make_judge(project)
    says_always(made)
    return made


@pytest.fixture
def owner(machine: MachineAnnotator, token_client: Login) -> Client:
    return token_client(machine.project.created_by)


def where(project: Project, rest: str = "") -> str:
    return f"/api/v1/projects/{project.slug}/models/suggestions/{rest}"


def put(client: Client, project: Project, **sent: Any) -> Any:
    return client.put(where(project), sent, content_type="application/json")


def test_policy_is_set_read_and_ended(machine: MachineAnnotator, owner: Client) -> None:
    project = machine.project
    assert owner.get(where(project)).json() == {
        "policy": None,
        "history": [],
        "report": {"computed_at": None, "requested_at": None, "figures": None},
    }
    arms = {"blind": 1, "revealed": 3}
    response = put(
        owner, project, machine=str(machine.public_id), arms=arms, has_reason=True
    )
    assert response.status_code == 200
    told = owner.get(where(project)).json()
    assert told["policy"] == {
        "number": 1,
        "machine": str(machine.public_id),
        "arms": arms,
        "has_reason": True,
        "temperature": None,
    }
    assert told == response.json()
    put(owner, project, machine=None)
    told = owner.get(where(project)).json()
    assert told["policy"] is None
    assert [one["policy"] and one["policy"]["number"] for one in told["history"]] == [
        None,
        1,
    ]
    assert {one["by"] for one in told["history"]} == {project.created_by.username}


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({}, "machine"),
        ({"machine": "not an id"}, "machine"),
        ({"machine": "8d1f0c7e-0000-4000-8000-000000000000"}, "machine"),
        ({"machine": None, "arm": {}}, "arm"),
        ({"arms": []}, "arms"),
        ({"arms": {"blind": 0}}, "arms"),
        ({"arms": {"loud": 1}}, "arms.loud"),
        ({"arms": {"shown": 1.5}}, "arms.shown"),
        ({"arms": {"shown": True}}, "arms.shown"),
        ({"arms": {"shown": 101}}, "arms.shown"),
        ({"arms": {"shown": 1}, "has_reason": "yes"}, "has_reason"),
    ],
)
def test_faults_are_named_at_their_path(
    machine: MachineAnnotator, owner: Client, sent: dict[str, Any], path: str
) -> None:
    body = {"machine": str(machine.public_id), **sent} if sent else {}
    response = put(owner, machine.project, **body)
    assert response.status_code == 422
    assert path in [one["path"] for one in response.json()["problems"]]
    assert not policies_of(machine.project)


def test_what_is_no_object_is_refused(machine: MachineAnnotator, owner: Client) -> None:
    address = where(machine.project)
    response = owner.put(address, "[1]", content_type="application/json")
    assert response.status_code == 422


def test_suggestions_for_all_are_refused_beside_silent_checks(
    machine: MachineAnnotator, owner: Client
) -> None:
    project = machine.project
    project.check_rules = {"mirror_every": 5}
    project.save(update_fields=["check_rules"])
    response = put(owner, project, machine=str(machine.public_id), arms={"shown": 1})
    assert response.status_code == 422
    assert response.json()["problems"][0]["path"] == "arms.blind"


def test_machines_of_others_cannot_be_shown(
    machine: MachineAnnotator, owner: Client
) -> None:
    foreign = make_judge(make_project())
    response = put(
        owner, machine.project, machine=str(foreign.public_id), arms={"shown": 1}
    )
    assert response.status_code == 422
    assert not policies_of(machine.project)


def test_report_is_told_and_asked_for(machine: MachineAnnotator, owner: Client) -> None:
    project = machine.project
    put(owner, project, machine=str(machine.public_id), arms={"blind": 1, "shown": 1})
    (policy,) = policies_of(project)
    for number, person in enumerate(make_people(project, 8)):
        answer_items(person, lambda item: 1)
        expose(person, policy, "shown" if number % 2 else "blind")
    response = owner.post(where(project, "report/"))
    assert (response.status_code, response.json()["figures"]) == (202, None)
    assert AnchoringReport.objects.get().requested_at is not None
    anchoring.refresh_stale()
    report = owner.get(where(project)).json()["report"]
    assert report["requested_at"] is None
    assert report["figures"]["n"] == 80
    assert report["figures"]["effects"][0]["arm"] == "shown"


def test_researchers_read_and_annotators_find_nothing(
    machine: MachineAnnotator, token_client: Login
) -> None:
    project = machine.project
    reader = token_client(make_member(project, "researcher"))
    annotator = token_client(make_member(project))
    sent = {"machine": str(machine.public_id), "arms": {"shown": 1}}
    assert reader.get(where(project)).status_code == 200
    assert reader.post(where(project, "report/")).status_code == 202
    assert put(reader, project, **sent).status_code == 404
    for client in (annotator, token_client(make_member(make_project()))):
        assert client.get(where(project)).status_code == 404
        assert client.post(where(project, "report/")).status_code == 404
        assert put(client, project, **sent).status_code == 404
    assert Client().get(where(project)).status_code in (401, 403)
    assert not policies_of(project)
