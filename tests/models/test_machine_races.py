"""A change of a machine annotator while a run of it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, transaction

from annotation import access
from annotation.models import MachineAnnotator, Project
from models_service.selectors.machines import told
from models_service.selectors.wanted import Selection
from models_service.services import runs
from models_service.services.machines import change_machine, checked
from tests.factories import make_items, make_project
from tests.models.judges import make_judge
from tests.waiting import somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    made = make_project()
    make_items(made, 3)
    return made


def change_model(machine: MachineAnnotator) -> MachineAnnotator:
    """Change what makes its version, on a connection of its own."""
    raw = told(machine) | {"base_url": "https://a.example.com/v1"}
    try:
        spec = checked(raw, allow_private=False)
        spec = replace(spec, model="another")
        user = machine.project.created_by
        return change_machine(machine=machine, user=user, spec=spec)
    finally:
        connection.close()


def test_run_that_is_asked_for_keeps_the_version_it_was_asked_of(
    project: Project,
) -> None:
    machine = make_judge(project)
    seat = access.seat(project.created_by, project.slug)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            runs.request_run(seat=seat, machine=machine, selection=Selection())
            changing = pool.submit(change_model, machine)
            while not changing.done() and not somebody_waits():
                pass
        changed = changing.result(timeout=60)
    assert (changed.number, changed.model) == (2, "another")
    machine.refresh_from_db()
    assert machine.model != "another"
