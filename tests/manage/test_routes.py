"""Items left to the AI by hand, and returned to people."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Assignment,
    FrontierEntry,
    Item,
    Job,
    Project,
    Route,
)
from annotation.services import assignments, submissions
from annotation.services.item_changes import run_item_change
from annotation.services.jobs import claim_job, run_claimed
from annotation.services.routes import RouteDraft, apply_routes
from tests.factories import make_participant
from tests.manage.test_item_changes import change, entries, run
from tests.waiting import somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "Both judges are sure."


def to_ai(browser: Client, project: Project, **given: object) -> Job:
    """Leave items to the AI."""
    return run(change(browser, project, action="to_ai", reason=WHY, **given))


def undo(browser: Client, project: Project, job: Job) -> Job:
    """Undo a change."""
    browser.post(reverse("item_change_undo", args=[project.slug, job.public_id]))
    return run(Job.objects.filter(kind="change").latest("id"))


def lend(project: Project) -> Assignment | None:
    """Lend the next item to somebody new."""
    project.refresh_from_db()
    person = make_participant(project)
    return assignments.claim_next(participant=person, project=project)


def test_items_left_to_the_ai_are_lent_to_nobody_until_they_are_returned(
    project: Project, owner: Client
) -> None:
    job = to_ai(owner, project)
    assert job.result["n_changed"] == 6
    assert entries(project, "target") == [0] * 6
    assert lend(project) is None
    route = Route.objects.get(item__number=1, project=project)
    assert (route.source, route.reason) == ("ai", WHY)
    assert route.decided_by == job.created_by
    run(change(owner, project, action="to_people", reason="One is biased."))
    assert entries(project, "target") == [2] * 6
    assert lend(project) is not None
    routes = Route.objects.filter(project=project)
    assert set(routes.values_list("source", "reason")) == {("human", "One is biased.")}


def test_what_people_answered_or_hold_is_not_touched(
    project: Project, owner: Client
) -> None:
    answered, held = lend(project), lend(project)
    assert answered is not None
    assert held is not None
    submissions.submit(
        assignment=answered,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": 1}},
    )
    job = to_ai(owner, project)
    kept = {answered.item_id, held.item_id}
    assert job.result["n_changed"] == 6 - len(kept)
    left = FrontierEntry.objects.filter(project=project, is_routed_away=False)
    assert set(left.values_list("item_id", flat=True)) == kept
    assert not Route.objects.filter(item__in=kept).exists()


def test_item_lent_while_the_change_waits_for_it_stays_with_its_person(
    project: Project, owner: Client
) -> None:
    """The change has chosen the item already, and waits for the claim's lock."""
    job = change(owner, project, action="to_ai", reason=WHY)
    person = make_participant(project)
    claimed = claim_job(job.pk)
    assert claimed is not None

    def work() -> None:
        try:
            run_claimed(claimed, run_item_change)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lent = assignments.claim_next(participant=person, project=project)
        assert lent is not None
        changing = pool.submit(work)
        while not changing.done() and not somebody_waits():
            pass
    changing.result()
    job.refresh_from_db()
    assert job.state == "done"
    entry = FrontierEntry.objects.get(item=lent.item)
    assert (entry.n_taken, entry.is_routed_away, entry.target) == (1, False, 2)
    assert not Route.objects.filter(item=lent.item).exists()
    assert Route.objects.filter(project=project, source="ai").count() == 5


def test_undo_brings_the_route_before_back(project: Project, owner: Client) -> None:
    first = Item.objects.get(project=project, number=1)
    to_ai(owner, project, ticked=first.public_id)
    before = Route.objects.values().get(item=first)
    back = run(change(owner, project, action="to_people", reason="No."))
    assert Route.objects.get(item=first).source == "human"
    undo(owner, project, back)
    assert Route.objects.values().get(item=first) == before
    assert entries(project, "is_routed_away") == [True] + [False] * 5
    undo(owner, project, to_ai(owner, project))
    assert Route.objects.filter(project=project).count() == 1
    assert entries(project, "target") == [0, 2, 2, 2, 2, 2]


def test_undo_of_a_return_leaves_what_is_in_hand_with_people(
    project: Project, owner: Client
) -> None:
    to_ai(owner, project)
    back = run(change(owner, project, action="to_people", reason="No."))
    held = lend(project)
    assert held is not None
    job = undo(owner, project, back)
    assert job.result["n_changed"] == 5
    assert FrontierEntry.objects.get(item=held.item).target == 2
    assert Route.objects.get(item=held.item).source == "human"


