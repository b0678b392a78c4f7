"""What the AI's label of an item cost stands with its decision and on the page."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from annotation.models import Item, MachineAnnotator, Participant, PreAnnotation, Route
from models_service.models import Call
from routing.budget_prices import price_curve
from routing.selectors.ai_costs import ai_costs, ai_money
from routing.selectors.budget import pool_of
from routing.selectors.what_if import what_if
from routing.services.due import refresh_due
from routing.services.lengths import measure_lengths
from tests.routing.conftest import MakePool, run_newest, start
from tests.routing.live_worlds import make_world
from tests.routing.test_page import page_of
from tests.routing.told import figures

pytestmark = pytest.mark.django_db(transaction=True)


def book(machine: MachineAnnotator, items: list[Item], usd: str) -> None:
    """Book two calls on each of these items."""
    Call.objects.bulk_create(
        Call(
            machine=machine,
            item=item,
            cache_key=f"{machine.pk}:{item.pk}:{order}",
            order=order,
            status="ok",
            tokens_in=200,
            tokens_out=10,
            cost_usd=Decimal(usd),
        )
        for item in items
        for order in ([0, 1], [1, 0])
    )


def test_booked_calls_tell_else_the_file_else_the_tokens(
    machine: MachineAnnotator,
) -> None:
    items = list(machine.project.items.order_by("number")[:4])
    ids = np.array([item.pk for item in items])
    book(machine, items[:1], "0.00105")
    PreAnnotation.objects.filter(item=items[1]).update(cost_usd=Decimal("0.03"))
    measure_lengths(machine.project)
    assert ai_costs(machine, ids) == [Decimal("0.0021"), Decimal("0.03"), None, None]
    machine.usd_per_million_in = Decimal(2)
    machine.usd_per_million_out = Decimal(5)
    known = ai_costs(machine, ids)
    assert known[:2] == [Decimal("0.0021"), Decimal("0.03")]
    n_chars = 2 * len("Answer 0 to 3.") + len("Question 3?")
    assert known[2] == Decimal(2 * (n_chars // 4) + 5 * 120) / 1_000_000


def test_calls_that_cost_nothing_are_free_only_where_tokens_have_a_price(
    machine: MachineAnnotator,
) -> None:
    items = list(machine.project.items.order_by("number")[:1])
    book(machine, items, "0")
    ids = np.array([items[0].pk])
    assert ai_costs(machine, ids) == [None]
    machine.usd_per_million_in = machine.usd_per_million_out = Decimal(0)
    assert ai_costs(machine, ids) == [Decimal(0)]


def test_a_jury_costs_what_its_members_did(machine: MachineAnnotator) -> None:
    project = machine.project
    items = list(project.items.order_by("number")[:1])
    other = MachineAnnotator.objects.create(project=project, name="other")
    for one in (machine, other):
        book(one, items, "0.01")
    seats = [
        {
            "id": str(one.public_id),
            "temperature": 1.0,
            "weight": 1.0,
            "is_calibrated": False,
            "carries": True,
        }
        for one in (machine, other)
    ]
    jury = MachineAnnotator.objects.create(
        project=project, name="jury", backend="jury", parameters={"members": seats}
    )
    assert ai_costs(jury, np.array([items[0].pk])) == [Decimal("0.04")]


def test_decisions_carry_the_cost_of_their_source(
    make_pool: MakePool, make_annotator: Callable[..., Participant]
) -> None:
    project = make_pool(100)
    world = make_world(project, make_annotator(project))
    book(world.machine, list(project.items.all()), "0.002")
    policy = start(project, world.machine)
    world.label_seed()
    assert refresh_due() != []
    assert run_newest(project).state == "done"
    found = Route.objects.values_list("source", "cost_usd").distinct()
    assert set(found) == {("human", Decimal("0.2")), ("ai", Decimal("0.004"))}
    told = ai_money(policy)
    assert told.spent_usd == Decimal("0.4")
    page = page_of(project)
    assert "Its labels have cost $0.40 already." in page


def test_what_the_ai_lacks_is_forecast(machine: MachineAnnotator) -> None:
    policy = start(machine.project, machine)
    assert ai_money(policy).spent_usd is None
    policy.machine.backend = "endpoint"
    policy.machine.protocol = "pairwise"
    policy.machine.usd_per_million_in = policy.machine.usd_per_million_out = Decimal(1)
    PreAnnotation.objects.filter(item__number__gt=90).delete()
    told = ai_money(policy)
    assert told.n_lacking > 0
    assert told.to_spend_usd is not None
    assert told.to_spend_usd > 0
    assert told.spent_usd == 0


def test_the_price_of_a_budget_is_that_of_the_items_chosen() -> None:
    score = np.array([0.4, 0.3, 0.2, 0.1])
    cost = np.array([1.0, 1.0, 4.0, 2.0])
    prices = [Decimal(str(one)) for one in cost]
    told = {"prices": price_curve(score, cost, prices, (0.0, 0.5, 1.0))}
    assert told["prices"] == {"n_items": [0, 2, 4], "usd": [0.0, 2.0, 8.0]}
    pool = pool_of({"n_open": 4, "label_usd": "1", **told})
    assert [pool.usd_of(n) for n in (2, 3)] == [Decimal(2), Decimal(5)]
    assert pool.usd_by_lot(2) == Decimal(4)
    assert pool_of({"n_open": 4, "label_usd": "0.2"}).usd_of(3) == Decimal("0.6")


def test_the_curve_tells_those_prices() -> None:
    told = figures(0.06, prices={"n_items": [0, 200, 400], "usd": [0.0, 30.0, 80.0]})
    found = what_if(told, pool_of(told).size(100))
    assert found is not None
    assert found.size.usd == "$15.00"
