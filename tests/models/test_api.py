"""Machine annotators over REST do what the pages do, for the same people."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import MachineAnnotator, Membership, Project
from models_service.models import Connection, Run
from tests.api.conftest import token_client
from tests.factories import make_member
from tests.models.judges import answer_all, make_judge
from tests.models.test_pages import KEY

__all__ = ["token_client"]
JUDGE = {
    "name": "Careful judge",
    "base_url": "https://api.example.com/v1",
    "model": "some-model",
    "api_key": KEY,
    "usd_per_million_in": "2.5",
    "usd_per_million_out": 10,
    "extra_body": {"top_p": 0.9},
}


@pytest.fixture
def pool(make_pool: Callable[..., Project]) -> Project:
    made = make_pool(4)
    Membership.objects.create(project=made, user=made.created_by, role="owner")
    return made


@pytest.fixture
def owner(pool: Project, token_client: Callable[[User], Client]) -> Client:
    return token_client(pool.created_by)


@pytest.fixture
def researcher(pool: Project, token_client: Callable[[User], Client]) -> Client:
    return token_client(make_member(pool, "researcher"))


@pytest.fixture
def annotator(pool: Project, token_client: Callable[[User], Client]) -> Client:
    return token_client(make_member(pool))


def address(pool: Project, rest: str = "") -> str:
    return f"/api/v1/projects/{pool.slug}/models/{rest}"


def send(client: Client, where: str, sent: Any, method: str = "post") -> Any:
    call = getattr(client, method)
    return call(where, sent, content_type="application/json")


def test_judge_is_made_read_and_listed_without_its_key(
    pool: Project, owner: Client, researcher: Client
) -> None:
    made = send(owner, address(pool), JUDGE)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["reach"]["has_key"] is True
    assert told["parameters"]["extra_body"] == {"top_p": 0.9}
    one = researcher.get(address(pool, f"{told['id']}/"))
    listed = researcher.get(address(pool))
    assert one.json() == told
    assert listed.json()["results"] == [told]
    for response in (made, one, listed):
        assert KEY not in response.content.decode()


def test_faults_are_named_by_field(pool: Project, owner: Client) -> None:
    sent = JUDGE | {"temperature": "hot", "base_url": "http://169.254.169.254/v1"}
    response = send(owner, address(pool), sent)
    assert response.status_code == 422
    paths = {problem["path"] for problem in response.json()["problems"]}
    assert {"temperature", "base_url"} <= paths
    assert send(owner, address(pool), [1]).status_code == 422
    assert send(owner, address(pool), JUDGE | {"backend": "file"}).status_code == 422
    assert not MachineAnnotator.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usd_per_million_in", "NaN"),
        ("usd_per_million_in", "sNaN"),
        ("usd_per_million_out", "Infinity"),
        ("usd_per_million_out", float("nan")),
        ("name", "Half \ud800 a character"),
        ("model", "\udfff"),
        ("revision", "a\0b"),
        ("extra_body", {"top_p": float("nan")}),
        ("extra_body", {"stop": ["\0"]}),
        ("extra_body", {"stop": {"deep": ["\ud83d"]}}),
        ("extra_body", {"\udc00": 1}),
    ],
)
def test_what_cannot_be_stored_is_named_and_not_a_fault(
    pool: Project, owner: Client, name: str, value: Any
) -> None:
    sent = json.dumps(JUDGE | {name: value})
    response = owner.post(address(pool), sent, content_type="application/json")
    assert response.status_code in (400, 422), response.content
    if response.status_code == 422:
        (problem,) = response.json()["problems"]
        assert problem["path"] == name and problem["message"].endswith(".")
    assert not MachineAnnotator.objects.exists()


def test_change_keeps_what_is_not_sent(pool: Project, owner: Client) -> None:
    made = send(owner, address(pool), JUDGE).json()
    where = address(pool, f"{made['id']}/")
    changed = send(owner, where, {"model": "another"}, "patch").json()
    assert (changed["id"], changed["model"]) == (made["id"], "another")
    assert Connection.objects.get().key_encrypted
    send(owner, where, {"api_key": ""}, "patch")
    assert bytes(Connection.objects.get().key_encrypted) == b""
    renamed = send(owner, where, {"name": "Other"}, "patch")
    assert renamed.status_code == 422


def test_change_of_a_used_judge_is_a_version(pool: Project, owner: Client) -> None:
    made = send(owner, address(pool), JUDGE).json()
    answer_all(MachineAnnotator.objects.get())
    where = address(pool, f"{made['id']}/")
    changed = send(owner, where, {"temperature": 1}, "patch").json()
    assert (changed["number"], changed["supersedes"]) == (2, made["id"])
    assert send(owner, where, {"temperature": 0.5}, "patch").status_code == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": ""},
        {"api_key": "sk-another"},
        {"base_url": "https://other.example.com/v1"},
    ],
)
def test_key_that_is_gone_is_gone_from_earlier_versions(
    pool: Project, owner: Client, changes: dict[str, str]
) -> None:
    first = send(owner, address(pool), JUDGE).json()
    answer_all(MachineAnnotator.objects.get())
    where = address(pool, f"{first['id']}/")
    second = send(owner, where, {"model": "another"}, "patch").json()
    other = send(owner, address(pool), JUDGE | {"name": "Other"}).json()
    made = (first, second, other)
    assert [has_key(one) for one in made] == [True, True, True]
    send(owner, address(pool, f"{second['id']}/"), changes, "patch")
    is_replaced = changes.get("api_key", "") != ""
    assert [has_key(one) for one in made] == [False, is_replaced, True]


def has_key(told: dict[str, Any]) -> bool:
    found = Connection.objects.get(machine__public_id=told["id"])
    return bytes(found.key_encrypted) != b""


def test_run_is_begun_over_rest_and_its_verdicts_read(
    pool: Project, owner: Client, researcher: Client
) -> None:
    made = send(owner, address(pool), JUDGE).json()
    where = address(pool, f"{made['id']}/")
    told = researcher.get(f"{where}forecast/?n=3").json()
    assert (told["n_items"], told["n_calls"], told["is_measured"]) == (3, 6, False)
    assert Decimal(told["cost_usd"]) > 0
    assert send(researcher, f"{where}runs/", {}).status_code == 404
    job = send(owner, f"{where}runs/", {"n": 3, "cap_usd": "0.25"})
    assert job.status_code == 202
    assert Run.objects.get().cap_usd == Decimal("0.25")
    assert send(owner, f"{where}runs/", {}).status_code == 409
    (run,) = researcher.get(f"{where}runs/").json()["results"]
    assert run["job"] == job.json()["id"]
    assert researcher.get(address(pool, "runs/")).json()["results"] == [run]
    owner.post(f"/api/v1/jobs/{run['job']}/cancel/")
    answer_all(MachineAnnotator.objects.get())
    page = researcher.get(address(pool, "pre-annotations/?limit=3&status=ok")).json()
    assert (page["count"], len(page["results"])) == (4, 3)
    first = page["results"][0]
    assert first["answers"]["preference"]["value"] == 1
    assert (first["machine"], first["order"], first["flags"]) == (made["id"], [], [])
    of_it = researcher.get(address(pool, f"pre-annotations/?machine={made['id']}"))
    assert of_it.json()["count"] == 4


def test_words_that_are_no_filter_are_refused(pool: Project, owner: Client) -> None:
    for query in ("status=maybe", "machine=7"):
        response = owner.get(address(pool, f"pre-annotations/?{query}"))
        assert response.status_code == 422, query


def test_annotator_learns_no_verdict(pool: Project, annotator: Client) -> None:
    machine = make_judge(pool)
    answer_all(machine)
    one = f"{machine.public_id}/"
    for rest in ("", "runs/", "pre-annotations/", one, f"{one}runs/"):
        assert annotator.get(address(pool, rest)).status_code == 404, rest
    assert send(annotator, address(pool), JUDGE).status_code == 404


def test_researcher_changes_nothing(pool: Project, researcher: Client) -> None:
    where = address(pool, f"{make_judge(pool).public_id}/")
    assert send(researcher, address(pool), JUDGE).status_code == 404
    assert send(researcher, where, {"model": "x"}, "patch").status_code == 404
    archive = send(researcher, f"{where}archive/", {"is_archived": True})
    assert archive.status_code == 404


def test_archived_judge_is_not_asked(pool: Project, owner: Client) -> None:
    where = address(pool, f"{make_judge(pool).public_id}/")
    put = send(owner, f"{where}archive/", {"is_archived": True}).json()
    assert put["archived_at"]
    assert send(owner, f"{where}runs/", {}).status_code == 409
    back = send(owner, f"{where}archive/", {"is_archived": False}).json()
    assert back["archived_at"] is None
