"""Runs over labelled items take those that people have answered blind."""

import pytest
from django.core.cache import cache

from annotation.models import Exposure, MachineAnnotator, Participant, Project
from models_service.selectors.wanted import Selection, Which, count_wanted
from tests.factories import make_items, make_project
from tests.models.judges import make_judge
from tests.models.people import answer_items, make_people
from tests.suggestions.shown import expose, make_policy, says_always

pytestmark = pytest.mark.django_db
N = 8


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project(overlap=4)
    make_items(made, N)
    return made


@pytest.fixture
def shown(project: Project) -> MachineAnnotator:
    """The machine whose verdicts people see."""
    made = make_judge(project)
    says_always(made)
    return made


@pytest.fixture
def person(project: Project) -> Participant:
    """Somebody who has answered six of the items."""
    (found,) = make_people(project, 1)
    answer_items(found, lambda number: 1 if number <= 6 else None)
    return found


def wanted(project: Project, which: Which) -> int:
    machine = project.machine_annotators.filter(name="fresh").first()
    questions = project.current_questions()
    assert questions is not None
    asked = machine or make_judge(project, name="fresh")
    return count_wanted(asked, questions, Selection(which=which))


def test_without_suggestions_every_answer_labels(
    project: Project, person: Participant
) -> None:
    assert (wanted(project, "labelled"), wanted(project, "unlabelled")) == (6, 2)


def test_items_with_nothing_but_shown_answers_are_not_labelled(
    project: Project, shown: MachineAnnotator, person: Participant
) -> None:
    seen = expose(person, make_policy(shown), "shown")
    Exposure.objects.filter(pk__in=[one.pk for one in seen[:2]]).update(
        arm="blind", visible_at=None
    )
    assert (wanted(project, "labelled"), wanted(project, "unlabelled")) == (2, 6)
    assert wanted(project, "all") == N


def test_a_first_answer_before_the_reveal_labels(
    project: Project, shown: MachineAnnotator, person: Participant
) -> None:
    expose(person, make_policy(shown), "revealed")
    assert wanted(project, "labelled") == 6


def test_one_blind_answer_beside_shown_ones_labels(
    project: Project, shown: MachineAnnotator, person: Participant
) -> None:
    (other,) = make_people(project, 1)
    answer_items(other, lambda number: -1 if number == 1 else None)
    expose(person, make_policy(shown), "shown")
    assert wanted(project, "labelled") == 1
