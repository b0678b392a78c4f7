"""What others, and the person, see of recruited people: dashboard and first page."""

import pytest
from django.urls import reverse

from annotation.models import Project, Recruitment
from annotation.selectors.dashboard import answers_so_far, live
from annotation.selectors.home import project_cards
from tests.recruit.conftest import DONE, Recruit, client_of
from tests.recruit.test_endings import answer, page_of


def test_the_dashboard_counts_people_who_were_recruited(
    project: Project, recruit: Recruit
) -> None:
    person = recruit(project).participant
    answer(person, project)
    seen = live(project)
    assert [one.pseudonym for one in seen.at_work.people] == [person.pseudonym]
    assert (seen.progress.n_answers, seen.progress.n_people) == (1, 1)
    assert seen.pace.n_week == 1
    assert answers_so_far(project) == 1


def test_the_first_page_says_when_a_part_is_over(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    person = enrolment.participant
    assert person.user is not None
    for _ in range(2):
        assert [card.is_over for card in project_cards(person.user)] == [False]
        answer(person, project)
    page_of(enrolment)
    assert [card.is_over for card in project_cards(person.user)] == [True]
    page = client_of(person.user).get(reverse("home")).content.decode()
    assert "You have answered 2; your part is over." in page
    assert reverse("study", args=[project.slug]) in page


def test_prolific_leads_back_without_an_address_of_the_project(
    project: Project, recruit: Recruit
) -> None:
    Recruitment.objects.filter(project=project).update(completion_url="")
    enrolment = recruit(project)
    for _ in range(2):
        answer(enrolment.participant, project)
    page = page_of(enrolment)
    assert "Enter this code on Prolific" in page
    assert f"https://app.prolific.com/submissions/complete?cc={DONE}" in page


@pytest.mark.parametrize("is_api", [False, True])
def test_recruited_people_make_no_projects(
    project: Project, recruit: Recruit, is_api: bool
) -> None:
    client = client_of(recruit(project).participant.user)
    address = "/api/v1/projects/" if is_api else reverse("project_new")
    sent = {"name": "Mine", "template": "pairwise", "overlap": 1}
    assert client.post(address, sent).status_code == 404
    assert Project.objects.count() == 1
    assert reverse("project_new") not in client.get(reverse("home")).content.decode()
