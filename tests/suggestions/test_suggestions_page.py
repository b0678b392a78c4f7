"""Owners set what people see, managers read what it does; annotators learn nothing."""

from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from annotation.models import (
    Assignment,
    Exposure,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    SuggestionPolicy,
)
from annotation.services.suggestions import set_policy
from models_service.models import AnchoringReport, MachineReport
from models_service.selectors.exposures import read_exposures
from models_service.services import anchoring, reports
from models_service.tasks import compute_anchoring, refresh_reports
from tests.factories import make_items, make_member, make_project
from tests.models.judges import answer_all, coin, make_judge
from tests.models.people import answer_items, make_people
from tests.suggestions.shown import (
    change,
    expose,
    make_policy,
    policies_of,
    says_always,
)

pytestmark = pytest.mark.django_db
N = 40


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project(overlap=9)
    make_items(made, N)
    return made


@pytest.fixture
def machine(project: Project) -> MachineAnnotator:
    """A judge that always says A."""
    made = make_judge(project, name="Careful judge")
    says_always(made)
    return made


@pytest.fixture
def answered(machine: MachineAnnotator) -> list[Participant]:
    """Eight people: each blind on half of the items, and shown the other half.

    Blind they say A of half of the items; of those that are shown, of nine in ten.
    """
    policy = make_policy(machine)
    people = make_people(machine.project, 8)
    for number, person in enumerate(people):
        answer_items(person, lambda item, k=number: _answer(item, k))  # type: ignore[misc] # bound to each person
        expose(person, policy, "shown")
        ids = [
            one.pk
            for one in Exposure.objects.filter(
                assignment__participant=person
            ).select_related("assignment__item")
            if not _is_shown(one.assignment.item.number, number)
        ]
        Exposure.objects.filter(pk__in=ids).update(arm="blind", visible_at=None)
    return people


def _is_shown(item: int, person: int) -> bool:
    return (item + person) % 2 == 0


def _answer(item: int, person: int) -> int:
    draw = np.random.default_rng([item, person]).random()
    return 1 if draw < (0.9 if _is_shown(item, person) else 0.5) else -1


def client_of(project: Project, role: str = "owner") -> Client:
    client = Client()
    user = project.created_by if role == "owner" else make_member(project, role)
    client.force_login(user)
    return client


def where(project: Project) -> str:
    return reverse("suggestions", args=[project.slug])


def page_of(project: Project, role: str = "owner") -> str:
    response = client_of(project, role).get(where(project))
    assert response.status_code == 200
    return response.content.decode()


def sent(machine: MachineAnnotator | None, **more: Any) -> dict[str, Any]:
    chosen = str(machine.public_id) if machine else ""
    return {
        "machine": chosen,
        "when": "random",
        "arm_blind": 50,
        "arm_shown": 50,
    } | more


# --- the policy ---


def test_owner_sets_a_policy_and_ends_it(machine: MachineAnnotator) -> None:
    project, client = machine.project, client_of(machine.project)
    response = client.post(where(project), sent(machine, has_reason="on"), follow=True)
    assert "This is policy 1." in response.content.decode()
    (policy,) = policies_of(project)
    assert policy.arms == {"blind": 50, "shown": 50}
    assert (policy.has_reason, policy.temperature) == (True, None)
    page = page_of(project)
    assert "Policy 1 is in force" in page
    assert "Blind 50%, Shown 50%" in page
    response = client.post(where(project), sent(None), follow=True)
    assert "Nobody sees what an AI said any more." in response.content.decode()
    project.refresh_from_db()
    assert project.suggestion_policy is None
    page = page_of(project, "researcher")
    assert "Nobody sees anything" in page
    assert project.created_by.username in page


def test_the_same_policy_again_changes_nothing(machine: MachineAnnotator) -> None:
    client = client_of(machine.project)
    for _time in range(2):
        response = client.post(where(machine.project), sent(machine), follow=True)
    assert "Nothing has changed." in response.content.decode()
    assert len(policies_of(machine.project)) == 1


