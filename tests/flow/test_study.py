"""A whole study over HTTP: many people in ten strata fill every quota exactly.

People come with a session each, store their profile, work on several threads, drop out,
let leases run out, skip, give back and take back; a seeded draw decides who does what.
"""

import http.client
import json
import random
import secrets
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import urlparse

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from annotation.models import (
    Assignment,
    FrontierEntry,
    Participant,
    Project,
    QuotaCell,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.selectors.profile import current_consent
from annotation.services import assignments, quotas
from annotation.services.frontier import rebuild_frontier
from annotation.services.participants import take_part
from annotation.surveys import Reply
from tests.counts import n_runs
from tests.factories import make_items, make_member, make_project

AGES = ["18-24", "25-34", "35-44", "45-64", "65+"]
GENDERS = ["Female", "Male"]
COUNTRIES = ["DE", "KE", "PE"]
STRATA = list(product(AGES, GENDERS))
N_PEOPLE = n_runs(60, 300)
N_ITEMS = n_runs(40, 200)
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
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Somebody:
    """One person's browser, on a connection of its own."""

    server: str
    slug: str
    session: str
    chance: random.Random
    has_left: bool = False
    csrf: str = field(default_factory=lambda: secrets.token_hex(16))

    def post(self, path: str, body: object) -> tuple[int, dict[str, Any]]:
        place = urlparse(self.server)
        http_ = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={self.session}; csrftoken={self.csrf}",
            "X-CSRFToken": self.csrf,
        }
        http_.request("POST", path, json.dumps(body), headers)
        answer = http_.getresponse()
        text = answer.read()
        http_.close()
        return answer.status, json.loads(text) if text else {}

    def next(self, **body: object) -> str | None:
        """Return the id of the next item's assignment, or None for 204."""
        path = f"/api/v1/projects/{self.slug}/assignments/next/"
        status, desk = self.post(path, body)
        assert status in (200, 204), desk
        return desk["assignment"]["id"] if status == 200 else None

    def act(self, assignment: str, verb: str, **body: object) -> int:
        status, said = self.post(f"/api/v1/assignments/{assignment}/{verb}/", body)
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


def arrive(project: Project, number: int, server: str) -> Somebody:
    """Let a person join, agree and tell about themselves, spread over the strata."""
    user = make_member(project)
    age, gender = STRATA[number % len(STRATA)]
    country = COUNTRIES[number // len(STRATA) % len(COUNTRIES)]
    consent = current_consent(project)
    assert consent is not None
    participant = Participant.objects.create(
        project=project, user=user, pseudonym=f"person-{number}"
    )
    told = {"age": age, "gender": gender, "country": country}
    take_part(
        participant=participant,
        document=consent,
        granted=["research"],
        version=SurveyVersion.objects.get(project=project),
        replies=[Reply(name, "answered", value) for name, value in told.items()],
    )
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    return Somebody(server, project.slug, session, random.Random(number))


def work(people: list[Somebody], n_steps: int) -> None:
    def visit(person: Somebody) -> None:
        try:
            person.visit(n_steps)
        finally:
            connection.close()

    here = [person for person in people if not person.has_left]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(visit, here))


def n_counted(project: Project) -> int:
    entries = FrontierEntry.objects.filter(project=project)
    return sum(entries.values_list("n_counted", flat=True))


def test_study_fills_every_quota_exactly(live_server: LiveServer) -> None:
    project = make_study()
    people = [arrive(project, k, live_server.url) for k in range(N_PEOPLE)]
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
