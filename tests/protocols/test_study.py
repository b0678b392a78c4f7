"""A study over HTTP: people with a session each are asked all items in both forms.

They work on several threads, skip, give back, take back and let leases run out; a
seeded draw decides who does what.
"""

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from annotation.models import (
    Annotation,
    Assignment,
    FrontierEntry,
    Project,
    ProtocolPair,
)
from annotation.services import assignments
from annotation.services.frontier import rebuild_frontier
from tests.checks.test_exports import tables
from tests.counts import n_runs
from tests.factories import make_items, make_participant, make_project
from tests.flow.people import Visitor
from tests.protocols.conftest import SECOND, ask_twice

N_PEOPLE = n_runs(6, 24)
N_ITEMS = n_runs(24, 120)
OVERLAP = 2
AFTER = 4
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Somebody:
    """One person's browser, and what they have done."""

    visitor: Visitor
    slug: str
    chance: random.Random
    is_done: bool = False

    def next(self, **body: object) -> dict[str, Any] | None:
        path = f"/api/v1/projects/{self.slug}/assignments/next/"
        status, desk = self.visitor.call(path, body)
        assert status in (200, 204), desk
        return desk if status == 200 else None

    def act(self, desk: dict[str, Any], verb: str, **body: object) -> int:
        path = f"/api/v1/assignments/{desk['assignment']['id']}/{verb}/"
        status, said = self.visitor.call(path, body)
        assert status < 500, said
        return status

    def submit(self, desk: dict[str, Any]) -> int:
        """Answer what is asked: the form is told by its questions."""
        side = self.chance.choice((-1, 1))
        answers: dict[str, Any] = {"preference": {"value": side}}
        if desk["assignment"]["stage"] == SECOND:
            assert [one["type"] for one in desk["questions"]] == ["rating"]
            marks = [self.chance.randint(1, 7) for _ in desk["completions"]]
            answers = {"second_rating": {"overall": marks}}
        key = str(uuid.uuid4())
        return self.act(desk, "submit", submission_id=key, answers=answers)

    def visit(self, n_steps: int) -> None:
        """Work for a while as people do."""
        for _ in range(n_steps):
            desk = self.next()
            if desk is None:
                self.is_done = True
                return
            what = self.chance.random()
            if what < 0.05:
                self.act(desk, "release")
            elif what < 0.10:
                run_out(desk["assignment"]["id"])
                self.submit(desk)
            else:
                self.next(ahead=True)
                assert self.submit(desk) == 201
                if what < 0.20:
                    assert self.act(desk, "take-back") == 200
                    assert self.submit(desk) == 201


def run_out(assignment: str) -> None:
    past = timezone.now() - timedelta(hours=1)
    held = Assignment.objects.filter(public_id=assignment, state__in=("open", "queued"))
    held.update(lease_until=past)
    assignments.expire_leases()
    connection.close()


def arrive(project: Project, server: str) -> list[Somebody]:
    people = []
    for number in range(N_PEOPLE):
        person = make_participant(project)
        assert person.user is not None
        client = Client()
        client.force_login(person.user)
        visitor = Visitor(server)
        visitor.cookies["sessionid"] = client.cookies["sessionid"].value
        visitor.cookies["csrftoken"] = f"{number:032d}"
        people.append(Somebody(visitor, project.slug, random.Random(number)))
    return people


def work(people: Sequence[Somebody], n_steps: int) -> None:
    def alone(person: Somebody) -> None:
        try:
            person.visit(n_steps)
        finally:
            person.visitor.leave()
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(alone, [one for one in people if not one.is_done]))


@pytest.fixture
def study(live_server: LiveServer) -> Project:
    """Return a project that has been answered as far as its people could."""
    project = make_project(name="Both forms", overlap=OVERLAP)
    version = project.current_questions()
    assert version is not None
    version.questions = [
        {"name": "preference", "type": "comparison", "title": "Which?", "strength": 1}
    ]
    version.save()
    make_items(project, N_ITEMS)
    ask_twice(project, after_items=AFTER)
    people = arrive(project, live_server.url)
    for _ in range(4 * N_ITEMS):
        work(people, 5)
        if all(one.is_done for one in people):
            break
    assert all(one.is_done for one in people)
    return project


