"""What is deleted takes its routing along, and who annotates learns nothing of it."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Annotation,
    Assignment,
    FrontierEntry,
    Item,
    Job,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    Route,
)
from annotation.services.own_copy import own_json
from routing import tasks
from routing.models import (
    AuditReport,
    Decision,
    ItemMeasures,
    RoutingPolicy,
    RoutingRun,
)
from routing.services.audits import refresh_stale
from routing.services.due import refresh_due
from routing.services.policies import end_policy
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    make_machine,
    routes_of,
    run_newest,
    says_always,
    start,
)
from tests.routing.live_worlds import World, make_world

SMALL = {"budget": Decimal("0.8")}
# The token of a form is 64 letters by lot, among which any word may stand.
TOKEN = re.compile("[0-9A-Za-z]{64}")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(make_pool: MakePool, make_annotator: MakeAnnotator) -> World:
    """Return a world of 80 items that a policy has routed."""
    project = make_pool(80)
    found = make_world(project, make_annotator(project))
    start(project, found.machine, n_seed=60, budget=Decimal("0.9"), audit_share=0.5)
    found.label_seed()
    assert refresh_due() != []
    assert run_newest(project).state == "done"
    return found


def left() -> dict[str, int]:
    """Return how many rows each table of routing has."""
    tables = (AuditReport, Decision, ItemMeasures, Route, RoutingPolicy, RoutingRun)
    return {table.__name__: table.objects.count() for table in tables}


def forget_answers(project: Project) -> None:
    """Take away what protects a project from being deleted."""
    Annotation.objects.filter(project=project).delete()
    Assignment.objects.filter(project=project).delete()
    PreAnnotation.objects.filter(project=project).delete()


def client_of(project: Project) -> Client:
    project.memberships.get_or_create(user=project.created_by, role="owner")
    client = Client()
    client.force_login(project.created_by)
    return client


def test_a_deleted_project_leaves_nothing_of_its_routing(
    world: World, make_pool: MakePool
) -> None:
    other = make_pool(80)
    start(other, make_machine(other, "ai", lambda _number: 1), judges=[])
    before = left()
    assert all(before.values())
    alone = RoutingPolicy.objects.get(project=other)
    wanted = Decision.objects.filter(run__policy=alone).count()
    measured = ItemMeasures.objects.filter(item__project=other).count()
    forget_answers(world.project)
    world.project.delete()
    assert left() == {
        **dict.fromkeys(before, 0),
        "RoutingPolicy": 1,
        "RoutingRun": 1,
        "Decision": wanted,
        "ItemMeasures": measured,
        "Route": wanted,
    }


def test_a_deleted_item_takes_its_decisions_and_measures_along(world: World) -> None:
    project = world.project
    told = RoutingRun.objects.get(kind="fit").figures
    in_audit = told["audit_facts"]["numbers"][0]
    shown = [n for one in told["tags"] for n in one["examples"]][:1]
    gone = Item.objects.filter(project=project, number__in=[in_audit, *shown])
    keys = list(gone.values_list("pk", flat=True))
    n_audit = AuditReport.objects.get().figures["n"]
    for item in gone:
        item.annotations.all().delete()
        item.assignments.all().delete()
        item.delete()
    for model in (Decision, ItemMeasures, Route):
        assert not model.objects.filter(item__in=keys).exists()
    AuditReport.objects.update(cost_s=0, mark="")
    refresh_stale()
    assert AuditReport.objects.get().figures["n"] == n_audit - 1
    page = client_of(project).get(reverse("routing", args=[project.slug]))
    assert page.status_code == 200
    RoutingPolicy.objects.update(refit_every=1)
    assert refresh_due() == []


def test_a_deleted_ai_annotator_keeps_no_item_from_people(world: World) -> None:
    project = world.project
    Route.objects.filter(source="ai", part="rest").update(source="waiting")
    n_waiting = Route.objects.filter(source="waiting").count()
    assert n_waiting
    MachineAnnotator.objects.get(pk=world.machine.pk).delete()
    assert not RoutingPolicy.objects.exists()
    tasks.refresh_due()
    run_newest(project)
    project.refresh_from_db()
    assert project.routing_policy is None
    assert not Route.objects.filter(source="waiting").exists()
    entries = FrontierEntry.objects.filter(project=project, is_routed_away=True)
    assert not entries.exists()
    page = client_of(project).get(reverse("routing", args=[project.slug]))
    assert "No routing policy is in force" in page.content.decode()


def test_what_an_end_left_waiting_goes_to_people(
    make_pool: MakePool,
) -> None:
    project = make_pool(60)
    start(project, make_machine(project, "ai", says_always), judges=[], **SMALL)
    job = end_policy(project=project, by=project.created_by)
    tasks.refresh_due()
    assert Route.objects.filter(source="waiting").count() == 20
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED)
    tasks.refresh_due()
    run_newest(project)
    assert not Route.objects.filter(source="waiting").exists()
    assert not FrontierEntry.objects.filter(is_routed_away=True).exists()


def said_to(person: Participant) -> list[str]:
    """Return all that an annotator is sent while at work, and their own data."""
    client = Client()
    assert person.user is not None
    client.force_login(person.user)
    slug = person.project.slug
    address = reverse("api_next", args=[slug])
    answer = client.post(address, "{}", content_type="application/json")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    page = client.get(reverse("annotate", args=[slug]))
    return [
        json.dumps(told),
        TOKEN.sub("", page.content.decode()),
        b"".join(own_json(person)).decode(),
    ]


def test_who_annotates_never_learns_what_an_item_is_for(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(80)
    start(project, make_machine(project, "ai", lambda _number: 1), judges=[])
    for part in ("seed", "audit"):
        person = make_annotator(project)
        number = min(n for n, r in routes_of(project).items() if r.part == part)
        entry = FrontierEntry.objects.filter(project=project, item__number=number)
        entry.update(rank=-9_000)
        for text in said_to(person):
            assert f"Question {number}?" in text or "Question" not in text
            for word in ("audit", "seed", "reserve", "propensity", "is_routed_away"):
                assert word not in text.lower()
        entry.update(rank=0, n_taken=1)
    client = Client()
    assert person.user is not None
    client.force_login(person.user)
    for name in ("items", "routing"):
        assert client.get(reverse(name, args=[project.slug])).status_code == 404
