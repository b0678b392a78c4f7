"""Setting a policy: each fault is named, each change is a version of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from annotation.allocation.insertion import CheckRules
from annotation.errors import InvalidError
from annotation.models import Event, MachineAnnotator, Project, QuestionsVersion
from annotation.services.checks import set_rules
from annotation.services.suggestions import set_policy
from annotation.suggestions import PROTOCOL_TYPES, least_blind
from models_service.prompts import PROTOCOLS
from tests.suggestions.conftest import end, judge, make_machine, suggest

TYPES = {"pairwise": "comparison", "criteria": "rating", "ranking": "ranking"}


def faults(project: Project, machine: MachineAnnotator, **more: Any) -> dict[str, str]:
    wanted = {"arms": {"shown": 1}, **more}
    with pytest.raises(InvalidError) as refused:
        set_policy(project=project, by=project.created_by, machine=machine, **wanted)
    assert Project.objects.get(pk=project.pk).suggestion_policy is None
    return {problem.path: problem.message for problem in refused.value.problems}


def test_each_change_is_the_next_number(
    pool: Project, machine: MachineAnnotator
) -> None:
    first = suggest(pool, machine, {"blind": 1, "shown": 0, "revealed": 3})
    assert (first.number, first.arms) == (1, {"blind": 1, "revealed": 3})
    assert suggest(pool, machine, {"blind": 1, "revealed": 3}) == first
    second = suggest(pool, machine, {"blind": 1, "revealed": 3}, has_reason=True)
    assert second.number == 2
    assert Project.objects.get(pk=pool.pk).suggestion_policy == second
    end(pool)
    assert Project.objects.get(pk=pool.pk).suggestion_policy is None
    assert suggest(pool, machine, {"shown": 1}).number == 3
    kinds = Event.objects.filter(project=pool).values_list("kind", "data__number")
    assert list(kinds.order_by("id")) == [
        ("suggestions_changed", number) for number in (1, 2, 0, 3)
    ]


def test_two_policies_draw_differently(
    pool: Project, machine: MachineAnnotator
) -> None:
    first = suggest(pool, machine, {"shown": 1})
    assert suggest(pool, machine, {"hedged": 1}).seed != first.seed


def test_ending_what_is_not_there_says_nothing(pool: Project) -> None:
    end(pool)
    assert not Event.objects.filter(project=pool).exists()


@pytest.mark.parametrize(
    ("arms", "path"),
    [
        ({}, "arms"),
        ({"blind": 0}, "arms"),
        ({"loud": 1}, "arms.loud"),
        ({"shown": -1}, "arms.shown"),
        ({"shown": 101}, "arms.shown"),
        ({"shown": True}, "arms.shown"),
        ({"shown": 0.5}, "arms.shown"),
    ],
)
def test_weights_that_are_none_are_refused(
    pool: Project, machine: MachineAnnotator, arms: Any, path: str
) -> None:
    assert list(faults(pool, machine, arms=arms)) == [path]


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused(
    pool: Project, machine: MachineAnnotator, temperature: float
) -> None:
    assert list(faults(pool, machine, temperature=temperature)) == ["temperature"]


def test_a_machine_must_be_of_the_project_and_in_use(
    pool: Project, machine: MachineAnnotator, make_pool: Callable[..., Project]
) -> None:
    stranger = make_machine(make_pool(1))
    assert "another project" in faults(pool, stranger)["machine"]
    tagger = make_machine(
        pool, "tagger", kind=MachineAnnotator.Kind.TAGGER, protocol="tagging"
    )
    assert "tagger" in faults(pool, tagger)["machine"]
    machine.archived_at = timezone.now()
    machine.save(update_fields=["archived_at"])
    assert "archived" in faults(pool, machine)["machine"]


@pytest.mark.parametrize("protocol", ["criteria", "ranking"])
def test_a_protocol_must_answer_the_main_question(pool: Project, protocol: str) -> None:
    other = make_machine(pool, protocol, protocol=protocol)
    assert "does not answer" in faults(pool, other)["machine"]


def test_labels_of_a_file_must_answer_the_main_question(pool: Project) -> None:
    file = make_machine(pool, "file", protocol="")
    judge(file, answers={"helpful": {"value": 1}})
    assert "does not answer" in faults(pool, file)["machine"]


def test_nothing_is_suggested_where_nothing_is_judged(
    pool: Project, machine: MachineAnnotator
) -> None:
    QuestionsVersion.objects.create(
        project=pool,
        number=2,
        questions=[{"name": "why", "type": "rationale", "title": "Why?"}],
        sha256="1" * 64,
    )
    assert "neither" in faults(pool, machine)["machine"]


def test_the_protocols_are_known_by_what_they_answer() -> None:
    known = {p.name: TYPES[p.kind] for p in PROTOCOLS.values() if p.kind in TYPES}
    assert known == PROTOCOL_TYPES


def test_silent_checks_want_enough_blind_items(
    pool: Project, machine: MachineAnnotator
) -> None:
    pool.check_rules = CheckRules(mirror_every=10, monitoring_every=10).to_json()
    pool.save(update_fields=["check_rules"])
    few = faults(pool, machine, arms={"blind": 24, "shown": 76})
    assert "25 %" in few["arms.blind"]
    assert suggest(pool, machine, {"blind": 25, "shown": 75})


def test_where_every_second_item_is_a_check_nothing_can_be_shown(
    pool: Project, machine: MachineAnnotator
) -> None:
    pool.check_rules = CheckRules(monitoring_every=2, attention_every=2).to_json()
    pool.save(update_fields=["check_rules"])
    few = faults(pool, machine, arms={"blind": 99, "shown": 1})
    assert "100 %" in few["arms.blind"]


@pytest.mark.parametrize("every", [3, 5, 10, 50])
def test_what_comes_without_a_suggestion_is_a_check_in_half_the_cases_at_most(
    every: int,
) -> None:
    share = CheckRules(monitoring_every=every).silent_share
    blind = least_blind(share) / 100
    assert share / (share + (1 - share) * blind) == pytest.approx(0.5)
    assert least_blind(0) == 0
    assert least_blind(0.5) == least_blind(1) == 100


def test_blind_items_want_no_silent_checks_beside_few(
    pool: Project, machine: MachineAnnotator
) -> None:
    suggest(pool, machine, {"blind": 24, "shown": 76})
    with pytest.raises(InvalidError) as refused:
        set_rules(project=pool, rules=CheckRules(mirror_every=5), by=pool.created_by)
    assert [p.path for p in refused.value.problems] == ["mirror_every"]
    assert not Project.objects.get(pk=pool.pk).check_rules
    assert "25 %" in refused.value.problems[0].message
    hints = CheckRules(hint_every=5)
    set_rules(project=pool, rules=hints, by=pool.created_by)
    assert Project.objects.get(pk=pool.pk).check_rules
