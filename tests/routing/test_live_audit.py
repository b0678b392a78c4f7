"""What the audit tells stays true of all items, whatever is bought or imported."""

from decimal import Decimal
from typing import Any

import pytest

from annotation.models import FrontierEntry, Item, Job, Route
from annotation.services.item_store import ItemStore
from routing.curve import BETTER
from routing.models import AuditReport, RoutingPolicy, RoutingRun
from routing.services.requests import request_fit, request_run
from tests.models.people import answer_items
from tests.pools import draft
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    judge,
    routes_of,
    run_job,
    run_newest,
    start,
)
from tests.routing.live_worlds import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(make_pool: MakePool, make_annotator: MakeAnnotator) -> World:
    """Return 400 items on which an AI errs, which a judge contradicts mostly."""
    project = make_pool(400)
    return make_world(project, make_annotator(project))


def fit(world: World) -> dict[str, Any]:
    """Learn anew, as by hand; return the figures, with those of the audit."""
    policy = RoutingPolicy.objects.select_related("project").get(ended_at=None)
    job = request_fit(policy=policy, user=None)
    if job.kind == Job.Kind.EMBED:
        run_job(job)
    job = run_newest(world.project)
    assert job.state == "done", job.message
    figures: dict[str, Any] = RoutingRun.objects.get(job=job).figures
    return figures | {"audit": AuditReport.objects.get().figures}


def label_all(world: World) -> None:
    """Let people answer what is theirs and nobody has taken."""
    mine = Route.objects.filter(project=world.project, source="human")
    open_now = mine.filter(item__frontier__n_taken=0)
    numbers = set(open_now.values_list("item__number", flat=True))
    answer_items(
        world.person, lambda number: world.truth[number] if number in numbers else None
    )


def holds(estimate: dict[str, float], truth: float) -> bool:
    assert estimate["high"] - estimate["low"] > 0
    return bool(estimate["low"] <= truth <= estimate["high"])


def check(world: World, audit: dict[str, Any]) -> None:
    """See that the estimates hold what is true of all items now."""
    n, wrong = len(world.truth), world.wrong
    routes = routes_of(world.project)
    human = {number for number, route in routes.items() if route.source == "human"}
    assert holds(audit["agreement"], 1 - len(wrong) / n)
    assert holds(audit["hybrid_accuracy"], 1 - len(wrong - human) / n)
    drawn = {n for n, r in routes.items() if r.part in ("seed", "audit")}
    left = wrong - drawn
    assert holds(audit["errors_found"], len(left & human) / len(left))


def test_figures_hold_when_the_budget_is_spent(world: World) -> None:
    start(world.project, world.machine, n_seed=140, judges=None)
    label_all(world)
    told = fit(world)
    check(world, told["audit"])
    assert told["verdict"] == BETTER
    label_all(world)
    last = fit(world)
    assert last["n_human"] == 0
    check(world, last["audit"])
    assert (last["verdict"], last["human_share"]) == (BETTER, told["human_share"])
    assert last["reserve"] == told["reserve"]


def test_of_ties_at_the_end_of_the_budget_some_are_bought(world: World) -> None:
    budget = Decimal("0.40")
    start(
        world.project,
        world.machine,
        n_seed=140,
        judges=None,
        budget=budget,
        strategy="disagreement",
    )
    label_all(world)
    told = fit(world)
    assert told["n_human"] == 20
    assert 0 < told["audit"]["errors_found"]["mean"] < 0.6
    check(world, told["audit"])


def test_another_policy_knows_what_people_labelled_before_it(world: World) -> None:
    start(world.project, world.machine, n_seed=60, judges=None)
    label_all(world)
    fit(world)
    label_all(world)
    # What the first policy left are the items on which the AI is mostly right.
    start(
        world.project,
        world.machine,
        n_seed=60,
        judges=None,
        budget=Decimal("0.5"),
        audit_share=0.5,
    )
    seed = RoutingRun.objects.latest("job_id").figures
    assert (seed["is_even"], seed["n_drawn_from"]) == (False, 200)
    routes = routes_of(world.project).values()
    drawn = [route for route in routes if route.part in ("seed", "audit")]
    assert {r.propensity for r in drawn if r.policy == 2} == {0.3}
    label_all(world)
    audit = fit(world)["audit"]
    assert (audit["n_known"], audit["n_drawn_from"]) == (200, 200)
    assert holds(audit["agreement"], 1 - len(world.wrong) / 400)


def test_what_was_in_hand_as_the_seed_was_drawn_is_counted_nowhere(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(300, overlap=2)
    world = make_world(project, make_annotator(project))
    people = (world.person, make_annotator(project))
    truth = world.truth
    answer_items(people[0], lambda n: truth[n] if n <= 160 else None)
    answer_items(people[1], lambda n: truth[n] if n <= 30 else None)
    start(project, world.machine, n_seed=60, judges=None, audit_share=0.5)
    answer_items(people[1], lambda n: truth[n] if 30 < n <= 160 else None)
    drawn = {n for n, r in routes_of(project).items() if r.source == "human"}
    for person in people:
        answer_items(person, lambda n: truth[n] if n in drawn else None)
    audit = fit(world)["audit"]
    assert (audit["n_drawn_from"], audit["n_known"]) == (170, 0)
    assert audit["n_certain"] == 60
    found = audit["hybrid_accuracy"]
    assert found["low"] <= found["mean"] <= found["high"] <= 1


def test_items_that_came_later_are_named_and_keep_no_chance(world: World) -> None:
    start(world.project, world.machine, n_seed=80, judges=None)
    ItemStore(world.project).add([draft(number) for number in range(401, 421)])
    new = Item.objects.filter(project=world.project, number__gt=400)
    judge(world.machine, lambda _number: 1, new)
    policy = RoutingPolicy.objects.select_related("project").get()
    request_run(policy=policy, user=None, action="seed")
    run_newest(world.project)
    routes = routes_of(world.project)
    drawn = [r for r in routes.values() if r.part in ("seed", "audit")]
    assert {route.propensity for route in drawn} == {0.2}
    assert {routes[number].source for number in range(401, 421)} == {"waiting"}
    label_all(world)
    audit = fit(world)["audit"]
    assert (audit["n_drawn_from"], audit["n_since"]) == (400, 20)


def test_a_reserve_does_not_grow_where_the_stop_rule_ends(world: World) -> None:
    start(world.project, world.machine, n_seed=80, judges=None, stop_gain=0.9)
    label_all(world)
    told = fit(world)
    assert told["n_reserve"] == 12
    assert told["n_human"] < 60
    entries = FrontierEntry.objects.filter(project=world.project, n_taken=0)
    assert entries.filter(is_routed_away=False).count() == told["n_human"]


def test_places_know_what_the_stop_rule_leaves_out(world: World) -> None:
    """The order is by contradiction, which tells little; who is asked, by the gain."""
    strategy = {"strategy": "contradiction", "stop_gain": 0.5}
    start(world.project, world.machine, n_seed=140, judges=None, **strategy)
    label_all(world)
    told = fit(world)
    assert 20 < told["n_human"] - told["n_reserve"] < 80
    check(world, told["audit"])
