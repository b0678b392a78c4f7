"""Projects: made from a template, shown at home, changed in the settings."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.answers import parse_questions
from annotation.errors import InvalidError
from annotation.models import FrontierEntry, Project, Role
from annotation.project_templates import TEMPLATES
from annotation.services.projects import create_project
from tests.factories import (
    make_items,
    make_member,
    make_participant,
    make_project,
    make_user,
)
from tests.people.conftest import LogIn


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_gives_a_project_with_the_first_version_of_everything(
    db: None, name: str
) -> None:
    project = make_project(template=name)
    questions = project.current_questions()
    guidelines = project.current_guidelines()
    assert questions is not None
    assert guidelines is not None
    assert len(parse_questions(questions.questions)) == len(TEMPLATES[name].questions)
    assert guidelines.text.startswith("# ")
    assert project.consent_documents.get().number == 1
    assert project.survey_versions.get().number == 1
    assert project.memberships.get().role == Role.OWNER


def test_the_multipref_template_asks_overall_last_on_five_points() -> None:
    questions = parse_questions(TEMPLATES["multipref"].questions)
    compared = [q for q in questions if q.type == "comparison"]
    assert [q.name for q in compared] == [
        "helpful",
        "truthful",
        "harmless",
        "preference",
    ]
    assert {q.strength for q in compared} == {2}
    assert all(q.reasons and q.levels for q in compared)


def test_the_helpsteer_template_rates_five_criteria_from_0_to_4() -> None:
    questions = parse_questions(TEMPLATES["helpsteer"].questions)
    rating, preference, justification = questions
    assert (rating.low, rating.high, len(rating.criteria)) == (0, 4, 5)
    assert all(len(criterion.anchors) == 5 for criterion in rating.criteria)
    assert (preference.name, preference.strength) == ("preference", 3)
    assert justification.is_required


@pytest.mark.parametrize(
    ("name", "template", "overlap"),
    [
        ("", "pairwise", 1),
        ("x" * 121, "pairwise", 1),
        ("A", "no", 1),
        ("A", "ranking", 0),
    ],
)
def test_a_malformed_project_is_refused(
    db: None, name: str, template: str, overlap: int
) -> None:
    with pytest.raises(InvalidError):
        create_project(user=make_user(), name=name, template=template, overlap=overlap)
    assert not Project.objects.exists()


def test_two_projects_of_one_name_have_addresses_of_their_own(db: None) -> None:
    first, second = make_project(name="Éric's pilot"), make_project(name="Éric's pilot")
    assert first.slug == "erics-pilot"
    assert second.slug != first.slug


def test_a_name_without_latin_letters_and_a_reserved_one_get_an_address(
    db: None,
) -> None:
    assert make_project(name="日本語").slug == "project"
    assert make_project(name="New").slug not in ("", "new")


@pytest.mark.django_db(transaction=True)
def test_projects_of_one_name_made_at_once_all_come_about() -> None:
    user = make_user()
    barrier = threading.Barrier(6)

    def make(_: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return create_project(user=user, name="Same", template="pairwise").slug
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        slugs = list(pool.map(make, range(6)))
    assert len(set(slugs)) == 6


def test_making_a_project_on_the_page(log_in: LogIn, db: None) -> None:
    client = log_in(make_user())
    page = client.get(reverse("project_new"))
    assert page.status_code == 200
    assert "HelpSteer-like" in page.content.decode()
    sent = {"template": "ranking", "name": "My study", "overlap": "3"}
    answer = client.post(reverse("project_new"), sent)
    project = Project.objects.get()
    assert answer.headers["Location"] == reverse("dashboard", args=[project.slug])
    assert (project.name, project.overlap) == ("My study", 3)


@pytest.mark.parametrize(
    "sent",
    [
        {"template": "ranking", "name": " ", "overlap": "1"},
        {"template": "none", "name": "A", "overlap": "1"},
        {"template": "ranking", "name": "A", "overlap": "101"},
        {},
    ],
)
def test_a_form_with_a_fault_comes_back_and_makes_nothing(
    log_in: LogIn, db: None, sent: dict[str, str]
) -> None:
    answer = log_in(make_user()).post(reverse("project_new"), sent)
    assert answer.status_code == 422
    assert not Project.objects.exists()


def test_home_shows_each_project_by_role(project: Project, log_in: LogIn) -> None:
    make_items(project, 3)
    make_project(name="Somebody else's")
    annotator = make_participant(project)
    assert annotator.user is not None
    page = log_in(annotator.user).get(reverse("home")).content.decode()
    assert project.name in page
    assert "3 items wait for an answer." in page
    assert reverse("annotate", args=[project.slug]) in page
    assert "Open the overview" not in page
    assert "Somebody else" not in page
    page = log_in(project.created_by).get(reverse("home")).content.decode()
    assert "0 of 3 items are finished." in page
    assert "Open the overview" in page


def test_home_without_a_project_says_what_to_do(log_in: LogIn, db: None) -> None:
    page = log_in(make_user()).get(reverse("home")).content.decode()
    assert "You are in no project yet" in page
    assert reverse("project_new") in page


def test_home_needs_a_log_in(client: Client, db: None) -> None:
    answer = client.get(reverse("home"))
    assert answer.headers["Location"].startswith(reverse("login"))


def test_home_costs_the_same_for_many_projects(
    log_in: LogIn, db: None, django_assert_max_num_queries: object
) -> None:
    user = make_user()
    for _ in range(5):
        make_project(user)
    client = log_in(user)
    # The session, the user, the seats and the figures.
    with django_assert_max_num_queries(4):  # type: ignore[operator]  # its fixture
        assert client.get(reverse("home")).status_code == 200


# --- settings ---------------------------------------------------------------------

GENERAL = {
    "name": "New name",
    "description": "What it is.",
    "overlap": "3",
    "lease_min": "20",
    "grace_s": "60",
    "editing": "until_complete",
}


def test_an_owner_changes_the_settings_and_items_follow(
    project: Project, owner: Client
) -> None:
    make_items(project, 2)
    address = reverse("project_settings", args=[project.slug])
    assert owner.get(address).status_code == 200
    for _ in range(2):
        answer = owner.post(address, {**GENERAL, "is_paused": "on"})
        assert answer.status_code == 302
    project.refresh_from_db()
    assert (project.name, project.lease_s, project.is_paused) == (
        "New name",
        1200,
        True,
    )
    assert set(FrontierEntry.objects.values_list("target", flat=True)) == {3}


@pytest.mark.parametrize("wrong", [{"overlap": "0"}, {"lease_min": "x"}, {"name": ""}])
def test_settings_with_a_fault_change_nothing(
    project: Project, owner: Client, wrong: dict[str, str]
) -> None:
    address = reverse("project_settings", args=[project.slug])
    answer = owner.post(address, {**GENERAL, **wrong})
    assert answer.status_code == 422
    before = project.name
    project.refresh_from_db()
    assert project.name == before


PARTS = ["", "questions/", "guidelines/", "consent/", "survey/"]


@pytest.mark.parametrize("part", PARTS)
def test_only_owners_reach_the_settings(
    project: Project, log_in: LogIn, part: str
) -> None:
    address = reverse("project_settings", args=[project.slug]) + part
    researcher = make_member(project, Role.RESEARCHER)
    people: list[User] = [researcher, make_member(project), make_user()]
    assert {log_in(user).get(address).status_code for user in people} == {404}
    assert {log_in(user).post(address).status_code for user in people} == {404}
    assert log_in(project.created_by).get(address).status_code == 200
    assert log_in(project.created_by).put(address).status_code == 405


def test_address_of_a_form_that_is_opened_says_so(
    project: Project, log_in: LogIn
) -> None:
    address = reverse("invitation_new", args=[project.slug])
    response = log_in(project.created_by).get(address)
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "Content-Security-Policy" in response
    assert "send it again" in response.content.decode()
