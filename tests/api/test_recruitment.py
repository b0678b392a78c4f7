"""Recruiting over REST does what the pages do, for owners, in the same sentences."""

import csv
import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Enrolment,
    Event,
    ExternalIdentity,
    Invitation,
    Project,
    Recruitment,
)
from annotation.services import endings, identities
from annotation.services.withdrawals import withdraw
from tests.factories import make_member, make_project
from tests.recruit.conftest import Recruit, pid, recruit, recruiting
from tests.recruit.test_pay_page import SEVEN, complete

__all__ = ["recruit"]
TokenClient = Callable[[User], Client]
SETTINGS = {
    "provider": "prolific",
    "completion_code": "DONE1",
    "pay_amount": "2.500",
    "currency": "usd",
    "n_items_wanted": 12,
}


@pytest.fixture
def study(db: None) -> Project:
    """A project that recruits, pays 7 and promises 9 an hour."""
    return recruiting(n_items=4, overlap=5, **SEVEN)


@pytest.fixture
def owner(study: Project, token_client: TokenClient) -> Client:
    """A client of the study's owner."""
    return token_client(study.created_by)


def at(name: str, project: Project, *keys: object) -> str:
    """Return an address of the project."""
    return reverse(name, args=[project.slug, *keys])


def put(client: Client, address: str, body: object) -> Any:
    """Send a body as JSON."""
    return client.put(address, body, content_type="application/json")


def post(client: Client, address: str, body: object = None) -> Any:
    """Send a body as JSON."""
    return client.post(address, body or {}, content_type="application/json")


def test_settings_are_stored_and_read(token_client: TokenClient) -> None:
    project = make_project()
    client = token_client(project.created_by)
    address = at("api_recruitment", project)
    assert client.get(address).status_code == 404
    stored = put(client, address, SETTINGS)
    assert stored.status_code == 200, stored.content
    found = client.get(address).json()
    assert found == stored.json()
    assert (found["currency"], found["pay_amount"]) == ("USD", "2.500")
    assert found["id_parameter"] == "PROLIFIC_PID"
    assert Recruitment.objects.get(project=project).n_items_wanted == 12


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"completion_code": None}, "completion_code", "is null"),
        ({"provider": "nobody"}, "provider", "does not take"),
        ({"screen_out_code": "DONE1"}, "screen_out_code", "the completion code"),
        ({"currency": "£££"}, "currency", "three letters, such as GBP."),
        ({"n_items_wanted": 0}, "n_items_wanted", "Ask for 1 to"),
    ],
)
def test_faulty_settings_are_refused_as_on_the_page(
    study: Project, owner: Client, change: dict[str, Any], path: str, words: str
) -> None:
    before = Recruitment.objects.values().get()
    answer = put(owner, at("api_recruitment", study), SETTINGS | change)
    assert answer.status_code in (400, 422)
    (problem,) = answer.json()["problems"]
    assert problem["path"] == path
    assert words in problem["message"]
    assert Recruitment.objects.values().get() == before


def test_a_link_tells_its_address_once_and_can_be_ended(
    study: Project, owner: Client
) -> None:
    made = post(owner, at("api_links", study), {"n_max": 5, "days": 7, "note": "A"})
    assert made.status_code == 201, made.content
    address = made.json()["address"]
    assert "/study/" in address
    assert "PROLIFIC_PID={{%PROLIFIC_PID%}}" in address
    (told,) = owner.get(at("api_links", study)).json()
    assert (told["n_max"], told["note"], told["ended"]) == (5, "A", "")
    assert "address" not in told
    key = told["id"]
    assert post(owner, at("api_revoke", study, key)).status_code == 204
    assert owner.get(at("api_links", study)).json()[0]["ended"] == "revoked"
    refused = post(owner, at("api_links", study), {"n_max": 0, "days": 7})
    assert refused.json()["message"] == "A link takes from 1 to 100,000 people."


def test_a_link_needs_settings_first(token_client: TokenClient) -> None:
    project = make_project()
    client = token_client(project.created_by)
    answer = post(client, at("api_links", project), {"n_max": 5, "days": 7})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_recruiting")
    assert not Invitation.objects.exists()


def test_pay_is_listed_as_on_the_page(
    study: Project, owner: Client, recruit: Recruit
) -> None:
    complete(recruit(study, 1), study)
    recruit(study, 2)
    found = owner.get(at("api_pay", study), {"limit": 1}).json()
    assert (found["count"], len(found["results"])) == (2, 1)
    assert (found["owed"], found["currency"]) == ("9.00", "GBP")
    assert found["paid"] == "0.00"
    assert Decimal(found["median_hourly"]) > 0
    (line,) = found["results"]
    assert (line["external_id"], line["total"]) == (pid(1), "9.00")
    assert (line["n_items"], line["is_owed"]) == (2, True)
    file = owner.get(at("api_pay_file", study))
    (row,) = csv.DictReader(io.StringIO(file.content.decode()))
    assert (row["external_id"], row["total"]) == (pid(1), "9.00")
    whole = owner.get(at("api_pay_file", study), {"all": 1}).content.decode()
    assert len(whole.splitlines()) == 3
    notes = Event.objects.filter(kind="pay_list_read", user=study.created_by)
    assert [note.data["n_lines"] for note in notes.order_by("id")] == [1, 1, 2]


