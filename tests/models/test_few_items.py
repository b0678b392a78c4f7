"""Of too few items nothing is told; the single orders of a file count."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.agreement import Interval
from annotation.models import Item, MachineAnnotator, PreAnnotation, Project
from models_service.selectors.machines import machine_row, machine_rows
from models_service.selectors.trust import LEAST_TO_TELL, trust_of
from models_service.selectors.trust_page import coefficient, difference, share
from models_service.services import reports
from tests.factories import make_items, make_project
from tests.models.judges import answer_all, canonical_first, make_judge
from tests.models.people import answer_items, make_people

pytestmark = pytest.mark.django_db
TOO_FEW = "too few to tell"
EMPTY = Interval(1.0, 1.0, 1.0)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def answered(n: int) -> tuple[Project, list[MachineAnnotator]]:
    """Return a project of so many items, answered by two people and two judges."""
    project = make_project(overlap=2)
    make_items(project, n)
    for person in make_people(project, 2):
        answer_items(person, lambda number: 1)
    judges = [make_judge(project, name=name) for name in ("first", "second")]
    for judge in judges:
        answer_all(judge, canonical_first)
    for judge in judges:
        reports.refresh(machine=judge)
    return project, judges


def pages(project: Project, judges: list[MachineAnnotator]) -> dict[str, str]:
    client = Client()
    client.force_login(project.created_by)
    one = [project.slug, judges[0].public_id]
    addresses: dict[str, list[Any]] = {
        "machines": [project.slug],
        "machines_compare": [project.slug],
        "machine": one,
        "machine_trust": one,
    }
    return {
        name: client.get(reverse(name, args=args)).content.decode()
        for name, args in addresses.items()
    }


def test_below_the_least_no_page_tells_an_interval() -> None:
    for name, page in pages(*answered(LEAST_TO_TELL - 1)).items():
        assert TOO_FEW in page, name
        assert "100% to 100%" not in page, name
        assert "1.00 to 1.00" not in page, name


def test_from_the_least_on_intervals_are_told() -> None:
    for name, page in pages(*answered(LEAST_TO_TELL)).items():
        assert TOO_FEW not in page, name


@pytest.mark.parametrize("figure", [coefficient, difference])
def test_coefficient_of_few_items_is_none(figure: Any) -> None:
    told = figure(EMPTY, n=LEAST_TO_TELL - 1)
    assert (told.value, told.ends, told.at) == ("\N{EN DASH}", TOO_FEW, None)
    assert figure(EMPTY, n=LEAST_TO_TELL).ends != TOO_FEW
    assert figure(EMPTY).at is not None


def test_share_of_few_items_stays_without_its_interval() -> None:
    told = share(EMPTY, n=3)
    assert (told.value, told.ends, told.low) == ("100%", TOO_FEW, None)


def test_what_is_not_known_is_not_too_few() -> None:
    nan = float("nan")
    assert share(Interval(nan, nan, nan), n=0).ends == ""


# --- links ----------------------------------------------------------------------------


def test_pages_lead_to_each_other() -> None:
    project, judges = answered(LEAST_TO_TELL)
    shown = pages(project, judges)
    for judge in judges:
        where = reverse("machine_trust", args=[project.slug, judge.public_id])
        assert where in shown["machines_compare"]
    both = f"?a={judges[0].public_id}&amp;b={judges[1].public_id}"
    assert (
        reverse("machines_compare", args=[project.slug]) + both
        in (shown["machine_trust"])
    )


# --- files ----------------------------------------------------------------------------


def from_file(project: Project, says: Mapping[tuple[int, int], int]) -> Any:
    """Return a judge whose file told what it says in each order, by that order."""
    machine = MachineAnnotator.objects.create(project=project, name="by file")
    version = project.current_questions()
    assert version is not None
    PreAnnotation.objects.bulk_create(
        PreAnnotation(
            project=project,
            item=item,
            machine=machine,
            questions_version=version,
            answers={"preference": {"value": value}},
            probability=0.8,
            order=list(order),
        )
        for item in Item.objects.filter(project=project)
        for order, value in says.items()
    )
    return machine


def test_list_tells_the_contradictions_of_a_file(
    django_assert_max_num_queries: Any,
) -> None:
    project = make_project()
    make_items(project, 12)
    machine = from_file(project, {(0, 1): 1, (1, 0): -1})
    assert machine_row(machine).position.n_items == 0
    reports.refresh(machine=machine)
    with django_assert_max_num_queries(6):
        (row,) = machine_rows(project)
    assert (row.position.n_items, row.position.flips.value) == (12, 1.0)
    assert not row.weight.carries
    client = Client()
    client.force_login(project.created_by)
    page = client.get(reverse("machines", args=[project.slug])).content.decode()
    assert "Carries no weight" in page


def test_probabilities_of_single_orders_are_evidence() -> None:
    project = make_project(overlap=2)
    make_items(project, 12)
    for person in make_people(project, 2):
        answer_items(person, lambda number: 1 if number % 2 else -1)
    machine = from_file(project, {(0, 1): 1, (1, 0): 1})
    reports.refresh(machine=machine)
    found = trust_of(machine)
    assert found is not None and found.figures["calibration"] is not None
    # Both orders say 4 to 1 for completion 0, so the place pulls nowhere.
    assert found.position.mean_bias.value == pytest.approx(0)
    assert found.position.mean_evidence == pytest.approx(1.386, abs=0.001)
