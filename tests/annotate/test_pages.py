"""The annotator's pages: who may open them, and what they lend and tell."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Annotation, Assignment, Participant, Project
from annotation.services import assignments, submissions
from tests.factories import (
    make_items,
    make_participant,
    make_project,
    make_user,
)

pytestmark = pytest.mark.django_db
GOOD = {"preference": {"value": 2}}
PAGES = ("annotate/", "annotate/desk/", "history/")


@pytest.fixture
def project() -> Project:
    """A project of three items."""
    project = make_project()
    make_items(project, 3)
    return project


@pytest.fixture
def participant(project: Project) -> Participant:
    """A person who is ready to annotate."""
    return make_participant(project)


@pytest.fixture
def annotator(client: Client, participant: Participant) -> Client:
    """The browser of that person."""
    client.force_login(user_of(participant), backend=BACKEND)
    return client


BACKEND = "django.contrib.auth.backends.ModelBackend"


def user_of(participant: Participant) -> User:
    """Return the log-in of a participant."""
    assert participant.user is not None
    return participant.user


def submit(participant: Participant, project: Project) -> Assignment:
    """Claim an item and answer it."""
    claimed = assignments.claim_next(participant=participant, project=project)
    assert claimed is not None
    submissions.submit(assignment=claimed, submission_id=uuid4(), answers=GOOD)
    claimed.refresh_from_db()
    return claimed


def test_annotate_page_lends_one_item(annotator: Client, project: Project) -> None:
    url = f"/p/{project.slug}/annotate/"
    assert annotator.get(url).status_code == 200
    assert annotator.get(url).status_code == 200
    assert Assignment.objects.values_list("state", flat=True).get() == "open"


@pytest.mark.parametrize("page", PAGES)
def test_outsider_cannot_tell_that_the_project_exists(
    client: Client, project: Project, page: str
) -> None:
    client.force_login(make_user(), backend=BACKEND)
    assert client.get(f"/p/{project.slug}/{page}").status_code == 404
    assert client.get(f"/p/no-such-project/{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_visitor_is_sent_to_the_log_in(
    client: Client, project: Project, page: str
) -> None:
    response = client.get(f"/p/{project.slug}/{page}")
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_only_read(annotator: Client, project: Project, page: str) -> None:
    assert annotator.post(f"/p/{project.slug}/{page}").status_code == 405


def test_pages_are_never_cached(annotator: Client, project: Project) -> None:
    response = annotator.get(f"/p/{project.slug}/annotate/")
    assert "no-store" in response["Cache-Control"]


def test_person_without_consent_gets_no_item(
    annotator: Client, participant: Participant, project: Project
) -> None:
    Participant.objects.filter(pk=participant.pk).update(is_ready=False)
    response = annotator.get(f"/p/{project.slug}/annotate/")
    assert response["Location"] == f"/p/{project.slug}/start/"
    assert annotator.get(f"/p/{project.slug}/annotate/desk/").status_code == 403
    assert not Assignment.objects.exists()


def test_desk_ahead_is_queued_and_then_none_is_left(
    annotator: Client, project: Project
) -> None:
    url = f"/p/{project.slug}/annotate/desk/"
    annotator.get(url)
    ahead = annotator.get(url, {"ahead": "1"})
    assert b"<html" not in ahead.content
    assert b'<main class="desk' in ahead.content
    states = sorted(Assignment.objects.values_list("state", flat=True))
    assert states == ["open", "queued"]


def test_nothing_ahead_is_204(annotator: Client, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(is_paused=True)
    url = f"/p/{project.slug}/annotate/desk/?ahead=1"
    assert annotator.get(url).status_code == 204


def test_desk_of_another_person_cannot_be_opened(
    annotator: Client, project: Project
) -> None:
    theirs = submit(make_participant(project), project)
    url = f"/p/{project.slug}/annotate/"
    for page in ("desk/", "differences/"):
        for of in (str(theirs.public_id), str(uuid4()), "no-uuid"):
            assert annotator.get(f"{url}{page}", {"of": of}).status_code == 404
    history = f"/p/{project.slug}/history/{theirs.public_id}/"
    assert annotator.get(history).status_code == 404
    assert annotator.post(f"{history}take-back/").status_code == 404


def test_own_assignment_is_not_shown_under_another_project(
    annotator: Client, participant: Participant, project: Project
) -> None:
    other = make_project()
    make_participant(other, user_of(participant))
    own = submit(participant, project)
    url = f"/p/{other.slug}/history/{own.public_id}/"
    assert annotator.get(url).status_code == 404


def test_differences_cut_both_texts_in_presented_order(
    annotator: Client, participant: Participant, project: Project
) -> None:
    claimed = assignments.claim_next(participant=participant, project=project)
    assert claimed is not None
    url = f"/p/{project.slug}/annotate/differences/"
    texts = annotator.get(url, {"of": str(claimed.public_id)}).json()["texts"]
    marked = ["".join(text for text, is_marked in one if is_marked) for one in texts]
    assert marked == [str(index) for index in claimed.order or []]


def test_history_lists_own_answers_newest_first(
    annotator: Client, participant: Participant, project: Project
) -> None:
    first, second = submit(participant, project), submit(participant, project)
    submit(make_participant(project), project)
    page = annotator.get(f"/p/{project.slug}/history/").content.decode()
    assert 0 < page.index(str(second.public_id)) < page.index(str(first.public_id))
    assert page.count("A is better") == 2


def test_history_page_number_may_be_anything(
    annotator: Client, participant: Participant, project: Project
) -> None:
    submit(participant, project)
    for number in ("0", "99", "-1", "x", "9" * 30):
        response = annotator.get(f"/p/{project.slug}/history/", {"page": number})
        assert response.status_code == 200


def test_history_item_shows_the_answer_without_model_names(
    annotator: Client, participant: Participant, project: Project
) -> None:
    own = submit(participant, project)
    response = annotator.get(f"/p/{project.slug}/history/{own.public_id}/")
    page = response.content.decode()
    assert "A is better" in page
    assert "model-" not in page


def test_answer_is_taken_back_from_the_history_once(
    annotator: Client, participant: Participant, project: Project
) -> None:
    own = submit(participant, project)
    url = f"/p/{project.slug}/history/{own.public_id}/take-back/"
    assert annotator.get(url).status_code == 405
    assert annotator.post(url)["Location"] == f"/p/{project.slug}/annotate/"
    own.refresh_from_db()
    assert own.state == "open"
    assert annotator.post(url).status_code == 409
    assert Annotation.objects.filter(is_retraction=True).count() == 1
    assert annotator.get(url.removesuffix("take-back/")).status_code == 404


def test_late_take_back_is_refused(
    annotator: Client, participant: Participant, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(grace_s=0)
    own = submit(participant, project)
    page = annotator.get(f"/p/{project.slug}/history/").content.decode()
    assert "take-back" not in page
    url = f"/p/{project.slug}/history/{own.public_id}/take-back/"
    assert annotator.post(url).status_code == 409