def test_overlap_and_exclusion_leave_it_with_the_ai(
    project: Project, owner: Client
) -> None:
    one = Item.objects.get(project=project, number=1)
    to_ai(owner, project, ticked=one.public_id)
    assignments.set_overlap(project=project, overlap=4)
    assert entries(project, "target") == [0, 4, 4, 4, 4, 4]
    run(change(owner, project, action="overlap", value="3"))
    assert entries(project, "target") == [0, 3, 3, 3, 3, 3]
    run(change(owner, project, action="exclude"))
    run(change(owner, project, action="include"))
    assert entries(project, "target") == [0, 3, 3, 3, 3, 3]
    run(change(owner, project, action="to_people", reason="No."))
    assert entries(project, "target") == [3] * 6


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_reason_is_asked_for_on_the_page(
    project: Project, owner: Client, reason: str
) -> None:
    address = reverse("item_change", args=[project.slug])
    page = owner.get(address, {"action": "to_ai"}).content.decode()
    assert "left as it is" in page
    assert "aria-invalid" not in page
    refused = owner.post(address, {"action": "to_ai", "reason": reason})
    assert refused.status_code == 422
    told = refused.content.decode()
    assert 'aria-invalid="true"' in told
    assert "Write why" in told or "500 characters" in told
    assert not Job.objects.filter(kind="change").exists()


def test_api_leaves_items_to_the_ai(project: Project, owner: Client) -> None:
    address = reverse("api_item_changes", args=[project.slug])

    def post(**body: object) -> tuple[int, dict[str, Any]]:
        answer = owner.post(address, json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    status, told = post(action="to_ai", filter={})
    assert (status, told["problems"][0]["path"]) == (422, "reason")
    assert post(action="to_ai", filter={}, is_preview=True)[1]["n"] == 6
    assert post(action="to_ai", filter={}, reason=WHY)[0] == 202
    run(Job.objects.get(kind="change"))
    assert entries(project, "is_routed_away") == [True] * 6


def test_pages_tell_what_is_left_to_the_ai(
    project: Project, researcher: Client
) -> None:
    one = Item.objects.get(project=project, number=1)
    to_ai(researcher, project, ticked=one.public_id)
    items = reverse("items", args=[project.slug])
    listed = researcher.get(items, {"state": "ai"})
    assert [row.number for row in listed.context["page"].rows] == [1]
    assert "left to the AI" in listed.content.decode()
    finished = researcher.get(items, {"state": "finished"})
    assert not finished.context["page"].rows
    page = researcher.get(reverse("item", args=[project.slug, one.public_id]))
    assert WHY in page.content.decode()
    assert "Return to people" in page.content.decode()
    home = researcher.get(reverse("dashboard", args=[project.slug])).content.decode()
    assert "1 item</a> left to the AI" in home
    assert "0 of 5 items are finished" in home


def test_a_policy_decides_in_bulk_and_what_is_by_hand_or_taken_stands(
    project: Project, owner: Client
) -> None:
    held = lend(project)
    assert held is not None
    items = list(Item.objects.filter(project=project).exclude(pk=held.item_id))
    to_ai(owner, project, ticked=items[0].public_id)
    away = RouteDraft(items[1].pk, "ai", "rest", propensity=0.1, cost_usd=Decimal("1"))
    why = [{"name": "judges", "words": "The judges disagree."}]
    kept = RouteDraft(
        items[2].pk, "human", "chosen", 7, 0.2, 0.1, 0.3, 1.0, reasons=why
    )
    waits = RouteDraft(items[3].pk, "waiting", "rest")
    others = [RouteDraft(item, "human", "seed") for item in (held.item_id, items[0].pk)]
    reached = apply_routes(
        project=project, policy=3, drafts=[away, kept, waits, *others]
    )
    assert set(reached) == {items[1].pk, items[2].pk, items[3].pk}
    assert list(apply_routes(project=project, policy=3, drafts=[])) == []
    found = {route.item_id: route for route in Route.objects.filter(project=project)}
    assert (found[items[0].pk].part, found[items[0].pk].policy) == ("by_hand", None)
    assert (found[items[1].pk].source, found[items[1].pk].policy) == ("ai", 3)
    assert found[items[2].pk].reasons == why
    assert held.item_id not in found
    entry = {e.item_id: e for e in FrontierEntry.objects.filter(project=project)}
    assert [entry[item.pk].target for item in items] == [0, 0, 2, 0, 2]
    assert entry[items[2].pk].rank == -7
    home = owner.get(reverse("dashboard", args=[project.slug])).content.decode()
    assert "2 items</a> left to the AI" in home
    assert "1 item</a> waits for its route" in home
    listed = owner.get(reverse("items", args=[project.slug]), {"state": "waiting"})
    assert [row.id for row in listed.context["page"].rows] == [items[3].pk]


def test_items_of_another_project_are_out_of_reach(project: Project) -> None:
    other = Project.objects.create(
        slug="another", name="Another", created_by=project.created_by
    )
    item = Item.objects.filter(project=project).first()
    assert item is not None
    draft = RouteDraft(item.pk, "ai", "rest")
    assert apply_routes(project=other, policy=1, drafts=[draft]) == []
    assert not Route.objects.exists()
