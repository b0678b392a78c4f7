"""Work for many projects: one that fails keeps no other from its turn."""

from types import ModuleType

import pytest

from annotation.models import MachineAnnotator, Project
from annotation.services import charts, disagreements
from annotation.services.each import for_each
from models_service.services import reports
from tests.factories import make_project
from tests.suggestions.conftest import make_machine


def test_the_rest_is_done_and_every_failure_is_told() -> None:
    done = []

    def work(number: int) -> None:
        if number % 2 == 0:
            raise ValueError(f"{number} is even.")
        done.append(number)

    with pytest.raises(ExceptionGroup) as told:
        for_each(range(5), work)
    assert done == [1, 3]
    assert list(map(str, told.value.exceptions)) == [
        "0 is even.",
        "2 is even.",
        "4 is even.",
    ]


def test_what_came_of_each_is_returned() -> None:
    assert for_each(range(3), lambda number: number**2) == [0, 1, 4]


@pytest.mark.parametrize(
    ("service", "name"),
    [
        (charts, "_refresh_once"),
        (disagreements, "_refresh_once"),
        (reports, "refresh_once"),
    ],
)
def test_a_round_of_beat_ends_at_no_project(
    db: None, monkeypatch: pytest.MonkeyPatch, service: ModuleType, name: str
) -> None:
    projects = [make_project() for _ in range(3)]
    for project in projects:
        make_machine(project, f"judge of {project.pk}")
    seen = []

    def work(row: Project | MachineAnnotator) -> None:
        key = row.pk if isinstance(row, Project) else row.project_id
        seen.append(key)
        if key == projects[0].pk:
            raise ValueError("This project cannot be measured.")

    monkeypatch.setattr(service, name, work)
    with pytest.raises(ExceptionGroup):
        service.refresh_stale()
    assert [key for key in seen if key >= projects[0].pk] == [p.pk for p in projects]
