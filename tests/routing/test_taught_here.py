"""What learned from labels of the project is neither the AI of a policy nor a judge."""

import pytest

from annotation.errors import InvalidError
from annotation.models import MachineAnnotator, Project
from routing.selectors.page import offers
from routing.services.policies import other_judges, set_policy
from tests.routing.conftest import draft_of, make_machine, says_always
from tests.routing.test_page import page_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def taught(pool: Project, machine: MachineAnnotator) -> list[MachineAnnotator]:
    """Return a reward model of the project, and a jury weighted by its labels."""
    head = make_machine(pool, "reward model", says_always)
    jury = make_machine(pool, "jury", says_always)
    MachineAnnotator.objects.filter(pk=head.pk).update(backend="head")
    members = [{"id": str(machine.public_id), "weight": 1.0, "is_calibrated": True}]
    MachineAnnotator.objects.filter(pk=jury.pk).update(
        backend="jury", parameters={"members": members}
    )
    return list(MachineAnnotator.objects.filter(pk__in=[head.pk, jury.pk]))


def test_they_are_left_out_and_the_page_says_why(
    machine: MachineAnnotator, taught: list[MachineAnnotator]
) -> None:
    judge = make_machine(machine.project, "judge", says_always)
    assert other_judges(machine.project, machine) == [judge]
    assert {one.machine for one in offers(machine.project)} == {machine, judge}
    page = page_of(machine.project)
    assert "Not to choose from" in page
    assert "jury, reward model" in page


def test_they_are_refused_with_a_sentence(
    machine: MachineAnnotator, taught: list[MachineAnnotator]
) -> None:
    project = machine.project
    for given in ({"machine": taught[0]}, {"machine": machine, "judges": taught}):
        with pytest.raises(InvalidError) as refused:
            draft = draft_of(**given)
            set_policy(project=project, by=project.created_by, draft=draft)
        (problem,) = refused.value.problems
        assert "learned from labels of this project" in problem.message


def test_a_jury_that_heard_no_labels_may_be_a_judge(
    machine: MachineAnnotator, taught: list[MachineAnnotator]
) -> None:
    jury = next(one for one in taught if one.name == "jury")
    members = [{"id": str(machine.public_id), "weight": 1.0, "is_calibrated": False}]
    MachineAnnotator.objects.filter(pk=jury.pk).update(parameters={"members": members})
    assert other_judges(machine.project, machine) == [jury]
