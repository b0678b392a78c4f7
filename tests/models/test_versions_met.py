"""What a machine has answered is frozen, as what a person was given is."""

from collections.abc import Callable
from typing import Any

import pytest

from annotation import access
from annotation.models import Job, PreAnnotation, Project
from annotation.services import jobs
from annotation.services.versions import publish_guidelines, publish_questions
from models_service.selectors.wanted import Selection
from models_service.services import runs
from tests.models.judges import answer_all, make_judge

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = [{"name": "better", "type": "comparison", "title": "Better?", "strength": 1}]
TOLD: dict[str, Any] = {"parameters": {"max_tokens": 200, "tell_guidelines": True}}


@pytest.fixture
def project(make_pool: Callable[..., Project]) -> Project:
    """A pool that no person has looked at."""
    project = make_pool(2)
    project.memberships.create(user=project.created_by, role="owner")
    publish_guidelines(project=project, user=project.created_by, text="Read.")
    return project


def ask_for(project: Project, **fields: Any) -> Job:
    """Return a run of a judge that waits."""
    seat = access.seat(project.created_by, project.slug)
    return runs.request_run(
        seat=seat, machine=make_judge(project, **fields), selection=Selection()
    )


def is_new(project: Project, what: str) -> bool:
    """Publish other questions or guidelines; tell whether that made a version."""
    user = project.created_by
    if what == "questions":
        return publish_questions(project=project, user=user, questions=OTHER).is_new
    return publish_guidelines(project=project, user=user, text="Read all.").is_new


def test_questions_under_stored_verdicts_are_frozen(project: Project) -> None:
    asked = project.current_questions()
    assert asked is not None
    before = asked.questions
    answer_all(make_judge(project))
    assert is_new(project, "questions")
    stored = PreAnnotation.objects.select_related("questions_version")
    assert {one.questions_version.number for one in stored} == {1}
    assert [one.questions_version.questions for one in stored] == [before] * 2


def test_guidelines_under_stored_verdicts_are_frozen(project: Project) -> None:
    answer_all(make_judge(project, **TOLD))
    assert is_new(project, "guidelines")
    assert project.guidelines_versions.get(number=1).text == "Read.\n"
    # Nobody was told the second ones yet.
    published = publish_guidelines(
        project=project, user=project.created_by, text="Read it all."
    )
    assert (published.number, published.is_new) == (2, False)


@pytest.mark.parametrize("what", ["questions", "guidelines"])
@pytest.mark.parametrize("is_paused", [False, True])
def test_a_run_that_has_not_ended_goes_on_with_what_it_began_with(
    project: Project, what: str, is_paused: bool
) -> None:
    job = ask_for(project, **TOLD)
    if is_paused:
        jobs.pause_job(job=job)
    assert is_new(project, what)


@pytest.mark.parametrize("what", ["questions", "guidelines"])
def test_a_run_that_was_cancelled_before_it_asked_freezes_nothing(
    project: Project, what: str
) -> None:
    jobs.cancel_job(job=ask_for(project, **TOLD))
    assert not is_new(project, what)


def test_guidelines_that_no_machine_is_told_are_edited_in_place(
    project: Project,
) -> None:
    answer_all(make_judge(project))
    assert not is_new(project, "guidelines")
