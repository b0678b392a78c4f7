"""Withdrawing somebody over REST does what the page does, for owners alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Event, OwedPay, Participant, Project, Withdrawal
from annotation.services.withdrawals import withdraw
from tests.consent.conftest import join, study
from tests.consent.test_on_behalf import WHY, labelled
from tests.factories import make_member, make_project
from tests.recruit.conftest import Recruit, pid, recruit, recruiting
from tests.recruit.test_pay_page import SEVEN, complete

__all__ = ["join", "recruit", "study"]
TokenClient = Callable[[User], Client]
Join = Callable[..., Participant]
pytestmark = pytest.mark.django_db


def post(client: Client, name: str, project: Project, body: object, *keys: Any) -> Any:
    """Send a body as JSON to an address of the project."""
    address = reverse(name, args=[project.slug, *keys])
    return client.post(address, body, content_type="application/json")


@pytest.fixture
def owner(study: Project, token_client: TokenClient) -> Client:
    """A client of the study's owner."""
    return token_client(study.created_by)


def test_somebody_is_found_and_withdrawn(study: Project, owner: Client) -> None:
    labelled(study, "worker-7", "worker-8")
    (found,) = post(owner, "api_withdrawals_find", study, {"who": "worker-7"}).json()
    mark = found.pop("mark")
    assert found == {
        "came": "import",
        "provider": "multipref",
        "n_answers": 1,
        "manner": "erase",
    }
    body = {"who": "worker-7", "mark": mark, "reason": WHY, "is_sure": True}
    made = post(owner, "api_withdrawals", study, body)
    assert made.status_code == 201
    gone = Withdrawal.objects.get()
    assert (gone.by, gone.reason) == (study.created_by, WHY)
    told = made.json()
    assert (told["manner"], told["n_answers"], told["reason"]) == ("erase", 1, WHY)
    assert told["done_at"] is not None
    assert Event.objects.get(kind="consent_withdrawn").user == study.created_by
    assert post(owner, "api_withdrawals", study, body).status_code == 404
    again = post(owner, "api_withdrawals_find", study, {"who": "worker-7"})
    assert again.json() == []


def test_a_mark_is_needed_where_a_name_means_several(
    study: Project, owner: Client
) -> None:
    for provider in ("multipref", "helpsteer"):
        labelled(study, "worker-7", provider=provider)
    body = {"who": "worker-7", "reason": WHY, "is_sure": True}
    answer = post(owner, "api_withdrawals", study, body)
    assert answer.status_code == 409
    assert "This name means 2 people." in answer.json()["message"]
    found = post(owner, "api_withdrawals_find", study, {"who": "worker-7"}).json()
    marks = {one["provider"]: one["mark"] for one in found}
    answer = post(owner, "api_withdrawals", study, body | {"mark": marks["helpsteer"]})
    assert answer.status_code == 201
    (left,) = post(owner, "api_withdrawals_find", study, {"who": "worker-7"}).json()
    assert left["mark"] == marks["multipref"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"is_sure": False}, 422),
        ({"is_sure": None}, 400),
        ({"reason": ""}, 400),
        ({"reason": "x" * 501}, 400),
        ({"who": ""}, 400),
        ({"who": "\x00"}, 400),
        ({"who": "nobody"}, 404),
        ({"mark": "0" * 64}, 404),
        ({"mark": "é"}, 404),
        ({"mark": "0" * 65}, 400),
    ],
)
def test_bad_input_withdraws_nobody(
    study: Project, owner: Client, join: Join, change: dict[str, Any], status: int
) -> None:
    person = join()
    body = {"who": person.pseudonym, "reason": WHY, "is_sure": True} | change
    answer = post(owner, "api_withdrawals", study, body)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize("role", ["researcher", "annotator"])
def test_only_owners_of_the_project_reach_it(
    study: Project, join: Join, token_client: TokenClient, role: str
) -> None:
    person = join()
    body = {"who": person.pseudonym, "reason": WHY, "is_sure": True}
    other = make_project()
    stranger = token_client(other.created_by)
    for client in (token_client(make_member(study, role)), stranger):
        for name in ("api_withdrawals_find", "api_withdrawals"):
            assert post(client, name, study, body).status_code == 404
    # Nor does an owner find people of another project in their own.
    assert post(stranger, "api_withdrawals_find", other, body).json() == []
    assert post(stranger, "api_withdrawals", other, body).status_code == 404
    assert post(Client(), "api_withdrawals", study, body).status_code == 401
    assert not Withdrawal.objects.exists()


def test_pay_that_stays_owed_is_listed_and_settled(
    db: None, recruit: Recruit, token_client: TokenClient
) -> None:
    project = recruiting(n_items=4, overlap=5, **SEVEN)
    for number in (1, 2):
        enrolment = recruit(project, number)
        complete(enrolment, project)
        withdraw(participant=enrolment.participant)
    client = token_client(project.created_by)
    told = client.get(reverse("api_pay", args=[project.slug])).json()
    assert (told["count"], told["owed"]) == (0, "18.00")
    first, second = told["withdrawn"]
    assert {first["external_id"], second["external_id"]} == {pid(1), pid(2)}
    assert (first["amount"], first["bonus"], first["total"]) == (
        "7.00",
        "2.00",
        "9.00",
    )
    settle = "api_owed_act"
    assert post(client, settle, project, {"do": "x"}, first["id"]).status_code == 400
    for one, do in ((first, "paid"), (second, "not_owed")):
        assert post(client, settle, project, {"do": do}, one["id"]).status_code == 204
        assert post(client, settle, project, {"do": do}, one["id"]).status_code == 404
    told = client.get(reverse("api_pay", args=[project.slug])).json()
    assert (told["withdrawn"], told["paid"]) == ([], "9.00")
    assert OwedPay.objects.get().external_id_encrypted is None


def test_only_owners_settle_it(
    db: None, recruit: Recruit, token_client: TokenClient
) -> None:
    project = recruiting(n_items=4, overlap=5, **SEVEN)
    enrolment = recruit(project)
    complete(enrolment, project)
    withdraw(participant=enrolment.participant)
    owed = OwedPay.objects.get()
    for role in ("researcher", "annotator"):
        client = token_client(make_member(project, role))
        answer = post(client, "api_owed_act", project, {"do": "paid"}, owed.pk)
        assert answer.status_code == 404
