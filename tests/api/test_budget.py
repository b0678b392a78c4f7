"""The budget over REST, for owners, in the same sentences as the page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Budget, Project
from tests.factories import make_member
from tests.ledger.books import MakeAnnotator, claimed, submit

TokenClient = Callable[[User], Client]
BODY = {"cap_usd": "10", "day_cap_usd": None, "price_usd": "0.25"}


@pytest.fixture
def owner(pool: Project, token_client: TokenClient) -> Client:
    pool.memberships.create(user=pool.created_by, role="owner")
    return token_client(pool.created_by)


def put(client: Client, project: Project, body: object) -> Any:
    address = reverse("api_budget", args=[project.slug])
    return client.put(address, body, content_type="application/json")


def test_put_sets_and_get_tells(
    pool: Project, owner: Client, make_annotator: MakeAnnotator
) -> None:
    assert put(owner, pool, BODY).status_code == 200
    person = make_annotator(pool)
    submit(claimed(person))
    claimed(person)
    told = owner.get(reverse("api_budget", args=[pool.slug])).json()
    assert told["spent_usd"] == told["reserved_usd"] == "0.250000"
    assert told["left_usd"] == "9.500000"
    assert told["left_today_usd"] is None
    assert told["spent_by_purpose"] == {"human": "0.250000", "machine": "0.000000"}
    assert [line["n"] for line in told["forecast"]] == [4]
    assert told["forecast_usd"] == "1.000000"


def test_entries_come_in_pages_newest_first(
    pool: Project, owner: Client, make_annotator: MakeAnnotator
) -> None:
    put(owner, pool, BODY)
    assignment = claimed(make_annotator(pool))
    submit(assignment)
    address = reverse("api_budget_entries", args=[pool.slug])
    told = owner.get(f"{address}?limit=1").json()
    assert told["count"] == 2
    (entry,) = told["results"]
    assert (entry["kind"], entry["purpose"]) == ("commit", "human")
    assert entry["reference"] == f"assignment:{assignment.pk}"
    assert owner.get(told["next"]).json()["results"][0]["kind"] == "reserve"


def test_faults_are_named(pool: Project, owner: Client) -> None:
    answer = put(owner, pool, BODY | {"cap_usd": "-1"})
    assert answer.status_code == 400
    assert [p["path"] for p in answer.json()["problems"]] == ["cap_usd"]
    put(owner, pool, BODY)
    Budget.objects.update(spent_usd=8)
    answer = put(owner, pool, BODY | {"cap_usd": "7"})
    assert answer.status_code == 422
    assert "no lower than $8.00" in answer.json()["problems"][0]["message"]


def test_outsiders_find_nothing(
    pool: Project, owner: Client, token_client: TokenClient
) -> None:
    other = token_client(make_member(pool, "researcher"))
    assert put(other, pool, BODY).status_code == 404
    for name in ("api_budget", "api_budget_entries"):
        assert other.get(reverse(name, args=[pool.slug])).status_code == 404
