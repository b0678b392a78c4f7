"""What was decided by hand is given back to the policy, and its next run decides."""

import json
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import FrontierEntry, Item, Job, Project, Route
from annotation.services.item_changes import run_item_change
from annotation.services.jobs import claim_job, run_claimed
from routing.models import RoutingRun
from routing.services.due import refresh_due
from routing.services.policies import end_policy
from tests.manage.test_item_changes import change, run
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    answer,
    lend,
    routes_of,
    run_newest,
    start,
)
from tests.routing.live_worlds import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "It was a mistake."


@pytest.fixture
def world(make_pool: MakePool, make_annotator: MakeAnnotator) -> World:
    """Return a world of 80 items that a policy has routed."""
    project = make_pool(80)
    found = make_world(project, make_annotator(project))
    more = {"strategy": "contradiction", "judges": [], "budget": Decimal("0.75")}
    start(project, found.machine, **more)
    found.label_seed()
    assert refresh_due() != []
    run_newest(project)
    return found


@pytest.fixture
def owner(world: World) -> Client:
    client = Client()
    user = world.project.created_by
    world.project.memberships.create(user=user, role="owner")
    client.force_login(user)
    return client


def by_hand(owner: Client, project: Project, action: str, *numbers: int) -> Job:
    """Decide on some items by hand."""
    items = Item.objects.filter(project=project, number__in=numbers)
    ids = [str(item.public_id) for item in items]
    return run(change(owner, project, action=action, reason=WHY, ticked=ids))


def decided(project: Project, source: str, part: str) -> list[int]:
    """Return the numbers of the items with this route, the lowest first."""
    found = routes_of(project).items()
    return sorted(n for n, r in found if (r.source, r.part) == (source, part))


def undo(owner: Client, project: Project, job: Job) -> Job:
    owner.post(reverse("item_change_undo", args=[project.slug, job.public_id]))
    return run(Job.objects.filter(kind="change").latest("id"))


def test_the_next_run_decides_on_what_was_given_back(
    world: World, owner: Client
) -> None:
    project = world.project
    chosen = decided(project, "human", "chosen")[0]
    rest = decided(project, "ai", "rest")[0]
    before = routes_of(project)
    by_hand(owner, project, "to_ai", chosen)
    by_hand(owner, project, "to_people", rest)
    job = by_hand(owner, project, "to_policy", chosen, rest)
    assert job.result["n_changed"] == 2
    waiting = routes_of(project)
    for number in (chosen, rest):
        route = waiting[number]
        assert (route.source, route.part, route.policy) == ("waiting", "rest", None)
        assert (route.reason, route.decided_by) == (WHY, project.created_by)
        entry = FrontierEntry.objects.get(item=route.item)
        assert (entry.is_routed_away, entry.target) == (True, 0)
    assert refresh_due() != []
    run_newest(project)
    after = routes_of(project)
    for number in (chosen, rest):
        assert after[number].source == before[number].source
        assert (after[number].policy, after[number].reason) == (1, "")
    assert refresh_due() == []


def test_what_people_answered_stays_as_decided(world: World, owner: Client) -> None:
    project = world.project
    rest = decided(project, "ai", "rest")[:2]
    FrontierEntry.objects.filter(item__number=rest[0], project=project).update(
        rank=-2_000
    )
    by_hand(owner, project, "to_people", *rest)
    lent = lend(world.person)
    assert lent is not None
    answer(lent, 1)
    job = by_hand(owner, project, "to_policy", *rest)
    assert job.result["n_changed"] == 1
    assert routes_of(project)[rest[0]].part == "by_hand"


def test_undo_brings_the_decision_by_hand_back(world: World, owner: Client) -> None:
    project = world.project
    chosen = decided(project, "human", "chosen")[0]
    rest = decided(project, "ai", "rest")[:2]
    by_hand(owner, project, "to_ai", chosen)
    by_hand(owner, project, "to_people", *rest)
    before = dict(Route.objects.values_list("item__number", "public_id"))
    job = by_hand(owner, project, "to_policy", chosen, *rest)
    assert undo(owner, project, job).result["n_changed"] == 3
    assert dict(Route.objects.values_list("item__number", "public_id")) == before
    entries = FrontierEntry.objects.filter(project=project)
    away = dict(entries.values_list("item__number", "is_routed_away"))
    assert [away[n] for n in (chosen, *rest)] == [True, False, False]
    target = dict(entries.values_list("item__number", "target"))
    assert [target[n] for n in (chosen, *rest)] == [0, 1, 1]