@pytest.mark.parametrize("arm", ["revealed", "hedged", "shown"])
def test_one_arm_for_everybody(machine: MachineAnnotator, arm: str) -> None:
    client_of(machine.project).post(where(machine.project), sent(machine, when=arm))
    (policy,) = policies_of(machine.project)
    assert policy.arms == {arm: 1}
    assert f'value="{arm}" id=' in page_of(machine.project).replace(
        " required", ""
    ).replace(" checked", "")


def test_faults_stand_at_their_field_and_nothing_is_saved(
    machine: MachineAnnotator,
) -> None:
    project, client = machine.project, client_of(machine.project)
    nothing = {"arm_blind": 0, "arm_shown": 0}
    response = client.post(where(project), sent(machine, **nothing))
    assert response.status_code == 422
    assert "Give at least one arm a weight" in response.content.decode()
    response = client.post(where(project), sent(machine, arm_shown=1000))
    assert response.status_code == 422
    response = client.post(where(project), {"when": "shown"})
    assert response.status_code == 422
    assert "This is still empty." in response.content.decode()
    MachineAnnotator.objects.update(archived_at=project.created_at)
    assert client.post(where(project), sent(machine)).status_code == 422
    assert not policies_of(project)


def test_suggestions_for_all_are_refused_beside_silent_checks(
    machine: MachineAnnotator,
) -> None:
    project = machine.project
    project.check_rules = {"attention_every": 5}
    project.save(update_fields=["check_rules"])
    response = client_of(project).post(where(project), sent(machine, when="shown"))
    assert response.status_code == 422
    assert "would stand out" in response.content.decode()


def test_calibration_of_the_machine_goes_into_its_policy(project: Project) -> None:
    machine = make_judge(project)
    answer_all(machine, coin)
    rng = np.random.default_rng(4)
    PreAnnotation.objects.filter(machine=machine).update(logit=None)
    judged = PreAnnotation.objects.filter(machine=machine, order=[])
    for one in judged.order_by("item__number"):
        one.logit = float(3 * rng.normal())
        one.save(update_fields=["logit"])
    for person in make_people(project, 2):
        answer_items(person, lambda item: 1 if item % 3 else -1)
    assert anchoring.temperature_of(machine) is None
    reports.refresh(machine=machine)
    client_of(project).post(where(project), sent(machine))
    (policy,) = policies_of(project)
    stored = MachineReport.objects.get(machine=machine).figures["calibration"]
    assert stored["calibrator"]["method"] == "temperature"
    assert policy.temperature == stored["calibrator"]["value"]


def test_machines_come_with_what_is_known_of_them(machine: MachineAnnotator) -> None:
    assert "how far it agrees with people is not known yet" in page_of(machine.project)
    for person in make_people(machine.project, 2):
        answer_items(person, lambda item: 1)
    reports.refresh(machine=machine)
    assert "says what most people say on 100% of 40 items" in page_of(machine.project)


def test_a_project_without_a_machine_says_how_to_come_by_one(project: Project) -> None:
    page = page_of(project)
    assert "There is no AI annotator whose verdicts could be shown." in page
    assert "People see nothing of what an AI said" in page


def test_machines_and_their_pages_lead_here(machine: MachineAnnotator) -> None:
    client = client_of(machine.project)
    keys = [machine.project.slug, machine.public_id]
    pages = [
        reverse("machines", args=keys[:1]),
        reverse("machine", args=keys),
    ]
    for page in pages:
        assert f'href="{where(machine.project)}"' in client.get(page).content.decode()


# --- the report ---


def test_effect_is_told_in_one_sentence(answered: list[Participant]) -> None:
    project = answered[0].project
    report = anchoring.refresh(project=project)
    effect = report.figures["effects"][0]
    assert effect["value"]["value"] == pytest.approx(0.4, abs=0.1)
    assert (effect["n"], effect["n_than"]) == (4 * N, 4 * N)
    points = round(100 * effect["value"]["value"])
    low = round(100 * effect["value"]["low"])
    page = page_of(project, "researcher")
    said = f"People who saw the suggestion agreed with it {points} points more often ["
    assert f"{said}{low}, " in page
    assert "no interval below" not in page
    assert "Median time" in page


def test_page_without_blind_answers_says_so(
    machine: MachineAnnotator,
) -> None:
    policy = make_policy(machine, {"shown": 1})
    assert "No answers yet" in page_of(machine.project)
    for person in make_people(machine.project, 7):
        answer_items(person, lambda item: 1)
        expose(person, policy, "shown", share=1)
    anchoring.refresh(project=machine.project)
    page = page_of(machine.project)
    assert "No answers in the blind share yet: nothing to compare with." in page


