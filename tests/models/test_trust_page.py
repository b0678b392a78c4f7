"""The page on how far a machine annotator can be trusted, its files, and REST."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.models import MachineAnnotator, Participant, PreAnnotation, Project
from annotation.services.withdrawals import withdraw
from models_service.models import MachineReport
from models_service.selectors.trust import calibrated, trust_by_machine, trust_of
from models_service.services import reports
from tests.factories import make_items, make_member, make_project
from tests.models.judges import answer_all, coin, first_place, make_judge
from tests.models.people import answer_items, drawn, make_people, mostly

pytestmark = pytest.mark.django_db
N = 40
TRUTH = drawn(N, seed=3)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project(overlap=3)
    make_items(made, N)
    for seed, person in enumerate(make_people(made, 3)):
        answer_items(person, mostly(TRUTH, seed))
    return made


@pytest.fixture
def machine(project: Project) -> MachineAnnotator:
    """A judge that tosses a coin."""
    made = make_judge(project, name="Careful judge")
    answer_all(made, coin)
    return made


def client_of(project: Project, role: str = "owner") -> Client:
    client = Client()
    user = project.created_by if role == "owner" else make_member(project, role)
    client.force_login(user)
    return client


def address(name: str, machine: MachineAnnotator) -> str:
    return reverse(name, args=[machine.project.slug, machine.public_id])


def page_of(machine: MachineAnnotator, role: str = "owner") -> str:
    response = client_of(machine.project, role).get(address("machine_trust", machine))
    assert response.status_code == 200
    return response.content.decode()


def test_page_waits_for_the_worker_and_asks_again(machine: MachineAnnotator) -> None:
    page = page_of(machine)
    assert "No figures yet" in page
    assert 'hx-trigger="every 2s"' in page


def test_figures_of_an_older_formula_are_not_shown(machine: MachineAnnotator) -> None:
    reports.refresh(machine=machine)
    MachineReport.objects.update(formula=1)
    assert "No figures yet" in page_of(machine)
    reports.refresh_stale()
    assert "No figures yet" not in page_of(machine)


def test_page_tells_where_the_judge_stands(machine: MachineAnnotator) -> None:
    reports.refresh(machine=machine)
    page = page_of(machine, "researcher")
    assert "It agrees with the others less than one person does" in page
    assert "These figures rest on 40 items; below 100 they are provisional." in page
    assert "Let it answer more items that people have answered." in page
    assert "Its verdicts carry no weight" not in page
    assert 'hx-trigger="every 2s"' not in page
    for name in Participant.objects.values_list("pseudonym", flat=True):
        assert name in page
    assert "for 0 the others would agree more with the model, for 3 less" in page


def test_judge_without_weight_is_told_with_the_reason(project: Project) -> None:
    machine = make_judge(project)
    answer_all(machine, first_place)
    reports.refresh(machine=machine)
    page = page_of(machine)
    assert "Its verdicts carry no weight." in page
    assert "It contradicts itself on 100% of 40 items" in page


def test_labels_that_would_help_are_told(project: Project) -> None:
    make_items(project, 70)
    machine = make_judge(project)
    answer_all(machine, coin)
    reports.refresh(machine=machine)
    assert "Label 60 more items that it has answered." in page_of(machine)


def test_two_judges_are_held_against_each_other(
    project: Project, machine: MachineAnnotator
) -> None:
    hasty = make_judge(project, name="Hasty judge")
    answer_all(hasty, first_place)
    reports.refresh(machine=machine)
    page = page_of(machine)
    assert "Hasty judge" in page
    assert "People agree more with this one." in page


def test_who_withdraws_is_gone_at_once(machine: MachineAnnotator) -> None:
    reports.refresh(machine=machine)
    person = Participant.objects.order_by("id")[0]
    assert person.pseudonym in page_of(machine)
    withdraw(participant=person)
    assert person.pseudonym not in page_of(machine)
    trust = trust_of(machine)
    assert trust is not None


@pytest.mark.parametrize("name", ["machine_trust", "machine_trust_csv"])
def test_annotators_and_outsiders_see_nothing(
    machine: MachineAnnotator, name: str
) -> None:
    annotator = client_of(machine.project, "annotator")
    assert annotator.get(address(name, machine)).status_code == 404
    other = client_of(make_project())
    assert other.get(address(name, machine)).status_code == 404
    assert Client().get(address(name, machine)).status_code == 302


def test_machine_of_another_project_is_not_there(machine: MachineAnnotator) -> None:
    other = make_project()
    found = reverse("machine_trust", args=[other.slug, machine.public_id])
    assert client_of(other).get(found).status_code == 404


def test_button_asks_a_worker(machine: MachineAnnotator) -> None:
    client = client_of(machine.project, "researcher")
    refresh = address("machine_trust_refresh", machine)
    assert client.get(refresh).status_code == 405
    for _ in range(2):
        assert client.post(refresh).status_code == 302
    assert MachineReport.objects.get(machine=machine).requested_at is not None
    assert "A worker computes the figures." in page_of(machine)


def rows_of(machine: MachineAnnotator) -> list[dict[str, str]]:
    client = client_of(machine.project)
    text = client.get(address("machine_trust_csv", machine)).content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_figures_come_as_csv_and_json(machine: MachineAnnotator) -> None:
    client = client_of(machine.project)
    assert client.get(address("machine_trust_csv", machine)).status_code == 302
    reports.refresh(machine=machine)
    told = json.loads(client.get(address("machine_trust_json", machine)).content)
    found = {(row["part"], row["figure"]): row for row in rows_of(machine)}
    kappa = found["all", "kappa"]
    assert float(kappa["value"]) == told["kappa"]["value"]
    assert float(kappa["low"]) < float(kappa["value"]) < float(kappa["high"])
    assert found["position", "n_items"]["value"] == str(N)
    assert found["people", "gain"]["name"] in {
        one["pseudonym"] for one in told["people"]["shown"]
    }
    assert "participant" not in str(told)


def test_name_that_is_a_formula_is_none_in_the_csv(
    project: Project, machine: MachineAnnotator
) -> None:
    project.items.update(category="=1+1")
    reports.refresh(machine=machine)
    names = {row["name"] for row in rows_of(machine) if row["part"] == "tags"}
    assert names == {"category: =1+1"}


# --- REST -------------------------------------------------------------------------


def test_rest_gives_the_figures(machine: MachineAnnotator) -> None:
    client = client_of(machine.project, "researcher")
    told = client.get(address("api_machine_report", machine)).json()
    assert told["figures"] is None and told["carries_weight"] is None
    reports.refresh(machine=machine)
    told = client.get(address("api_machine_report", machine)).json()
    assert told["machine"] == str(machine.public_id)
    assert told["carries_weight"] is True and told["reasons"] == []
    assert told["figures"]["n_items"] == N
    assert len(told["figures"]["people"]["shown"]) == 3
    assert told["requested_at"] is None


def test_rest_asks_a_worker(machine: MachineAnnotator) -> None:
    client = client_of(machine.project)
    response = client.post(address("api_machine_report", machine))
    assert response.status_code == 202
    assert response.json()["requested_at"] is not None


def test_rest_is_for_managers(machine: MachineAnnotator) -> None:
    client = client_of(machine.project, "annotator")
    assert client.get(address("api_machine_report", machine)).status_code == 404
    assert client.post(address("api_machine_report", machine)).status_code == 404
    assert not MachineReport.objects.exists()


# --- for lists and for probabilities ----------------------------------------------


def test_list_of_a_project_costs_one_query(
    machine: MachineAnnotator, django_assert_num_queries: Any
) -> None:
    reports.refresh(machine=machine)
    with django_assert_num_queries(1):
        found = trust_by_machine(machine.project)
    assert found[machine.pk].n_items == N
    assert found[machine.pk].kappa.low < 1


def test_probability_is_that_of_the_calibration(machine: MachineAnnotator) -> None:
    assert calibrated(trust_of(machine), 2.0) is None, "what is raw is no probability"
    PreAnnotation.objects.filter(machine=machine).update(logit=6.0)
    reports.refresh(machine=machine)
    trust = trust_of(machine)
    ahead, behind = calibrated(trust, 6.0), calibrated(trust, -6.0)
    assert ahead is not None and behind is not None
    assert 0.4 < ahead < 0.8, "people prefer the first on about half of the items"
    assert ahead + behind == pytest.approx(1)
    assert calibrated(trust, None) is None


def test_item_shows_the_calibrated_probability(machine: MachineAnnotator) -> None:
    item = machine.project.items.order_by("number")[0]
    PreAnnotation.objects.filter(machine=machine).update(logit=6.0, probability=0.9975)
    PreAnnotation.objects.filter(machine=machine, item=item).update(
        answers={"preference": {"value": 1}}
    )
    client = client_of(machine.project)
    page = reverse("item", args=[machine.project.slug, item.public_id])
    assert "with 1.00" in client.get(page).content.decode()
    reports.refresh(machine=machine)
    p_a = calibrated(trust_of(machine), 6.0)
    assert p_a is not None
    text = client.get(page).content.decode()
    assert f"with {p_a:.2f}, calibrated" in text
    assert "with 1.00" not in text
    stored = PreAnnotation.objects.get(machine=machine, item=item)
    assert (stored.logit, stored.probability) == (6.0, 0.9975)


def test_list_and_page_of_a_machine_lead_to_it(machine: MachineAnnotator) -> None:
    client = client_of(machine.project)
    listed = reverse("machines", args=[machine.project.slug])
    one = address("machine", machine)
    trust_address = address("machine_trust", machine)
    assert "not known yet" in client.get(listed).content.decode()
    assert trust_address in client.get(one).content.decode()
    reports.refresh(machine=machine)
    trust = trust_of(machine)
    assert trust is not None
    text = client.get(listed).content.decode()
    kappa = f"{trust.kappa.value:.2f}".replace("-", "\N{MINUS SIGN}")
    assert f"kappa {kappa}" in text
    assert trust_address in text
    told = f"on {100 * trust.agreement.value:.0f}% of 40 items"
    assert told in client.get(one).content.decode()
