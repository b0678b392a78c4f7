"""A whole study over HTTP: many people in ten strata fill every quota exactly.

People come by an invitation or from a platform, make a log-in, send the consent and the
profile as forms, work on several threads, drop out, let leases run out, skip, give back
and take back; a seeded draw decides who does what.
"""

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from annotation.models import (
    Assignment,
    Enrolment,
    FrontierEntry,
    Participant,
    Project,
    QuotaCell,
    Role,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.services import assignments, quotas
from annotation.services.frontier import rebuild_frontier
from annotation.services.invitations import create_invitation
from annotation.services.recruitment import create_link, save_recruitment
from tests.counts import n_runs
from tests.factories import PASSWORD, make_items, make_project
from tests.flow.people import Page, Visitor
from tests.recruit.conftest import SETTINGS, pid

AGES = ["18-24", "25-34", "35-44", "45-64", "65+"]
GENDERS = ["Female", "Male"]
COUNTRIES = ["DE", "KE", "PE"]
STRATA = list(product(AGES, GENDERS))
N_PEOPLE = n_runs(60, 300)
N_ITEMS = n_runs(30, 200)
OVERLAP = 3
SURVEY = [
    {"name": "age", "type": "single", "title": "Age?", "options": AGES},
    {"name": "gender", "type": "single", "title": "Gender?", "options": GENDERS},
    {"name": "country", "type": "country", "title": "Country?"},
]
QUOTAS = [
    {
        "kind": "exact",
        "questions": ["age", "gender"],
        "amounts": {f"{age} × {gender}": 10 for age, gender in STRATA},  # noqa: RUF001
    },
    {"kind": "per_item", "questions": ["country"], "n": 2},
    {"kind": "at_least", "questions": ["gender"], "amounts": {"Female": 40}},
]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(n_runs(600, 3600)),
]


@dataclass(frozen=True)
class Links:
    """What the owner hands out: the addresses by which people come."""

    invitation: str
    platform: str


@dataclass
class Somebody:
    """One person with a browser, who lives in a stratum and has habits."""

    visitor: Visitor
    slug: str
    number: int
    has_left: bool = False

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)

    @property
    def told(self) -> dict[str, str]:
        """Return the profile; people are spread over the strata, then the countries."""
        age, gender = STRATA[self.number % len(STRATA)]
        country = COUNTRIES[self.number // len(STRATA) % len(COUNTRIES)]
        return {"q-age": age, "q-gender": gender, "q-country": country}

    def arrive(self, links: Links) -> None:
        """Come by a link, agree to the consent, tell about oneself, see the desk.

        Every third comes from a platform. One in six logs out and in again.
        """
        if self.number % 3 == 0:
            page = self.visitor.open(
                f"{links.platform}?PROLIFIC_PID={pid(self.number)}"
            )
            page = self.visitor.send(page, page.form_with("csrfmiddlewaretoken"), {})
            page = self.visitor.open(f"/p/{self.slug}/start/")
        else:
            page = self.visitor.open(links.invitation)
            page = self.visitor.send(
                page, page.form_with("password_again"), self.sign_up
            )
            if self.number % 6 == 1:
                page = self.log_in_again(page)
        form = page.form_with("agree", *self.told)
        page = self.visitor.send(page, form, {"agree": ["research"], **self.told})
        assert page.path == f"/p/{self.slug}/annotate/", page.text

    @property
    def sign_up(self) -> dict[str, str]:
        name = f"volunteer-{self.number}"
        return {"username": name, "password": PASSWORD, "password_again": PASSWORD}

    def log_in_again(self, page: Page) -> Page:
        self.visitor.send(page, page.form_with("csrfmiddlewaretoken"), {})
        page = self.visitor.open(f"/p/{self.slug}/start/")
        assert page.path.startswith("/login/")
        given = {"username": self.sign_up["username"], "password": PASSWORD}
        return self.visitor.send(page, page.form_with("username", "password"), given)

    def next(self, **body: object) -> str | None:
        """Return the id of the next item's assignment, or None for 204."""
        path = f"/api/v1/projects/{self.slug}/assignments/next/"
        status, desk = self.visitor.call(path, body)
        assert status in (200, 204), desk
        return desk["assignment"]["id"] if status == 200 else None

    def act(self, assignment: str, verb: str, **body: object) -> int:
        path = f"/api/v1/assignments/{assignment}/{verb}/"
        status, said = self.visitor.call(path, body)
        assert status < 500, said
        return status

    def submit(self, assignment: str) -> int:
        answers = {"preference": {"value": self.chance.choice((-1, 1))}}
        return self.act(
            assignment, "submit", submission_id=str(uuid.uuid4()), answers=answers
        )

    def visit(self, n_steps: int) -> None:
        """Work for a while as people do; perhaps leave for good."""
        for _ in range(n_steps):
            assignment = self.next()
            if assignment is None:
                return
            what = self.chance.random()
            if what < 0.03:
                self.has_left = True
                return
            if what < 0.06:
                self.act(assignment, "skip", reason="Not my field.")
            elif what < 0.10:
                self.act(assignment, "release")
            elif what < 0.15:
                run_out(assignment)
                self.submit(assignment)
            else:
                self.next(ahead=True)
                assert self.submit(assignment) == 201
                if what < 0.20:
                    self.act(assignment, "take-back")
                    self.submit(assignment)


def run_out(assignment: str) -> None:
    past = timezone.now() - timedelta(hours=1)
    held = Assignment.objects.filter(public_id=assignment, state__in=("open", "queued"))
    held.update(lease_until=past)
    connection.close()


def make_study() -> Project:
    project = make_project(name="Study", overlap=OVERLAP)
    questions = project.current_questions()
    assert questions is not None
    questions.questions = [
        {"name": "preference", "type": "comparison", "title": "Which?", "strength": 3}
    ]
    questions.save()
    SurveyVersion.objects.filter(project=project).update(questions=SURVEY)
    make_items(project, N_ITEMS)
    quotas.publish_quotas(project=project, user=project.created_by, raw=QUOTAS)
    return project


def hand_out_links(project: Project) -> Links:
    """Let the owner make an invitation, and a link for a recruiting platform."""
    settings = replace(
        SETTINGS, n_items_wanted=None, time_allowed_min=None, is_empty_done=False
    )
    owner = project.created_by
    save_recruitment(project=project, user=owner, settings=settings)
    project.refresh_from_db()
    invitation = create_invitation(
        project=project, user=owner, role=Role.ANNOTATOR, days=7, n_max=N_PEOPLE
    )
    platform = create_link(project=project, user=owner, days=7, n_max=N_PEOPLE)
    return Links(f"/join/{invitation.secret}/", f"/study/{platform.secret}/")


def arrive(project: Project, server: str) -> list[Somebody]:
    """Let everybody come, several at once."""
    links = hand_out_links(project)
    people = [
        Somebody(Visitor(server), project.slug, number) for number in range(N_PEOPLE)
    ]
    in_parallel(people, lambda person: person.arrive(links))
    return people


def in_parallel(people: Sequence[Somebody], act: Callable[[Somebody], None]) -> None:
    def alone(person: Somebody) -> None:
        try:
            act(person)
        finally:
            person.visitor.leave()
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(alone, people))