def test_ids_are_opened_for_the_page_alone_and_kept_in_no_cache(
    study: Project,
    owner: Client,
    recruit: Recruit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in (1, 2, 3):
        recruit(study, number)
    opened = []

    def opens(stored: "bytes | memoryview[int]") -> str:
        opened.append(bytes(stored))
        return decrypt(stored)

    decrypt = identities.decrypt
    monkeypatch.setattr(identities, "decrypt", opens)
    answer = owner.get(at("api_pay", study), {"limit": 1, "offset": 1})
    assert answer.json()["results"][0]["external_id"] == pid(2)
    stored = ExternalIdentity.objects.order_by("pk")[1]
    assert opened[0] == bytes(stored.value_encrypted)
    # The id, and what came with it.
    assert len(opened) == 2
    for one in (answer, owner.get(at("api_pay_file", study))):
        assert "no-store" in one.headers["Cache-Control"]


def test_people_are_marked_as_paid_and_taken_back(
    study: Project, owner: Client, recruit: Recruit
) -> None:
    people = [recruit(study, number) for number in (1, 2, 3)]
    for one in people[:2]:
        complete(one, study)
    ids = [str(people[0].public_id), str(uuid.uuid4())]
    assert post(owner, at("api_paid", study), {"ids": ids}).json() == {"n": 1}
    assert post(owner, at("api_paid", study), {"all": True}).json() == {"n": 1}
    assert post(owner, at("api_paid", study), {"all": True}).json() == {"n": 0}
    act = at("api_pay_act", study, people[0].public_id)
    again = post(owner, act, {"do": "paid"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert post(owner, act, {"do": "unpaid"}).status_code == 204
    assert post(owner, act, {"do": "unpaid"}).status_code == 409
    assert post(owner, act, {"do": "paid"}).status_code == 204
    assert Enrolment.objects.exclude(paid_at=None).count() == 2


def test_all_pays_of_who_withdrew_only_whom_it_names(
    study: Project, owner: Client, recruit: Recruit
) -> None:
    for number in (1, 2):
        one = recruit(study, number)
        complete(one, study)
        withdraw(participant=one.participant)
    read = owner.get(at("api_pay", study)).json()["withdrawn"]
    assert post(owner, at("api_paid", study), {"all": True}).json() == {"n": 0}
    body = {"all": True, "withdrawn": [read[0]["id"]]}
    assert post(owner, at("api_paid", study), body).json() == {"n": 1}
    left = owner.get(at("api_pay", study)).json()["withdrawn"]
    assert left == read[1:]


def test_nobody_is_paid_unless_it_is_said_who(
    study: Project, owner: Client, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    ids = [str(enrolment.public_id)]
    for body in (
        {},
        {"id": ids},
        {"ids": ids, "all": True},
        {"all": True, "state": "completed"},
        {"all": False},
        {"all": None},
        {"ids": None},
        {"withdrawn": ids},
        {"ids": ids, "withdrawn": ids},
    ):
        answer = post(owner, at("api_paid", study), body)
        assert answer.status_code in (400, 422), body
    assert not Enrolment.objects.exclude(paid_at=None).exists()


def test_a_part_is_ended_and_taken_in_again(
    study: Project, owner: Client, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    act = at("api_pay_act", study, enrolment.public_id)
    for do, state in (
        ("returned", "returned"),
        ("take_in", "working"),
        ("timed_out", "timed_out"),
    ):
        assert post(owner, act, {"do": do}).status_code == 204
        enrolment.refresh_from_db()
        assert enrolment.state == state
    assert post(owner, act, {"do": "delete"}).status_code == 400


def test_the_platform_s_list_is_taken_over_or_refused_whole(
    study: Project, owner: Client, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    address = at("api_statuses", study)

    def send(text: str) -> Any:
        file = SimpleUploadedFile("list.csv", text.encode(), "text/csv")
        return owner.post(address, {"file": file})

    refused = send(f"id,status\n{pid(1)},RETURNED\n{pid(8)},APPROVED\n")
    assert refused.status_code == 422
    assert "Row 3: nobody" in str(refused.json()["problems"])
    assert owner.post(address, {}).json()["message"].startswith("Send the platform's")
    taken = send(f"id,status\n{pid(1)},RETURNED\n")
    assert taken.json() == {"n_lines": 1, "n_ended": 1, "n_unknown": 0}
    enrolment.refresh_from_db()
    assert enrolment.state == "returned"


def test_only_owners_of_the_project_reach_it(
    study: Project, recruit: Recruit, token_client: TokenClient
) -> None:
    enrolment = recruit(study)
    link = Invitation.objects.get()
    endings.conclude(participant=enrolment.participant, reason="quota_full")
    other = recruiting()
    calls = [
        ("get", at("api_recruitment", study)),
        ("put", at("api_recruitment", study)),
        ("get", at("api_links", study)),
        ("post", at("api_links", study)),
        ("post", at("api_revoke", study, link.public_id)),
        ("get", at("api_pay", study)),
        ("get", at("api_pay_file", study)),
        ("post", at("api_paid", study)),
        ("post", at("api_pay_act", study, enrolment.public_id)),
        ("post", at("api_statuses", study)),
    ]
    callers = [make_member(study, role) for role in ("researcher", "annotator")]
    for user in (*callers, other.created_by):
        client = token_client(user)
        for method, address in calls:
            answer = getattr(client, method)(address, content_type="application/json")
            assert answer.status_code == 404, address
    # Nor do owners reach by their own project what is another's.
    act = at("api_pay_act", other, enrolment.public_id)
    assert post(client, act, {"do": "take_in"}).status_code == 404
    revoke = at("api_revoke", other, link.public_id)
    assert post(client, revoke).status_code == 404
    enrolment.refresh_from_db()
    link.refresh_from_db()
    assert (enrolment.state, link.revoked_at) == ("screened_out", None)
    assert Client().get(at("api_pay", study)).status_code == 401
