"""The demo shows routing at work: a labelled seed, a fit, and items for people."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Annotation, Job, Participant, Project, Route
from annotation.services.demo import seed_demo
from routing.demo import JUDGES, NAME, PEOPLE, routed_items, seconds_of
from routing.models import AuditReport
from routing.selectors.state import state_of
from routing.services.demo import N_LABELS, N_SEED, REFIT_EVERY
from routing.services.due import due_action
from tests.demo.conftest import Passwords
from tests.routing.conftest import run_newest, work

pytestmark = pytest.mark.django_db
ITEMS = routed_items()


@pytest.fixture
def project(seeded: Passwords) -> Project:
    return Project.objects.get(name=NAME)


def test_items_are_varied_and_the_same_every_time() -> None:
    assert routed_items() == ITEMS
    assert len(ITEMS) == 240
    assert len({item.draft.external_id for item in ITEMS}) == 240
    assert len({item.draft.messages[0].content for item in ITEMS}) == 240
    assert len({item.draft.category for item in ITEMS}) == 6
    assert all(len(item.draft.labels) == 2 * len(JUDGES) for item in ITEMS)
    for item in ITEMS:
        first, second = item.draft.completions
        assert first.text != second.text
        assert all(15 <= seconds_of(item, person) <= 60 for person in PEOPLE)


def test_seed_is_labelled_by_simulated_people_in_their_time(project: Project) -> None:
    given = Annotation.objects.filter(project=project)
    assert given.count() == N_SEED
    people = set(given.values_list("participant__user__username", flat=True))
    assert people == {person.name for person in PEOPLE}
    routes = Route.objects.filter(project=project)
    drawn = routes.filter(part__in=("seed", "audit"))
    assert set(given.values_list("item", flat=True)) == set(
        drawn.values_list("item", flat=True)
    )
    assert all(15_000 <= (one.active_ms or 0) <= 60_000 for one in given)
    assert len({one.created_at.date() for one in given}) >= len(PEOPLE)
    assert state_of(project).state == "fitting"


@pytest.mark.django_db(transaction=True)
def test_workers_learn_from_it_and_people_go_on(project: Project) -> None:
    assert run_newest(project).state == Job.State.DONE
    now = state_of(project)
    assert now.state == "routed"
    assert now.fit_run is not None and now.policy is not None
    figures = now.fit_run.figures
    assert figures["is_informative"]
    assert figures["here"]["gain"]["low"] > 0
    assert "agreement" in AuditReport.objects.get(project=project).figures
    assert now.n_asked == N_LABELS - N_SEED
    person = Participant.objects.get(project=project, user__username="demo-annotator")
    assert len(work(person, lambda number: 1, most=REFIT_EVERY - 1)) == REFIT_EVERY - 1
    assert due_action(now.policy) == ""
    work(person, lambda number: 1, most=1)
    assert due_action(now.policy) == "fit"


def test_second_call_adds_nothing(project: Project) -> None:
    before = (Annotation.objects.count(), Job.objects.count())
    seed_demo()
    assert (Annotation.objects.count(), Job.objects.count()) == before


def test_page_says_what_the_workers_do(project: Project) -> None:
    client = Client()
    client.force_login(User.objects.get(username="demo-owner"))
    page = client.get(reverse("routing", args=[project.slug])).content.decode()
    assert "$28.00" in page
    assert JUDGES[0].name in page
