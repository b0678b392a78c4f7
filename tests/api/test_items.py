"""Many items at once and kept filters, over REST as on the pages."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.api.items import read_filter
from annotation.errors import InvalidError
from annotation.models import (
    FrontierEntry,
    Item,
    Job,
    Participant,
    Project,
    SavedFilter,
)
from annotation.services.item_changes import run_item_change
from annotation.services.jobs import claim_job, run_claimed
from tests.factories import make_member

TokenClient = Callable[[User], Client]
# Progress of a job is told on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)


def send(client: Client, project: Project, body: object, name: str = "") -> Any:
    """Post a body as JSON."""
    address = reverse(name or "api_item_changes", args=[project.slug])
    return client.post(address, body, content_type="application/json")


def run(job: Job) -> None:
    """Run a job as a worker does."""
    claimed = claim_job(job.pk)
    assert claimed is not None
    run_claimed(claimed, run_item_change)


def ranks(project: Project) -> list[int]:
    """Return the priority of each item by number."""
    found = FrontierEntry.objects.filter(project=project).order_by("item__number")
    return [-rank for rank in found.values_list("rank", flat=True)]


def test_a_change_is_previewed_started_watched_and_undone(
    manager: Client, pool: Project
) -> None:
    items = list(Item.objects.filter(project=pool).order_by("number")[:2])
    body = {
        "action": "priority",
        "value": 9,
        "items": [str(item.public_id) for item in items],
    }
    told = send(manager, pool, body | {"is_preview": True})
    assert (told.status_code, told.json()["n"]) == (200, 2)
    assert not Job.objects.exists()
    started = send(manager, pool, body)
    assert started.status_code == 202, started.content
    run(Job.objects.get())
    seen = manager.get(reverse("api_job", args=[started.json()["id"]])).json()
    assert (seen["state"], seen["result"]["n_changed"]) == ("done", 2)
    assert ranks(pool) == [9, 9, 0]
    undo = reverse("api_undo", args=[pool.slug, started.json()["id"]])
    first, again = manager.post(undo), manager.post(undo)
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"])
    run(Job.objects.latest("id"))
    assert ranks(pool) == [0, 0, 0]
    of_undo = reverse("api_undo", args=[pool.slug, first.json()["id"]])
    assert manager.post(of_undo).status_code == 409


def test_a_filter_says_which_items_and_nothing_means_none(
    manager: Client, pool: Project
) -> None:
    body = {"action": "exclude"}
    both = {"filter": {}, "items": [str(uuid.uuid4())]}
    wrongs: list[dict[str, Any]] = [{}, both, {"items": []}]
    for wrong in wrongs:
        answer = send(manager, pool, body | wrong)
        assert answer.status_code in (400, 422), wrong
    for unknown in ({"stat": "flagged"}, {"state": "flaged"}):
        answer = send(manager, pool, body | {"filter": unknown})
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["path"] == f"filter.{next(iter(unknown))}"
    assert not Job.objects.exists()
    assert send(manager, pool, body | {"filter": {"search": "q2"}}).status_code == 202
    run(Job.objects.get())
    excluded = FrontierEntry.objects.get(is_excluded=True)
    assert excluded.item.external_id == "q2"


@pytest.mark.parametrize("nothing", ["", " ", "\x00", " \x00 ", "\u2003"])
@pytest.mark.parametrize("part", ["state", "annotator", "category", "search"])
def test_an_empty_part_of_a_filter_never_means_every_item(
    manager: Client, pool: Project, part: str, nothing: str
) -> None:
    for more in ({}, {"search": "q2"}):
        body = {"action": "exclude", "filter": {**more, part: nothing}}
        assert send(manager, pool, body).status_code in (400, 422)
    with pytest.raises(InvalidError):
        read_filter({part: nothing})
    assert not Job.objects.exists()
    assert read_filter({}).is_empty


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"action": "delete", "filter": {}}, "There is no change"),
        ({"action": "overlap", "value": 0, "filter": {}}, "must lie between"),
        ({"action": "priority", "filter": {}}, "Write a whole number"),
        ({"action": "exclude", "items": [str(uuid.uuid4())]}, "is not there"),
    ],
)
def test_what_cannot_be_done_is_said_as_on_the_page(
    manager: Client, pool: Project, body: dict[str, Any], words: str
) -> None:
    answer = send(manager, pool, body)
    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert not Job.objects.exists()


def test_filters_are_kept_renamed_shared_and_forgotten(
    manager: Client, pool: Project
) -> None:
    body = {"name": "Mine", "filter": {"state": "flagged"}}
    made = send(manager, pool, body, "api_filters")
    assert made.status_code == 201, made.content
    again = send(manager, pool, body | {"filter": {"search": "x"}}, "api_filters")
    assert again.json()["id"] == made.json()["id"]
    one = reverse("api_filter", args=[pool.slug, made.json()["id"]])
    change = {"name": "Ours", "is_shared": True}
    assert manager.put(one, change, content_type="application/json").status_code == 200
    (seen,) = manager.get(reverse("api_filters", args=[pool.slug])).json()
    assert (seen["name"], seen["filter"]) == ("Ours", {"search": "x"})
    assert (seen["is_shared"], seen["by"], seen["may_change"]) == (True, "", True)
    empty = send(manager, pool, {"name": "All", "filter": {}}, "api_filters")
    assert "This filter shows every item" in empty.json()["message"]
    assert manager.delete(one).status_code == 204
    assert not SavedFilter.objects.exists()


def test_a_shared_filter_is_seen_and_not_changed_by_a_researcher(
    manager: Client, pool: Project, token_client: TokenClient
) -> None:
    body = {"name": "Ours", "filter": {"state": "skipped"}, "is_shared": True}
    key = send(manager, pool, body, "api_filters").json()["id"]
    researcher = token_client(make_member(pool, "researcher"))
    (seen,) = researcher.get(reverse("api_filters", args=[pool.slug])).json()
    assert (seen["by"], seen["may_change"]) == (pool.created_by.username, False)
    one = reverse("api_filter", args=[pool.slug, key])
    assert researcher.delete(one).status_code == 404


def test_an_owner_who_renames_another_s_filter_is_told_whose_it_is(
    manager: Client, pool: Project, token_client: TokenClient
) -> None:
    user = make_member(pool, "researcher")
    body = {"name": "Ours", "filter": {"state": "skipped"}, "is_shared": True}
    made = send(token_client(user), pool, body, "api_filters").json()
    assert made["by"] == ""
    one = reverse("api_filter", args=[pool.slug, made["id"]])
    change = {"name": "Skips", "is_shared": True}
    told = manager.put(one, change, content_type="application/json").json()
    assert (told["name"], told["by"], told["may_change"]) == (
        "Skips",
        user.username,
        True,
    )


def test_no_annotator_and_no_outsider_reaches_it(
    manager: Client,
    outsider: Client,
    pool: Project,
    annotator: Participant,
    client_of: Callable[[Participant], Client],
) -> None:
    body = {"name": "Mine", "filter": {"state": "flagged"}}
    key = send(manager, pool, body, "api_filters").json()["id"]
    job = Job.objects.create(project=pool, kind="change", state="done")
    for client in (outsider, client_of(annotator)):
        for name in ("api_item_changes", "api_filters"):
            assert send(client, pool, {}, name).status_code == 404
        for name, one in (("api_filter", key), ("api_undo", job.public_id)):
            address = reverse(name, args=[pool.slug, one])
            method = client.delete if name == "api_filter" else client.post
            assert method(address).status_code == 404