def test_a_study_in_both_forms(study: Project) -> None:
    assert_overlap_is_exact(study)
    pairs = {
        (pair.item_id, pair.participant_id): pair.comes_first
        for pair in ProtocolPair.objects.filter(project=study)
    }
    halves = halves_of(study)
    assert_pairs_are_whole(halves)
    assert_order_is_balanced({key: pairs[key] for key in halves})
    assert_halves_are_apart(study, halves, pairs)
    assert_export_has_them(study, len(halves))


Halves = dict[tuple[int, int], dict[str, Assignment]]


def halves_of(project: Project) -> Halves:
    """Return the answered halves by item and person, where the main one counts."""
    found: Halves = defaultdict(dict)
    rows = Assignment.objects.filter(project=project, state="submitted")
    for row in rows:
        found[row.item_id, row.participant_id][row.purpose] = row
    return {key: one for key, one in found.items() if "main" in one}


def assert_overlap_is_exact(project: Project) -> None:
    entries = FrontierEntry.objects.filter(project=project)
    counts = set(entries.values_list("n_taken", "n_counted"))
    assert counts == {(OVERLAP, OVERLAP)}
    assert rebuild_frontier(project=project) == 0
    done = Annotation.objects.filter(
        project=project, is_retraction=False, superseded_by=None
    )
    per_item = Counter(done.filter(assignment__purpose="main").values_list("item"))
    assert min(per_item.values()) >= OVERLAP


def assert_pairs_are_whole(halves: Halves) -> None:
    assert len(halves) == N_ITEMS * OVERLAP
    assert all(set(one) == {"main", SECOND} for one in halves.values())


def assert_order_is_balanced(pairs: dict[tuple[int, int], str]) -> None:
    counts = Counter(pairs.values())
    assert abs(counts["main"] - counts[SECOND]) <= 0.2 * len(pairs)
    people: dict[int, Counter[str]] = defaultdict(Counter)
    for (_, person), first in pairs.items():
        people[person][first] += 1
    assert all(abs(n["main"] - n[SECOND]) <= 5 for n in people.values())


def assert_halves_are_apart(
    project: Project, halves: Halves, pairs: dict[tuple[int, int], str]
) -> None:
    """At least AFTER answers lie between, except at the end of a person's work."""
    rows = Assignment.objects.filter(
        project=project, state__in=("submitted", "surplus")
    )
    places: dict[int, list[int]] = defaultdict(list)
    for row in rows.order_by("finished_at"):
        places[row.participant_id].append(row.pk)
    n_apart = 0
    for (item, person), one in halves.items():
        first = pairs[item, person]
        later = "main" if first == SECOND else SECOND
        at = [places[person].index(one[purpose].pk) for purpose in (first, later)]
        assert at[0] < at[1]
        n_left = len(places[person]) - at[1]
        is_apart = at[1] - at[0] > AFTER
        assert is_apart or n_left <= 3 * AFTER
        n_apart += is_apart
    assert n_apart > len(halves) / 2


def assert_export_has_them(project: Project, n_pairs: int) -> None:
    rows = tables(project, format="raw", include_surplus=True)["protocols"]
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        found[row["pair"]][row["purpose"]] = row
    whole = [one for one in found.values() if len(one) == 2]
    assert len(whole) >= n_pairs
    for one in whole:
        assert one["main"]["is_first"] is not one[SECOND]["is_first"]
        assert {one["main"]["protocol"], one[SECOND]["protocol"]} == {
            "comparison",
            "rating",
        }
        assert one["main"]["side"] in (1, -1)
        assert one[SECOND]["side"] in (1, 0, -1)
