"""Machines are measured and taught by what people said before they saw a verdict."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import (
    Assignment,
    Exposure,
    ItemDisagreement,
    MachineAnnotator,
    Participant,
    Project,
)
from annotation.selectors.arrays import choice_table
from annotation.selectors.blind import blind_answers, n_seen
from annotation.selectors.choices import comparable, purposes_of, questions_of
from annotation.services import charts, disagreements
from annotation.services.measures import agreements
from models_service.selectors.arrays import (
    compared_questions,
    drawn_items,
    labels_of,
)
from models_service.selectors.labelled_pairs import labelled_items
from models_service.selectors.side_by_side import side_by_side
from models_service.services import reports
from tests.factories import make_items, make_project
from tests.models.judges import make_judge
from tests.models.people import answer_items, make_people
from tests.suggestions.shown import change, expose, make_policy, says_always

pytestmark = pytest.mark.django_db
N = 24


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    """A project whose machine always says A."""
    made = make_project(overlap=4)
    make_items(made, N)
    return made


@pytest.fixture
def machine(project: Project) -> MachineAnnotator:
    made = make_judge(project)
    says_always(made)
    return made


@pytest.fixture
def people(project: Project) -> list[Participant]:
    """Three who say A of the even items and B of the odd ones, and one more."""
    found = make_people(project, 4)
    for one in found[:3]:
        answer_items(one, by_themselves)
    return found


def by_themselves(number: int) -> int:
    return 1 if number % 2 == 0 else -1


def copies(number: int) -> int:
    return 1


def figures_of(machine: MachineAnnotator) -> dict[str, object]:
    told: dict[str, object] = reports.refresh(machine=machine).figures
    return told


def pairs_of(project: Project) -> list[object]:
    return [item.pairs for batch in labelled_items(project) for item in batch]


@pytest.mark.parametrize("arm", ["shown", "hedged"])
def test_who_copies_a_suggestion_changes_nothing_of_what_a_machine_is_measured_by(
    machine: MachineAnnotator, people: list[Participant], arm: str
) -> None:
    before, taught = figures_of(machine), pairs_of(machine.project)
    answer_items(people[3], copies)
    copied = figures_of(machine)
    # Without a word of what was seen, the copies would lift the agreement.
    assert copied != before
    assert pairs_of(machine.project) != taught
    expose(people[3], make_policy(machine), arm)
    after = figures_of(machine)
    assert after.pop("n_seen") == N
    before.pop("n_seen")
    assert after == before
    assert pairs_of(machine.project) == taught


def test_a_copy_raises_neither_agreement_nor_ceiling_where_it_breaks_a_tie(
    machine: MachineAnnotator,
) -> None:
    one, other, third = make_people(machine.project, 3)
    answer_items(one, copies)
    answer_items(other, lambda number: -1)
    assert figures_of(machine)["n_with_majority"] == 0
    answer_items(third, copies)
    expose(third, make_policy(machine), "shown")
    told = figures_of(machine)
    assert (told["n_with_majority"], told["n_people"]) == (0, 2)


def test_an_item_with_nothing_but_copies_is_not_labelled(
    machine: MachineAnnotator,
) -> None:
    (person,) = make_people(machine.project, 1)
    answer_items(person, copies)
    expose(person, make_policy(machine), "shown")
    told = figures_of(machine)
    assert (told["n_labelled"], told["n_answers"], told["n_people"]) == (0, 0, 0)
    assert not any(pairs_of(machine.project))


def test_blind_arms_and_hidden_verdicts_count(
    machine: MachineAnnotator, people: list[Participant]
) -> None:
    answer_items(people[3], by_themselves)
    before, taught = figures_of(machine), pairs_of(machine.project)
    expose(people[3], make_policy(machine), "blind")
    expose(people[2], make_policy(machine), "revealed")
    # Of one of these the verdict has not been revealed yet.
    Exposure.objects.filter(
        assignment__participant=people[2], assignment__item__number=1
    ).update(visible_at=None, first_answer=None)
    assert figures_of(machine) == before
    assert pairs_of(machine.project) == taught
    assert n_seen(machine.project) == 0


def test_of_an_answer_changed_after_a_reveal_the_first_one_counts(
    machine: MachineAnnotator, people: list[Participant]
) -> None:
    before, taught = figures_of(machine), pairs_of(machine.project)
    for one in expose(people[0], make_policy(machine), "revealed"):
        change(one, 1)
    assert figures_of(machine) == before
    assert pairs_of(machine.project) == taught
    assert n_seen(machine.project) == N


def test_two_machines_are_held_against_blind_answers(
    machine: MachineAnnotator, people: list[Participant]
) -> None:
    other = make_judge(machine.project, name="other")
    says_always(other, -1)
    before = side_by_side(machine, other).figures
    answer_items(people[3], copies)
    for person in people[:2]:
        for one in expose(person, make_policy(machine), "revealed"):
            change(one, 1)
    expose(people[3], make_policy(machine), "shown")
    assert side_by_side(machine, other).figures == before


def test_agreement_between_people_is_that_of_their_blind_answers(
    machine: MachineAnnotator, people: list[Participant]
) -> None:
    project = machine.project
    policy = make_policy(machine)
    answer_items(people[3], copies)
    expose(people[3], policy, "shown")
    for one in expose(people[0], policy, "revealed"):
        change(one, 1)
    (told,) = agreements(project, questions_of(project))
    assert (told["share"], told["n_raters"], told["n_seen"]) == (1, 3, N + N)
    disagreements.refresh(project=project)
    assert not ItemDisagreement.objects.filter(project=project).exists()


def test_pages_say_how_many_answers_were_left_out(
    machine: MachineAnnotator, people: list[Participant], client: Client
) -> None:
    project = machine.project
    answer_items(people[3], copies)
    client.force_login(project.created_by)
    sentence = "answers given with"
    pages = [
        reverse("disagreements", args=[project.slug]),
        reverse("machine_trust", args=[project.slug, machine.public_id]),
    ]
    reports.refresh(machine=machine)
    charts.refresh(project=project)
    for page in pages:
        assert sentence not in client.get(page).content.decode()
    expose(people[3], make_policy(machine), "shown")
    reports.refresh(machine=machine)
    charts.refresh(project=project)
    for page in pages:
        assert f"{N} {sentence}" in client.get(page).content.decode()


def test_page_of_disagreements_does_not_read_what_was_shown(
    machine: MachineAnnotator, people: list[Participant], client: Client
) -> None:
    project = machine.project
    expose(people[2], make_policy(machine), "shown")
    charts.refresh(project=project)
    client.force_login(project.created_by)
    with CaptureQueriesContext(connection) as seen:
        page = client.get(reverse("disagreements", args=[project.slug]))
    assert f"{N} answers given with" in page.content.decode()
    assert not any("exposure" in one["sql"] for one in seen)


def test_asking_which_answers_are_blind_costs_one_query(
    machine: MachineAnnotator,
    people: list[Participant],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    project = machine.project
    with django_assert_num_queries(1):
        assert n_seen(project) == 0
    asked = questions_of(project)
    with django_assert_num_queries(1):
        choice_table(
            project, comparable(asked, dict.fromkeys(asked, "project")), "main"
        )
    assert set(purposes_of(project).values()) == {"project"}
    questions = compared_questions(project)
    drawn = drawn_items(machine, questions, is_labelled=True)
    with django_assert_num_queries(1):
        labels_of(drawn, questions)


def test_a_blind_answer_stands_in_for_the_one_that_holds(
    machine: MachineAnnotator, people: list[Participant]
) -> None:
    project, policy = machine.project, make_policy(machine)
    first = expose(people[0], policy, "revealed")[0]
    now = change(first, 1)
    expose(people[1], policy, "shown")
    item = first.assignment.item
    found = blind_answers(project, [str(item.public_id)])
    shown = Assignment.objects.get(item=item, participant=people[1]).annotation
    assert shown is not None
    assert found == {
        str(now.public_id): '{"preference": {"value": -1}}',
        str(shown.public_id): None,
    }