def test_the_effect_is_that_of_one_machine_which_the_page_names(
    answered: list[Participant],
) -> None:
    project = answered[0].project
    before = anchoring.refresh(project=project).figures
    later = make_judge(project, name="Later judge")
    says_always(later, -1)
    policy = make_policy(later)
    told = anchoring.refresh(project=project).figures
    assert (told["n"], told["n_other_machines"]) == (0, before["n"])
    page = page_of(project)
    assert "No answers yet" in page and "Later judge</a>, version 1." in page
    assert f"{before['n']} answers beside verdicts of other AI annotators" in page
    for number, person in enumerate(make_people(project, 8)):
        answer_items(person, lambda item: 1 if item % 2 else -1)
        expose(person, policy, "blind" if number % 2 else "shown")
    told = anchoring.refresh(project=project).figures
    assert told["machine"]["id"] == str(later.public_id)
    assert (told["n"], told["n_people"]) == (8 * N, 8)
    assert told["effects"][0]["value"]["value"] == pytest.approx(0)
    assert f"{before['n']} answers beside verdicts" in page_of(project)
    set_policy(project=project, by=project.created_by, machine=None, arms={})
    assert anchoring.refresh(project=project).figures["machine"] == told["machine"]


def test_first_answers_before_a_reveal_are_no_blind_share(
    machine: MachineAnnotator,
) -> None:
    policy = make_policy(machine, {"revealed": 1, "shown": 1})
    for number, person in enumerate(make_people(machine.project, 4)):
        answer_items(person, lambda item: 1)
        expose(person, policy, "revealed" if number % 2 else "shown")
    anchoring.refresh(project=machine.project)
    page = page_of(machine.project)
    assert "No answers in the blind share yet" in page
    assert "No blind answers" not in page


def test_a_hedge_is_told_to_differ_in_more_than_the_hedge(
    machine: MachineAnnotator,
) -> None:
    policy = make_policy(machine, {"shown": 1, "hedged": 1})
    one, other = make_people(machine.project, 2)
    sentence = "The difference of the two is that of both together."
    for person, arm in ((one, "shown"), (other, "hedged")):
        answer_items(person, lambda item: 1)
        expose(person, policy, arm)
        anchoring.refresh(project=machine.project)
        assert (sentence in page_of(machine.project)) == (arm == "hedged")


def test_skips_are_counted_for_each_arm(answered: list[Participant]) -> None:
    project = answered[0].project
    shown = Exposure.objects.filter(assignment__participant=answered[0], arm="shown")
    Assignment.objects.filter(exposure__in=list(shown[:3])).update(
        state="skipped", annotation=None
    )
    told = anchoring.refresh(project=project).figures
    assert told["skips"] == {"blind": 0, "revealed": 0, "hedged": 0, "shown": 3}
    assert '<td class="num" data-label="Skipped">3</td>' in page_of(project)


def test_page_says_where_nothing_can_be_told(machine: MachineAnnotator) -> None:
    policy = make_policy(machine)
    people = make_people(machine.project, 8)
    for number, person in enumerate(people):
        answer_items(person, lambda item: 1 if item % 2 else -1)
        expose(person, policy, "blind" if number % 2 else "shown")
    anchoring.refresh(project=machine.project)
    assert "Not distinguishable from no effect: 0 points [" in page_of(machine.project)


def test_few_people_are_told_without_an_interval(machine: MachineAnnotator) -> None:
    policy = make_policy(machine)
    for arm in ("blind", "shown"):
        (person,) = make_people(machine.project, 1)
        answer_items(person, lambda item: 1)
        expose(person, policy, arm)
    anchoring.refresh(project=machine.project)
    page = page_of(machine.project)
    assert "0 points so far, of 2 people; from 6 people on" in page
    assert "There is no interval below 6 people." in page


