"""Learned from the seed, the items that people can mend go to people; and no others."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from annotation.models import (
    FrontierEntry,
    Item,
    Job,
    Project,
    Route,
)
from annotation.services import jobs, routes
from annotation.services.item_store import ItemStore
from routing.baselines import BASELINES
from routing.curve import BETTER, UNDECIDED
from routing.models import Decision, RoutingPolicy, RoutingRun
from routing.selectors.spending import spending_of
from routing.selectors.state import EXHAUSTED, FITTING, ROUTED, state_of
from routing.services import applying
from routing.services.due import do_next, refresh_due
from routing.services.requests import request_run
from tests.models.people import answer_items
from tests.pools import draft
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    answer,
    judge,
    lend,
    routes_of,
    run_newest,
    start,
    work,
)
from tests.routing.live_worlds import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., World]
SEED = 80


@pytest.fixture
def make(make_pool: MakePool, make_annotator: MakeAnnotator) -> Make:
    """Make a world of 300 items whose seed is labelled."""

    def build(**more: Any) -> World:
        project = make_pool(300)
        world = make_world(project, make_annotator(project), **more)
        start(project, world.machine, n_seed=SEED, judges=None)
        world.label_seed()
        return world

    return build


def fit(project: Project) -> RoutingRun:
    """Let beat ask for what is due, and run it."""
    assert refresh_due() != []
    job = run_newest(project)
    assert job.state == "done", job.message
    return RoutingRun.objects.get(job=job)


def decisions_of(run: RoutingRun) -> list[tuple[object, ...]]:
    found = Decision.objects.filter(run=run).order_by("place")
    fields = ("item__number", "source", "part", "gain", "gain_low", "propensity")
    return list(found.values_list(*fields, "reasons"))


def test_people_get_what_the_judges_contradict(make: Make) -> None:
    world = make()
    run = fit(world.project)
    told = run.figures
    assert world.found("human") > 0.6 > 3 * world.found("ai")
    assert told["is_informative"]
    assert (told["n_open"], told["n_human"]) == (220, 70)
    assert told["verdict"] == BETTER
    assert told["here"]["gain"]["low"] > 0
    beside = told["baselines"]
    assert set(beside) == {*BASELINES} - {"default"}
    assert beside["disagreement"]["here"]["gain"]["low"] > 0
    assert beside["disagreement"]["here"]["budget"] == told["here"]["budget"]
    assert "seed of 200" in beside["paper"]["reason"]
    best = told["tags"][0]
    assert best["gain_low"] <= best["gain"] <= best["gain_high"]
    assert best["lift"]["low"] > 0 > told["tags"][-1]["lift"]["mean"]
    for source, numbers in told["examples"].items():
        assert routes_of(world.project)[numbers[0]].source == source
    found = routes_of(world.project)
    chosen = [route for route in found.values() if route.part == "chosen"]
    assert {one["name"] for one in chosen[0].reasons} >= {"judges"}
    words = chosen[0].reasons[0]["words"]
    assert words == "Another judge contradicts the AI label."
    for route in found.values():
        low, gain, high = route.gain_low, route.gain, route.gain_high
        if low is not None and gain is not None and high is not None:
            assert low <= gain <= high
    assert {route.propensity for route in chosen} == {1.0}


def test_the_reserve_is_drawn_by_lot_and_its_propensity_is_kept(make: Make) -> None:
    world = make()
    run = fit(world.project)
    assert run.figures["n_reserve"] == 7
    found = routes_of(world.project).values()
    by_lot = [route for route in found if route.part == "reserve"]
    rest = [route for route in found if route.part == "rest"]
    assert len(by_lot) == 7
    share = round(7 / 220, 6)
    assert {route.propensity for route in [*by_lot, *rest]} == {share}
    assert by_lot[0].reasons == [{"name": "lot", "words": "It was drawn by lot."}]


def test_where_nothing_tells_it_falls_back_to_random_and_says_so(make: Make) -> None:
    world = make(told=0.2, false_alarm=0.2, seed=5)
    told = fit(world.project).figures
    assert told["verdict"] == UNDECIDED
    assert told["here"]["gain"]["low"] <= 0 <= told["here"]["gain"]["high"]
    assert told["advice"]
    assert world.found("human") < 0.45


def test_the_same_labels_give_the_same_decisions(make: Make) -> None:
    world = make()
    first = fit(world.project)
    policy = RoutingPolicy.objects.get()
    request_run(policy=policy, user=None, action="fit")
    run_newest(world.project)
    second = RoutingRun.objects.get(job=Job.objects.latest("id"))
    assert second.pk != first.pk
    assert second.inputs_sha256 == first.inputs_sha256
    assert decisions_of(second) == decisions_of(first)
    assert second.figures == first.figures


def test_money_that_is_gone_otherwise_is_an_input_too(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(100)
    world = make_world(project, make_annotator(project))
    money = {"budget": Decimal(12), "budget_unit": "money"}
    start(project, world.machine, judges=None, **money)
    world.label_seed()
    first = fit(project)
    # Paid for, and withdrawn: no label is another, and less is left.
    other = make_annotator(project)
    number = min(n for n, r in routes_of(project).items() if r.part == "seed")
    answer_items(other, lambda n: 1 if n == number else None, state="withdrawn")
    request_run(policy=RoutingPolicy.objects.get(), user=None, action="fit")
    run_newest(project)
    second = RoutingRun.objects.get(job=Job.objects.latest("id"))
    assert second.figures["n_human"] == first.figures["n_human"] - 1
    assert second.n_labels == first.n_labels
    assert second.inputs_sha256 != first.inputs_sha256


def test_it_is_learned_anew_after_so_many_labels(make: Make) -> None:
    world = make()
    RoutingPolicy.objects.update(refit_every=10)
    first = fit(world.project)
    work(world.person, world.says, most=9)
    assert refresh_due() == []
    answered = work(world.person, world.says, most=1)
    before = routes_of(world.project)[answered[0]]
    second = fit(world.project)
    assert second.n_labels == first.n_labels + 10
    after = routes_of(world.project)[answered[0]]
    assert (after.pk, after.created_at) == (before.pk, before.created_at)
    spending = state_of(world.project).spending
    assert spending is not None
    assert spending.n_items == 150
    work(world.person, world.says)
    assert lend(world.person) is None


def test_a_budget_is_spent_to_its_end_and_never_beyond(make: Make) -> None:
    world = make()
    RoutingPolicy.objects.update(refit_every=7)
    fit(world.project)
    n_fits = 1
    while work(world.person, world.says, most=7):
        if refresh_due():
            run_newest(world.project)
            n_fits += 1
        policy = RoutingPolicy.objects.get()
        assert spending_of(policy, 300).n_items <= 150
    assert n_fits > 5
    told = state_of(world.project)
    assert told.state == EXHAUSTED
    assert told.spending is not None
    assert (told.spending.n_labelled, told.spending.n_left) == (150, 0)


def test_what_people_take_while_it_is_routed_anew_is_not_paid_twice(
    make: Make, monkeypatch: pytest.MonkeyPatch, make_annotator: MakeAnnotator
) -> None:
    """Between two chunks somebody takes an item that the new run leaves to the AI."""
    world = make()
    fit(world.project)
    policy = RoutingPolicy.objects.select_related("project").get()
    kept = set(
        Route.objects.filter(source="human", policy=1).values_list("item_id", flat=True)
    )
    monkeypatch.setattr(applying, "CHUNK", 50)
    thief = make_annotator(world.project)
    taken: list[int] = []

    def steals(**given: object) -> list[int]:
        if len(taken) < 3 and (lent := lend(thief)) is not None:
            answer(lent, 1)
            taken.append(lent.item_id)
        return routes.apply_routes(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(applying, "apply_routes", steals)
    RoutingPolicy.objects.update(strategy="contradiction")
    request_run(policy=policy, user=None, action="fit")
    assert run_newest(world.project).state == "done"
    assert len(taken) == 3
    assert set(taken) <= kept
    now = spending_of(policy, 300)
    assert now.n_items == 150
    assert Route.objects.filter(item__in=taken, source="human").count() == 3


def test_new_items_are_decided_with_the_policy_in_force(make: Make) -> None:
    world = make()
    fit(world.project)
    assert refresh_due() == []
    with transaction.atomic():
        ItemStore(world.project).add([draft(number) for number in range(301, 311)])
    assert refresh_due() == []
    new = Item.objects.filter(project=world.project, number__gt=300)
    judge(world.machine, lambda _number: 1, new)
    run = fit(world.project)
    assert run.figures["n_pool"] == 310
    found = routes_of(world.project)
    assert all(found[number].policy == 1 for number in range(301, 311))
    assert refresh_due() == []


def test_killed_between_two_chunks_and_resumed_is_as_if_never_killed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = make(), make()
    fit(whole.project)
    run_newest_of(whole)
    monkeypatch.setattr(applying, "CHUNK", 60)
    calls = []

    def dies(**given: object) -> list[int]:
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return routes.apply_routes(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(applying, "apply_routes", dies)
    with pytest.raises(KeyboardInterrupt):
        run_newest(broken.project)
    stored = RoutingRun.objects.get(job=Job.objects.latest("id"))
    assert stored.planned_at is not None
    assert stored.applied_at is None
    Job.objects.filter(project=broken.project, state="running").update(
        lease_until="2020-01-01T00:00Z"
    )
    assert run_newest(broken.project).state == "done"
    assert shown(broken.project) == shown(whole.project)


def run_newest_of(world: World) -> None:
    """Nothing is left to be run in this project."""
    assert not jobs.due_jobs().get(
        Job.objects.filter(project=world.project).latest("id").pk
    )


def shown(project: Project) -> dict[int, tuple[object, ...]]:
    ranks = dict(
        FrontierEntry.objects.filter(project=project).values_list("item", "rank")
    )
    return {
        number: (r.source, r.part, r.gain, r.reasons, ranks[r.item_id])
        for number, r in routes_of(project).items()
    }


def test_states_follow_the_work(make: Make) -> None:
    world = make()
    assert state_of(world.project).state == FITTING
    fit(world.project)
    told = state_of(world.project)
    assert told.state == ROUTED
    assert (told.n_ai, told.n_waiting, told.n_asked) == (150, 0, 70)
    work(world.person, world.says)
    assert state_of(world.project).state == EXHAUSTED


def test_a_fit_without_labels_fails_with_a_sentence_and_waits_for_news(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(100)
    world = make_world(project, make_annotator(project))
    policy = start(project, world.machine)
    request_run(policy=policy, user=None, action="fit")
    job = run_newest(project)
    assert job.state == "failed"
    assert "Let people answer first." in job.message
    assert not Route.objects.filter(source="ai").exists()
    assert refresh_due() == []
    assert do_next(policy=policy, user=project.created_by) is None
    world.label_seed()
    now = state_of(project)
    assert (now.state, "nothing is learned from it yet" in now.words) == (FITTING, True)
    assert fit(project).figures["n_learned"] == 30


def test_one_class_is_no_error(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(100)
    world = make_world(project, make_annotator(project), error=0.0)
    start(project, world.machine)
    world.label_seed()
    told = fit(project).figures
    assert not told["is_informative"]
    assert "on only 0 items" in told["note"]
    assert told["verdict"] == UNDECIDED
    assert told["n_audit"] == 10


@pytest.mark.parametrize(
    ("strategy", "note"),
    [
        ("disagreement", ""),
        ("contradiction", ""),
        ("random", ""),
        ("confidence", "does not tell how sure"),
        ("top_k", "needs a seed of 200"),
    ],
)
def test_every_strategy_routes_or_says_why_not(
    make_pool: MakePool, make_annotator: MakeAnnotator, strategy: str, note: str
) -> None:
    project = make_pool(120)
    world = make_world(project, make_annotator(project))
    start(project, world.machine, strategy=strategy)
    world.label_seed()
    told = fit(project).figures
    assert told["strategy"] == ("default" if note else strategy)
    assert note in told["strategy_note"]
    assert told["n_human"] == 20


def test_money_is_counted_by_item_and_the_stop_rule_leaves_some(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(200)
    world = make_world(project, make_annotator(project))
    FrontierEntry.objects.filter(item__number__gt=100, project=project).update(
        overlap=2, target=2
    )
    other = make_annotator(project)
    start(project, world.machine, budget=Decimal(30), budget_unit="money")
    while work(world.person, world.says) or work(other, world.says):
        pass
    fit(project)
    human = Route.objects.filter(source="human", part__in=("chosen", "reserve"))
    prices = {route.item.number > 100: route.cost_usd for route in human}
    assert prices == {False: Decimal("0.2"), True: Decimal("0.4")}
    spending = state_of(project).spending
    assert spending is not None
    total = spending.spent_usd + spending.promised_usd
    # What was chosen and what was drawn by lot each leave less than an item costs.
    assert 30 - 2 * Decimal("0.4") < total <= 30
    RoutingPolicy.objects.update(stop_gain=0.99)
    request_run(policy=RoutingPolicy.objects.get(), user=None, action="fit")
    run_newest(project)
    assert not Route.objects.filter(part="chosen").exists()
    assert Route.objects.filter(part="reserve").exists()