def test_undo_leaves_what_the_policy_has_decided_since(
    world: World, owner: Client
) -> None:
    project = world.project
    chosen = decided(project, "human", "chosen")[0]
    by_hand(owner, project, "to_ai", chosen)
    job = by_hand(owner, project, "to_policy", chosen)
    refresh_due()
    run_newest(project)
    assert undo(owner, project, job).result["n_changed"] == 0
    assert routes_of(project)[chosen].source == "human"


def test_item_of_the_seed_returns_to_the_seed(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(80)
    found = make_world(project, make_annotator(project))
    start(project, found.machine)
    client = Client()
    project.memberships.create(user=project.created_by, role="owner")
    client.force_login(project.created_by)
    seed = decided(project, "human", "seed")
    by_hand(client, project, "to_ai", seed[0])
    by_hand(client, project, "to_policy", seed[0])
    assert refresh_due() != []
    run_newest(project)
    assert decided(project, "human", "seed") == seed


def test_nothing_is_given_back_where_no_policy_is_in_force(
    world: World, owner: Client
) -> None:
    project = world.project
    rest = decided(project, "ai", "rest")[0]
    by_hand(owner, project, "to_people", rest)
    item = Item.objects.get(project=project, number=rest)
    page = reverse("item", args=[project.slug, item.public_id])
    assert "Give back to the policy" in owner.get(page).content.decode()
    asked = change(
        owner, project, action="to_policy", reason=WHY, ticked=[str(item.public_id)]
    )
    end_policy(project=project, by=project.created_by)
    run_newest(project)
    claimed = claim_job(asked.pk)
    assert claimed is not None
    run_claimed(claimed, run_item_change)
    asked.refresh_from_db()
    assert (asked.state, "No routing policy is in force" in asked.message) == (
        "failed",
        True,
    )
    assert routes_of(project)[rest].part == "by_hand"
    assert "Give back to the policy" not in owner.get(page).content.decode()
    address = reverse("api_item_changes", args=[project.slug])
    body = {"action": "to_policy", "filter": {}, "reason": WHY}
    refused = owner.post(address, json.dumps(body), content_type="application/json")
    assert refused.status_code == 409


def test_what_waits_goes_to_people_when_the_policy_ends(
    world: World, owner: Client
) -> None:
    project = world.project
    rest = decided(project, "ai", "rest")[0]
    by_hand(owner, project, "to_people", rest)
    by_hand(owner, project, "to_policy", rest)
    end_policy(project=project, by=project.created_by)
    run_newest(project)
    assert (routes_of(project)[rest].source) == "human"
    entry = FrontierEntry.objects.get(item__number=rest, project=project)
    assert (entry.is_routed_away, entry.target) == (False, 1)


def test_api_gives_back_all_that_was_decided_by_hand(
    world: World, owner: Client
) -> None:
    project = world.project
    rest = decided(project, "ai", "rest")[:3]
    by_hand(owner, project, "to_people", *rest)
    address = reverse("api_item_changes", args=[project.slug])
    sent = {"action": "to_policy", "filter": {"state": "by_hand"}, "reason": WHY}
    told = owner.post(address, json.dumps(sent), content_type="application/json")
    assert told.status_code == 202
    assert run(Job.objects.filter(kind="change").latest("id")).result["n_changed"] == 3
    assert RoutingRun.objects.count() == 2


def test_items_are_found_by_their_part(world: World, owner: Client) -> None:
    project = world.project
    address = reverse("items", args=[project.slug])
    for state in ("seed", "audit", "chosen", "reserve"):
        page = owner.get(address, {"state": state})
        rows = page.context["page"].rows
        wanted = decided(project, "human", state)
        assert [row.number for row in rows] == wanted[:50]
        assert wanted
        assert {row.part for row in rows} == {state}
    assert "Waits for its route" in page.content.decode()
    by_hand(owner, project, "to_people", decided(project, "ai", "rest")[0])
    listed = owner.get(address, {"state": "by_hand"}).context["page"].rows
    assert len(listed) == 1