def work(people: Sequence[Somebody], n_steps: int) -> None:
    here = [person for person in people if not person.has_left]
    in_parallel(here, lambda person: person.visit(n_steps))


def n_counted(project: Project) -> int:
    entries = FrontierEntry.objects.filter(project=project)
    return sum(entries.values_list("n_counted", flat=True))


def test_study_fills_every_quota_exactly(live_server: LiveServer) -> None:
    project = make_study()
    people = arrive(project, live_server.url)
    assert (
        Participant.objects.filter(project=project, is_ready=True).count() == N_PEOPLE
    )
    assert Enrolment.objects.filter(project=project).count() == N_PEOPLE // 3
    for _ in range(12):
        work(people, 3)
        held = Assignment.objects.filter(project=project, lease_until__isnull=False)
        held.update(lease_until=timezone.now() - timedelta(hours=1))
        assignments.expire_leases(project=project)
        if n_counted(project) == N_ITEMS * OVERLAP:
            break
    assert n_counted(project) == N_ITEMS * OVERLAP
    assert rebuild_frontier(project=project) == 0
    assert_quotas_are_filled(project)
    assert_countries_are_spread(project)
    assert_sides_are_balanced(project)


def assert_quotas_are_filled(project: Project) -> None:
    each = N_ITEMS * OVERLAP // len(STRATA)
    cells = QuotaCell.objects.filter(project=project, kind="exact")
    counts = {cell.key: cell.n_taken for cell in cells}
    assert sorted(counts.values()) == [0, *[each] * len(STRATA)]
    told: dict[int, dict[str, str]] = defaultdict(dict)
    for answer in SurveyAnswer.objects.filter(participant__project=project):
        told[answer.participant_id][answer.question] = str(answer.value)
    done = submitted(project)
    strata = Counter(
        (told[a.participant_id]["age"], told[a.participant_id]["gender"]) for a in done
    )
    assert strata == dict.fromkeys(STRATA, each)
    per_item = Counter(a.item_id for a in done)
    assert set(per_item.values()) == {OVERLAP}


def assert_countries_are_spread(project: Project) -> None:
    answers = SurveyAnswer.objects.filter(question="country")
    lives = dict(answers.values_list("participant", "value"))
    seen = Counter((a.item_id, lives[a.participant_id]) for a in submitted(project))
    assert max(seen.values()) <= 2


def assert_sides_are_balanced(project: Project) -> None:
    items: dict[int, int] = defaultdict(int)
    persons: dict[int, int] = defaultdict(int)
    for assignment in submitted(project):
        assert assignment.order is not None
        sign = 1 if assignment.order[0] == 0 else -1
        items[assignment.item_id] += sign
        persons[assignment.participant_id] += sign
    assert max(map(abs, items.values())) <= 1
    assert max(map(abs, persons.values())) <= 3


def submitted(project: Project) -> list[Assignment]:
    return list(Assignment.objects.filter(project=project, state="submitted"))
