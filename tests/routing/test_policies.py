"""A policy is checked field by field before anything is written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from annotation.errors import ConflictError, InvalidError
from annotation.models import FrontierEntry, Job, MachineAnnotator, Project, Route
from annotation.services.budgets import Terms, set_budget
from routing.models import RoutingPolicy
from routing.services.policies import end_policy, set_policy
from routing.services.requests import request_run
from tests.routing.conftest import (
    draft_of,
    make_machine,
    routes_of,
    run_newest,
    says_always,
    start,
)

pytestmark = pytest.mark.django_db(transaction=True)
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("n_seed", {"n_seed": 39}, "at least 40"),
    ("audit_share", {"audit_share": float("nan")}, "from 0 to 0.5"),
    ("reserve_share", {"reserve_share": 0.6}, "from 0 to 0.5"),
    ("strategy", {"strategy": "luck"}, "There is no strategy 'luck'"),
    ("ppm", {"ppm": "cubic"}, "The models are ridge or quadratic."),
    ("metadata_fields", {"metadata_fields": ["hue"]}, "Leave it out"),
    ("refit_every", {"refit_every": -1}, "from 0"),
    ("stop_gain", {"stop_gain": 1.0}, "below 1"),
    ("seed", {"seed": -3}, "whole number from 0"),
    ("label_usd", {"label_usd": Decimal("NaN")}, "amount in US dollars"),
    (
        "label_usd",
        {"label_usd": Decimal(0), "budget_unit": "money", "budget": Decimal(9)},
        "Say what people's label",
    ),
    ("budget_unit", {"budget_unit": "hours"}, "There is no unit 'hours'"),
    ("budget", {"budget": Decimal(0)}, "above 0"),
    ("budget", {"budget": Decimal("NaN")}, "above 0"),
    ("budget", {"budget": Decimal(2)}, "at most 1"),
    ("budget", {"budget": Decimal("0.001")}, "pays for no label"),
    (
        "budget",
        {"budget": Decimal("0.1"), "budget_unit": "money"},
        "pays for no label. One label costs $0.20",
    ),
    ("budget", {"budget": Decimal("0.39")}, "the seed alone asks for 40"),
    ("budget", {"budget": Decimal(39), "budget_unit": "labels"}, "pays for 39 labels"),
]


def set_up(project: Project, machine: MachineAnnotator | None, **more: Any) -> None:
    set_policy(project=project, by=project.created_by, draft=draft_of(machine, **more))


def told(call: Callable[[], None]) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        call()
    return {one.path: one.message for one in caught.value.problems}


@pytest.mark.parametrize(("field", "more", "words"), FAULTS)
def test_each_fault_is_told_at_its_field_and_nothing_is_written(
    pool: Project, machine: MachineAnnotator, field: str, more: Any, words: str
) -> None:
    problems = told(lambda: set_up(pool, machine, **more))
    assert list(problems) == [field]
    assert words in problems[field]
    assert problems[field].endswith(".")
    assert not RoutingPolicy.objects.exists()
    assert not Job.objects.exists()


def test_a_machine_must_have_judged_pairs_of_this_project(
    pool: Project, make_pool: Callable[..., Project]
) -> None:
    silent = make_machine(pool, "silent", None)
    assert "no usable verdict" in told(lambda: set_up(pool, silent))["machine"]
    assert "Choose the AI" in told(lambda: set_up(pool, None))["machine"]
    other = make_machine(make_pool(3), "other", says_always)
    assert "another project" in told(lambda: set_up(pool, other))["machine"]


def test_judges_are_others_of_the_project(
    pool: Project, machine: MachineAnnotator, make_pool: Callable[..., Project]
) -> None:
    itself = told(lambda: set_up(pool, machine, judges=[machine]))
    assert "no judge of itself" in itself["judges"]
    other = make_machine(make_pool(3), "other", says_always)
    assert "another" in told(lambda: set_up(pool, machine, judges=[other]))["judges"]
    second = make_machine(pool, "second", says_always)
    make_machine(pool, "silent", None)
    policy = start(pool, machine)
    assert list(policy.judges.all()) == [second]


def test_a_label_costs_at_least_what_its_answers_cost(
    pool: Project, machine: MachineAnnotator
) -> None:
    terms = Terms(cap_usd=None, day_cap_usd=None, price_usd=Decimal("0.3"))
    set_budget(project=pool, user=pool.created_by, terms=terms)
    problems = told(lambda: set_up(pool, machine))
    assert "costs $0.30" in problems["label_usd"]
    assert start(pool, machine, label_usd=None).label_usd == Decimal("0.3")


def test_one_policy_is_in_force_and_a_new_one_is_the_next_version(
    pool: Project, machine: MachineAnnotator
) -> None:
    first = start(pool, machine)
    second = start(pool, machine, seed=2)
    first.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    assert first.ended_at is not None
    assert {route.policy for route in routes_of(pool).values()} == {2}
    with pytest.raises(ConflictError):
        request_run(policy=first, user=None, action="fit")


def test_a_second_job_is_refused_while_one_is_unended(
    pool: Project, machine: MachineAnnotator
) -> None:
    set_up(pool, machine)
    policy = RoutingPolicy.objects.get()
    with pytest.raises(ConflictError):
        request_run(policy=policy, user=None, action="fit")
    set_up(pool, machine, seed=2)
    for kind in ("route", "embed"):
        found = Job.objects.filter(kind=kind).order_by("id")
        states = list(found.values_list("state", flat=True))
        assert states == ["cancelled", "waiting"]


def test_the_end_of_a_policy_returns_what_waits(
    pool: Project, machine: MachineAnnotator
) -> None:
    start(pool, machine)
    assert Route.objects.filter(source="waiting").count() == 60
    end_policy(project=pool, by=pool.created_by)
    job = run_newest(pool)
    assert job.state == "done"
    assert "60 items are with people again" in job.message
    assert not FrontierEntry.objects.filter(is_routed_away=True).exists()
    with pytest.raises(ConflictError):
        end_policy(project=pool, by=pool.created_by)
