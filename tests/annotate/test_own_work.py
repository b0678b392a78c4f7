"""How much is left for a person, why nothing is, and with how many queries."""

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from annotation.models import Participant, Project
from annotation.selectors.own_work import history, n_left_for, why_empty
from annotation.services import assignments, submissions
from tests.factories import make_items, make_participant, make_project

pytestmark = pytest.mark.django_db


def take(participant: Participant, project: Project, *, is_answered: bool) -> None:
    """Claim an item, and answer it or keep it."""
    claimed = assignments.claim_next(participant=participant, project=project)
    assert claimed is not None
    if is_answered:
        submissions.submit(
            assignment=claimed,
            submission_id=uuid4(),
            answers={"preference": {"value": 0}},
        )


def test_what_is_left_counts_own_items_once() -> None:
    project = make_project(overlap=2)
    make_items(project, 5)
    person = make_participant(project)
    assert n_left_for(person, project) == 5
    take(person, project, is_answered=True)
    assert n_left_for(person, project) == 4
    take(person, project, is_answered=False)
    assert n_left_for(person, project) == 4
    assignments.claim_ahead(participant=person, project=project)
    assert n_left_for(person, project) == 4


@pytest.mark.parametrize("overlap", [1, 2])
def test_reason_for_an_empty_desk_is_told(overlap: int) -> None:
    project = make_project(overlap=overlap)
    person, other = make_participant(project), make_participant(project)
    assert why_empty(person, project).reason == "no_items"
    make_items(project, 1)
    take(other, project, is_answered=False)
    if overlap == 1:
        assert why_empty(person, project).reason == "waiting"
        take(other, project, is_answered=True)
    else:
        take(person, project, is_answered=True)
        assert why_empty(person, project).reason == "yours_done"
        take(other, project, is_answered=True)
    assert why_empty(person, project).reason == "all_done"
    project.is_paused = True
    assert why_empty(person, project).reason == "paused"


def test_history_costs_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    project = make_project()
    make_items(project, 4)
    person = make_participant(project)
    for _ in range(4):
        take(person, project, is_answered=True)
    with django_assert_num_queries(2):
        page = history(person, project, 1)
    assert [answer.words for answer in page.answers] == ["Tie"] * 4


def test_reasons_and_numbers_cost_one_query_each(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    project = make_project()
    person = make_participant(project)
    with django_assert_num_queries(1):
        why_empty(person, project)
    with django_assert_num_queries(1):
        n_left_for(person, project)
