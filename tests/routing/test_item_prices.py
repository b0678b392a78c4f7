"""In a project each item has its price, and the budget holds with all of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import Item, Job, MachineAnnotator, Participant, Project, Route
from annotation.money import ZERO
from annotation.services import jobs
from annotation.services.budgets import Terms, set_budget
from annotation.services.item_changes import run_item_change
from annotation.services.item_store import ItemStore
from annotation.services.routes import RouteDraft
from annotation.services.withdrawals import withdraw
from routing.models import Decision, ItemMeasures, RoutingPolicy, RoutingRun
from routing.selectors.spending import spending_of
from routing.selectors.state import state_of
from routing.services.applying import store_plan
from routing.services.due import refresh_due
from routing.services.lengths import measure_lengths
from routing.services.seed import Plan
from tests.routing.conftest import (
    judge,
    routes_of,
    run_newest,
    says_always,
    start,
    work,
)
from tests.routing.live_worlds import World, make_world
from tests.routing.test_page import SENT, client_of, post
from tests.routing.test_policies import set_up, told

pytestmark = pytest.mark.django_db(transaction=True)
MakePool = Callable[..., Project]
N = 120


def texts(number: int) -> ItemDraft:
    """Return an item of ten words, or of thirty where its number is even."""
    n_chars = 60 if number % 2 else 180
    return ItemDraft(
        row=number,
        messages=(Message("user", "q" * (n_chars // 3)),),
        completions=tuple(
            CompletionDraft(letter * (n_chars // 3), "model") for letter in "ab"
        ),
        external_id=f"long{number}",
        category="medicine" if number % 3 == 0 else "law",
        metadata={"expertise": "high" if number % 5 == 0 else "low"},
    )


@pytest.fixture
def world(make_pool: MakePool, make_annotator: Callable[..., Participant]) -> World:
    """Return a pool whose items differ in length and in what they are about."""
    project = make_pool(0)
    with transaction.atomic():
        ItemStore(project).add([texts(number) for number in range(1, N + 1)])
    return make_world(project, make_annotator(project))


MONEY: dict[str, Any] = {
    "budget": Decimal(20),
    "budget_unit": "money",
    "length_share": 0.5,
    "surcharges": {"category=medicine": 2.0, "expertise=high": 1.5},
}


def price(number: int) -> Decimal:
    """Return what an item of the world costs at 20 cents for the mean of 20 words."""
    by_length = Decimal("0.15") if number % 2 else Decimal("0.25")
    if number % 3 == 0:
        by_length *= 2
    return by_length * (Decimal("1.5") if number % 5 == 0 else 1)


def label_and_fit(world: World) -> RoutingPolicy:
    world.label_seed()
    assert refresh_due() != []
    job = run_newest(world.project)
    assert job.state == "done", job.message
    return RoutingPolicy.objects.select_related("project").get(ended_at=None)


def test_each_item_has_its_price_from_the_seed_on(world: World) -> None:
    start(world.project, world.machine, **MONEY)
    label_and_fit(world)
    found = routes_of(world.project)
    human = {n: r for n, r in found.items() if r.source == "human"}
    assert {r.part for r in human.values()} > {"seed", "audit", "chosen"}
    for number, route in human.items():
        assert route.cost_usd == price(number)


def test_the_cheaper_of_equal_gains_is_chosen(world: World) -> None:
    # The AI is always right, so the seed shows nothing and all items gain the same.
    said = {n: -side if n in world.wrong else side for n, side in world.truth.items()}
    start(world.project, world.machine, reserve_share=0.0, judges=[], **MONEY)
    policy = label_and_fit(replace(world, truth=said))
    assert not RoutingRun.objects.get(kind="fit").figures["is_informative"]
    chosen = Route.objects.filter(part="chosen").values_list("item__number", flat=True)
    prices = [price(number) for number in chosen]
    rest = Route.objects.filter(part="rest").values_list("item__number", flat=True)
    assert max(prices) <= min(price(number) for number in rest)
    now = spending_of(policy)
    assert now.left < min(price(number) for number in rest)
    assert now.gone_usd <= policy.budget


def test_lengths_are_measured_once(world: World) -> None:
    assert measure_lengths(world.project) == N
    assert measure_lengths(world.project) == 0
    kept = ItemMeasures.objects.order_by("item__number").values_list("n_chars")
    assert list(kept[:2]) == [(60,), (180,)]
    start(world.project, world.machine, **MONEY)
    label_and_fit(world)
    kept = ItemMeasures.objects.order_by("item__number").values_list("n_chars")
    assert list(kept[:2]) == [(60,), (180,)]


def test_items_count_one_where_the_budget_is_no_money(world: World) -> None:
    more = MONEY | {"budget": Decimal(50), "budget_unit": "labels"}
    start(world.project, world.machine, **more)
    policy = label_and_fit(world)
    assert spending_of(policy).n_items == 50
    assert Route.objects.filter(source="human", cost_usd=Decimal("0.75")).exists()


def test_a_seed_that_is_dearer_than_the_budget_is_drawn_as_far_as_it_goes(
    world: World,
) -> None:
    more = MONEY | {"budget": Decimal("11.75"), "seed": 11}
    policy = start(world.project, world.machine, **more)
    drawn = Route.objects.filter(source="human")
    assert 30 < drawn.count() < 40
    spent = sum(route.cost_usd or Decimal(0) for route in drawn)
    assert Decimal(11) < spent <= Decimal("11.75")
    assert state_of(world.project).seed.n_drawn == drawn.count()
    (share,) = {route.propensity for route in drawn}
    assert share == pytest.approx(drawn.count() / N)
    world.label_seed()
    assert state_of(world.project).seed.is_full
    assert spending_of(policy).gone_usd == spent


def test_a_price_of_the_ledger_that_rises_is_promised_and_no_more_is_spent(
    world: World,
) -> None:
    more = MONEY | {"length_share": 0.0, "surcharges": {}}
    start(world.project, world.machine, **more)
    policy = label_and_fit(world)
    assert spending_of(policy).gone_usd == Decimal(20)
    terms = Terms(cap_usd=None, day_cap_usd=None, price_usd=Decimal("0.3"))
    set_budget(project=world.project, user=world.project.created_by, terms=terms)
    policy = RoutingPolicy.objects.select_related("project").get()
    assert spending_of(policy).over_usd == Decimal(10)
    RoutingPolicy.objects.update(refit_every=1)
    work(world.person, world.says, most=1)
    assert refresh_due() != []
    run_newest(world.project)
    now = spending_of(policy)
    # What is answered stands at the price of now; the others are fewer.
    assert now.over_usd == 0
    assert now.gone_usd <= policy.budget
    people = Route.objects.filter(part__in=("chosen", "reserve"), item__frontier=None)
    assert {route.cost_usd for route in people} <= {Decimal("0.3")}


def test_what_is_dearer_since_is_paid_for_before_it_holds(world: World) -> None:
    """An import of short items makes the others longer than the mean."""
    more = MONEY | {"surcharges": {}, "length_share": 1.0}
    start(world.project, world.machine, **more)
    policy = label_and_fit(world)
    with transaction.atomic():
        ItemStore(world.project).add(
            [
                ItemDraft(
                    row=number,
                    messages=(Message("user", f"{number}"),),
                    completions=(CompletionDraft("a", "m"), CompletionDraft("b", "m")),
                    external_id=f"short{number}",
                )
                for number in range(200)
            ]
        )
    new = Item.objects.filter(project=world.project, external_id__startswith="short")
    judge(world.machine, says_always, new)
    assert refresh_due() != []
    assert run_newest(world.project).state == "done"
    assert spending_of(policy).gone_usd <= policy.budget
    assert Route.objects.filter(item__in=new).count() == 200


def test_a_higher_overlap_raises_what_is_spent_and_promised(world: World) -> None:
    start(world.project, world.machine, **MONEY)
    policy = label_and_fit(world)
    before = spending_of(policy)
    Project.objects.filter(pk=world.project.pk).update(overlap=3)
    policy = RoutingPolicy.objects.select_related("project").get()
    now = spending_of(policy)
    assert now.spent_usd == pytest.approx(before.spent_usd)
    assert now.gone_usd == 3 * before.gone_usd
    assert now.left == 0


def test_a_seed_larger_than_the_real_pool_pays_for_is_drawn_as_far_as_it_goes(
    world: World,
) -> None:
    """Items with a known answer are judged too, and are no part of the pool."""
    known = Item.objects.filter(project=world.project, number__gt=100)
    known.update(gold={"preference": {"value": 1}})
    start(world.project, world.machine, budget=Decimal("0.35"))
    assert Route.objects.filter(source="human").count() == 35
    assert state_of(world.project).seed.n_drawn == 35


def test_a_price_below_a_millionth_is_rounded_up(world: World) -> None:
    given = {"budget_unit": "money", "budget": Decimal(1)}
    start(world.project, world.machine, label_usd=Decimal("1e-7"), **given)
    assert RoutingPolicy.objects.get().label_usd == Decimal("0.000001")


def test_what_who_withdrew_was_paid_is_not_spent_again(world: World) -> None:
    more = {"budget": Decimal(20), "budget_unit": "money"}
    policy = start(world.project, world.machine, **more)
    work(world.person, world.says, most=10)
    before = spending_of(policy)
    withdraw(participant=world.person)
    now = spending_of(policy)
    assert (before.spent_usd, before.beside_usd) == (Decimal(2), ZERO)
    assert (now.spent_usd, now.beside_usd) == (ZERO, Decimal(2))
    assert now.gone_usd == before.gone_usd + 2


# --- bad input ----------------------------------------------------------------------


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("length_share", {"length_share": float("nan")}, "from 0 to 1"),
    ("length_share", {"length_share": 1.2}, "from 0 to 1"),
    ("surcharges", {"surcharges": {"category=medicine": 0}}, "from 0.1 to 100"),
    ("surcharges", {"surcharges": {"category=medicine": float("nan")}}, "“nan”"),
    (
        "surcharges",
        {"surcharges": {"category=medecine": 2}},
        "No item has category=medecine. The values of category are law, medicine.",
    ),
    (
        "surcharges",
        {"surcharges": {"subject=law": 2}},
        "What describes items here is category, expertise.",
    ),
    ("label_usd", {"label_usd": Decimal("-1")}, "from 0 to 10,000"),
    ("label_usd", {"label_usd": Decimal("Infinity")}, "from 0 to 10,000"),
    ("label_usd", {"label_usd": None}, "Say what people's label"),
    ("budget", {"budget": Decimal("8.1")}, "pays for 27 labels"),
]


def test_prices_that_do_not_hold_are_told_and_nothing_is_written(world: World) -> None:
    for field, more, words in FAULTS:
        problems = told(partial(set_up, world.project, world.machine, **MONEY | more))
        assert list(problems) == [field]
        assert words in problems[field]
        assert problems[field].endswith(".")
    assert not RoutingPolicy.objects.exists()
    assert not Job.objects.exists()


def test_an_item_without_any_field_has_no_surcharge(
    pool: Project, machine: MachineAnnotator
) -> None:
    problems = told(lambda: set_up(pool, machine, surcharges={"category=law": 2}))
    assert "nor any other that describes it." in problems["surcharges"]


def test_the_form_takes_prices_and_says_what_is_wrong(world: World) -> None:
    sent = {"length_share": "30%", "surcharges": "category=medicine x 2"}
    response = post(world.machine, **(sent | {"surcharges": "medicine"}))
    assert response.status_code == 422
    assert "“medicine” is no surcharge." in response.content.decode()
    assert response.context["form"].is_prices_open
    assert post(world.machine, **sent).status_code == 302
    policy = RoutingPolicy.objects.get()
    assert (policy.length_share, policy.surcharges) == (0.3, {"category=medicine": 2.0})
    address = reverse("routing", args=[world.project.slug])
    page = client_of(world.project).get(address)
    begun = page.context["form"].initial
    assert begun["length_share"] == "30%"
    assert begun["surcharges"] == "category=medicine x 2"
    assert "category=medicine \N{MULTIPLICATION SIGN} 2" in page.content.decode()
    assert "30% of the price" in page.content.decode()


def test_rest_takes_and_tells_prices(world: World) -> None:
    client = client_of(world.project)
    address = reverse("api_routing", args=[world.project.slug])
    body = SENT | {"machine": str(world.machine.public_id), "length_share": 0.3}
    wrong = client.put(
        address, body | {"surcharges": {"category=art": 2}}, "application/json"
    )
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0]["path"] == "surcharges"
    right = client.put(
        address, body | {"surcharges": {"category=law": 2}}, "application/json"
    )
    assert right.status_code == 200, right.content
    policy = right.json()["policy"]
    assert (policy["length_share"], policy["surcharges"]) == (
        0.3,
        {"category=law": 2.0},
    )


def test_the_command_takes_prices(world: World) -> None:
    client_of(world.project)
    said = ["route", world.project.slug, "--machine", "ai", "--budget", "0.5"]
    said += ["--seed-size", "40", "--length-share", "0.4", "--no-wait"]
    with pytest.raises(CommandError, match="is no surcharge"):
        call_command(*said, "--surcharge", "medicine")
    assert not RoutingPolicy.objects.exists()
    call_command(*said, "--surcharge", "category=medicine x 2")
    policy = RoutingPolicy.objects.get()
    assert (policy.length_share, policy.surcharges) == (0.4, {"category=medicine": 2.0})


# --- what comes back, and what two workers do at once -------------------------------


def changed(project: Project, action: str, numbers: Sequence[int], **more: Any) -> Job:
    """Let a change of items run as a worker runs it."""
    items = Item.objects.filter(project=project, number__in=numbers)
    parameters = {
        "action": action,
        "value": None,
        "reason": "Because.",
        "filter": {},
        "ticked": [str(item.public_id) for item in items],
        **more,
    }
    job = jobs.create_job(
        project=project,
        user=project.created_by,
        kind=Job.Kind.CHANGE,
        parameters=parameters,
    )
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, run_item_change)
    job.refresh_from_db()
    assert job.state == "done", job.message
    return job


@pytest.mark.parametrize("action", ["exclude", "to_ai"])
def test_what_comes_back_is_decided_anew_within_the_budget(
    world: World, action: str
) -> None:
    """While items were away their money bought others."""
    labels = {"budget": Decimal(72), "budget_unit": "labels"}
    start(world.project, world.machine, refit_every=1, **labels)
    policy = label_and_fit(world)
    chosen = Route.objects.filter(source="human", part="chosen")
    numbers = chosen.order_by("item__number").values_list("item__number", flat=True)
    away = list(numbers[:10])
    done = changed(world.project, action, away)
    work(world.person, world.says, most=1)
    assert refresh_due() != []
    run_newest(world.project)
    assert spending_of(policy).n_items == 72
    if action == "exclude":
        changed(world.project, "include", away)
    else:
        undo = {"undoes": done.pk, "ticked": []}
        changed(world.project, "undo", [], **undo)
    assert spending_of(policy).n_items == 72
    back = Route.objects.filter(item__number__in=away)
    assert {route.source for route in back} == {"waiting"}
    assert refresh_due() != []
    run_newest(world.project)
    assert spending_of(policy).n_items == 72
    assert not back.filter(source="waiting").exists()
    work(world.person, world.says)
    assert spending_of(policy).n_labelled == 72


def test_of_two_workers_with_one_run_the_first_plan_holds(world: World) -> None:
    start(world.project, world.machine)
    run = RoutingRun.objects.get()
    kept = list(Decision.objects.filter(run=run).values_list("item", "part"))
    late = Plan([RouteDraft(world.project.items.all()[0].pk, "ai", "rest")], {})
    store_plan(run, late, {})
    assert list(Decision.objects.filter(run=run).values_list("item", "part")) == kept
    assert run.figures["n_seed"] == 40
