"""What the pages of machine annotators read does not grow with the project."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from annotation.models import MachineAnnotator, PreAnnotation, Project
from models_service.models import Call, Run
from models_service.selectors import machines
from models_service.selectors.machines import machine_rows
from models_service.selectors.runs import run_panel
from tests.factories import make_items, make_project
from tests.models.judges import answer_all, make_judge

Count = Callable[[int], Any]


@pytest.fixture
def machine(db: None) -> MachineAnnotator:
    cache.clear()
    project = make_project()
    make_items(project, 6)
    made = make_judge(project)
    answer_all(made)
    return made


def spoil_calls() -> None:
    """Let every call but one have come to nothing, in three ways by turns."""
    for n, call in enumerate(Call.objects.order_by("id")[1:]):
        call.status, call.error_code = "failed", f"code{n % 3}"
        call.error = f"The call {n} failed."
        call.save()


def test_troubles_of_a_run_take_two_queries_whatever_their_kinds(
    machine: MachineAnnotator, django_assert_num_queries: Count
) -> None:
    spoil_calls()
    run = Run.objects.select_related("job", "machine").get()
    with django_assert_num_queries(3):
        panel = run_panel(run)
    told = [(one.code, one.n, one.said) for one in panel.troubles]
    assert told == [
        ("code0", 4, "The call 9 failed."),
        ("code1", 4, "The call 10 failed."),
        ("code2", 3, "The call 8 failed."),
    ]


def test_troubles_are_read_through_their_own_index(machine: MachineAnnotator) -> None:
    spoil_calls()
    run = Run.objects.select_related("job").get()
    found = Call.objects.filter(
        machine_id=run.machine_id, created_at__gte=run.job.created_at
    ).exclude(status="ok")
    with connection.cursor() as db:
        db.execute("SET LOCAL enable_seqscan = off")
        db.execute("SET LOCAL enable_bitmapscan = off")
    assert "model_call_trouble" in found.explain()


def test_figures_of_many_verdicts_are_kept_for_a_while(
    machine: MachineAnnotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def n_items(project: Project) -> int:
        return machine_rows(project)[0].n_items

    assert n_items(machine.project) == 6
    PreAnnotation.objects.order_by("id")[0].delete()
    assert n_items(machine.project) == 5
    monkeypatch.setattr(machines, "LARGE", 4)
    assert n_items(machine.project) == 5
    PreAnnotation.objects.order_by("id")[0].delete()
    assert n_items(machine.project) == 5
    other = make_judge(machine.project, name="other")
    rows = {row.machine: row.n_items for row in machine_rows(machine.project)}
    assert rows == {machine: 5, other: 0}