def test_what_changed_after_a_reveal_is_told(machine: MachineAnnotator) -> None:
    policy = make_policy(machine, {"revealed": 1})
    for person in make_people(machine.project, 6):
        answer_items(person, lambda item: 1 if item % 2 else -1)
        shown = expose(person, policy, "revealed", share=1)
        change(shown[1], 1)
        change(shown[0], 3)
    anchoring.refresh(project=machine.project)
    told = AnchoringReport.objects.get().figures
    n = 6 * N
    assert told["arms"][1]["agreement"]["value"] == pytest.approx(0.5)
    assert told["changes"]["changed"]["value"] == pytest.approx(12 / n)
    assert told["changes"]["towards"]["value"] == pytest.approx(6 / n)
    assert told["changes"]["away"]["value"] == 0
    said = "Of 240 answers, 5% were changed after the reveal: 2% came to what the AI"
    assert said in page_of(machine.project)


def test_over_reliance_is_held_against_blind_answers_of_others(
    answered: list[Participant],
) -> None:
    project = answered[0].project
    found = read_exposures(project).exposures
    # Always A: with the others where three of four of them say so blind.
    assert set(np.unique(found.with_others[~np.isnan(found.with_others)])) == {0, 1}
    told = anchoring.refresh(project=project).figures
    against = told["when_against"][0]
    assert against["n"] >= 20
    assert against["value"]["value"] > 0.2
    assert "Where most of the others say something else" in page_of(project)


def test_who_has_left_and_what_was_taken_back_is_not_counted(
    answered: list[Participant],
) -> None:
    project = answered[0].project
    before = anchoring.refresh(project=project).figures
    for state in ("withdrawn", "open"):
        one = Exposure.objects.filter(
            assignment__participant=answered[0], assignment__state="submitted"
        )[0].assignment
        one.state = state
        one.save(update_fields=["state"])
    assert anchoring.refresh(project=project).figures["n"] == before["n"] - 2


# --- the worker ---


def test_beat_computes_what_has_changed_and_nothing_else(
    answered: list[Participant], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    project = answered[0].project
    make_project()
    refresh_reports()
    (report,) = AnchoringReport.objects.all()
    assert report.project == project
    AnchoringReport.objects.update(cost_s=0)
    # The reports, the projects with a policy, and its mark.
    with django_assert_num_queries(5):
        anchoring.refresh_stale()
    answer_items(make_people(project, 1)[0], lambda item: 1)
    anchoring.refresh_stale()
    report.refresh_from_db()
    assert report.mark == anchoring._mark(project)


def test_page_and_worker_ask_and_answer(answered: list[Participant]) -> None:
    project = answered[0].project
    assert 'hx-trigger="every 2s"' in page_of(project)
    client = client_of(project, "researcher")
    refresh = reverse("suggestions_refresh", args=[project.slug])
    assert client.post(refresh).status_code == 302
    assert AnchoringReport.objects.get().requested_at is not None
    compute_anchoring(project.pk)
    assert AnchoringReport.objects.get().requested_at is None
    assert 'hx-trigger="every 2s"' not in page_of(project)
    assert client.get(refresh).status_code == 405
    compute_anchoring(0)


def test_reading_takes_six_queries(
    answered: list[Participant], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(6):
        read_exposures(answered[0].project)


# --- who may ---


def test_only_managers_see_the_page_and_only_owners_change_it(
    machine: MachineAnnotator,
) -> None:
    project = machine.project
    page = page_of(project, "researcher")
    assert "An owner of the project can change this." in page
    assert "Save the policy" not in page
    researcher, annotator = (
        client_of(project, "researcher"),
        client_of(project, "annotator"),
    )
    assert researcher.post(where(project), sent(machine)).status_code == 404
    assert annotator.get(where(project)).status_code == 404
    assert annotator.post(where(project), sent(machine)).status_code == 404
    refresh = reverse("suggestions_refresh", args=[project.slug])
    assert annotator.post(refresh).status_code == 404
    assert not policies_of(project)
    assert Client().get(where(project)).status_code == 302


def test_names_are_written_as_text(project: Project) -> None:
    name = "<b>judge</b>"
    machine = make_judge(project, name=name)
    set_policy(
        project=project,
        by=project.created_by,
        machine=machine,
        arms={"blind": 1, "shown": 1},
    )
    page = page_of(project)
    assert name not in page
    assert escape(name) in page
    assert SuggestionPolicy.objects.count() == 1
