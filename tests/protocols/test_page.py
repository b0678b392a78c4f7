"""The owner's page of a second protocol."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Event, Project, QuestionsVersion
from annotation.services import versions
from annotation.services.protocols import second_questions
from tests.factories import make_member, make_project
from tests.people.test_form_pages import send
from tests.people.test_form_pages import stored as in_force
from tests.protocols.conftest import SECOND

SENT = {
    "share_percent": "50",
    "after_items": "8",
    "after_min": "15",
    "hold_hours": "6",
    "title": "How good is each?",
    "low": "1",
    "high": "7",
    "low_label": "awful",
    "high_label": "great",
}


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(project: Project) -> str:
    return f"/p/{project.slug}/settings/protocols/"


def test_owner_switches_it_on_and_off(project: Project) -> None:
    owner = log_in(project.created_by)
    page = owner.get(url(project)).content.decode()
    assert "Rate each answer by itself too" in page
    assert owner.post(url(project), SENT).status_code == 302
    project.refresh_from_db()
    assert project.protocol_rules == {
        "share_percent": 50,
        "after_items": 8,
        "after_min": 15,
        "hold_hours": 6,
    }
    stored = second_questions(project)
    assert stored is not None
    (question,) = stored.questions
    assert (question["type"], question["low"], question["high"]) == ("rating", 1, 7)
    assert question["criteria"][0]["anchors"] == {"1": "awful", "7": "great"}
    current = project.current_questions()
    assert current is not None
    assert current.purpose == QuestionsVersion.Purpose.PROJECT
    shown = owner.get(url(project)).content.decode()
    assert 'value="How good is each?"' in shown
    assert owner.post(url(project), SENT | {"share_percent": "0"}).status_code == 302
    project.refresh_from_db()
    assert project.protocol_rules == {}
    events = Event.objects.filter(project=project).order_by("id")
    assert list(events.values_list("kind", flat=True)) == [
        "second_questions_published",
        "second_protocol_changed",
        "second_protocol_changed",
    ]


def test_a_project_that_rates_is_offered_a_comparison(db: None) -> None:
    project = make_project(template="rating")
    owner = log_in(project.created_by)
    assert "Compare the two answers too" in owner.get(url(project)).content.decode()
    rules = ("share_percent", "after_items", "after_min", "hold_hours", "title")
    sent = {name: SENT[name] for name in rules} | {"strength": "1"}
    assert owner.post(url(project), sent).status_code == 302
    stored = second_questions(project)
    assert stored is not None
    (question,) = stored.questions
    assert (question["type"], question["strength"]) == ("comparison", 1)
    assert question["allow_tie"] is False
    assert stored.purpose == SECOND


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"share_percent": "101"}, "100"),
        ({"after_items": "0"}, "1"),
        ({"title": " "}, "This is still empty."),
        ({"low": "7", "high": "1"}, "A scale goes up"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(
    project: Project, change: dict[str, str], said: str
) -> None:
    answer = log_in(project.created_by).post(url(project), SENT | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    project.refresh_from_db()
    assert project.protocol_rules == {}


def test_where_nothing_fits_the_page_says_so(db: None) -> None:
    project = make_project()
    version = project.current_questions()
    assert version is not None
    version.questions = [{"name": "words", "type": "text", "title": "In words?"}]
    version.save()
    owner = log_in(project.created_by)
    assert "No second protocol fits" in owner.get(url(project)).content.decode()
    assert owner.post(url(project), SENT).status_code == 422


def test_only_owners_come_here(project: Project) -> None:
    for role in ("researcher", "annotator"):
        client = log_in(make_member(project, role))
        assert client.get(url(project)).status_code == 404
        assert client.post(url(project), SENT).status_code == 404


RATING = {
    "name": "marks",
    "type": "rating",
    "title": "How good is it?",
    "low": 1,
    "high": 5,
    "criteria": [{"name": "overall", "title": "Overall"}],
}
RANKING = {"name": "best", "type": "ranking", "title": "Which is best?"}


def test_questions_of_another_kind_are_refused_while_it_runs(project: Project) -> None:
    owner = log_in(project.created_by)
    before = in_force(project)
    assert owner.post(url(project), SENT).status_code == 302
    text = {"do": "save_json", "json": json.dumps([RATING])}
    page = owner.post(reverse("settings_questions", args=[project.slug]), text)
    for refused in (page, send(owner, project, [RATING], "save")):
        assert refused.status_code == 422
        assert "Switch it off first" in refused.content.decode()
    address = reverse("api_questions", args=[project.slug])
    answer = owner.put(address, [RATING], content_type="application/json")
    assert answer.status_code == 422
    assert "Switch it off first" in str(answer.json()["problems"])
    assert in_force(project) == before


def test_another_kind_that_fits_is_taken_and_any_once_it_is_off(
    project: Project,
) -> None:
    owner = log_in(project.created_by)
    owner.post(url(project), SENT)
    for change, asked in (({}, RANKING), ({"share_percent": "0"}, RATING)):
        assert owner.post(url(project), SENT | change).status_code == 302
        versions.publish_questions(
            project=project, user=project.created_by, questions=[asked]
        )
        assert in_force(project) == [asked]
