"""Everybody does everything at once, two tabs each, on real connections."""

import random
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection
from django.db.models import Count, Q

from annotation.errors import ConflictError
from annotation.models import Assignment, FrontierEntry, Participant, Project
from annotation.services import assignments, drafts, submissions
from annotation.services.frontier import rebuild_frontier
from tests.counts import n_runs

ANSWERS = {"preference": {"value": 1}}
N_STEPS = n_runs(40, 1500)


def act(chance: random.Random, person: Participant) -> None:
    own = Assignment.objects.filter(participant=person).select_related(
        "participant", "project"
    )
    found = own.order_by("?").first()
    kind = chance.choice(("next", "next", "ahead", "submit", "submit", "end", "back"))
    if kind == "next" or found is None:
        assignments.claim_next(participant=person, project=person.project)
    elif kind == "ahead":
        assignments.claim_ahead(participant=person, project=person.project)
    elif kind == "submit":
        submissions.submit(
            assignment=found, submission_id=uuid.uuid4(), answers=ANSWERS
        )
    elif kind == "back":
        submissions.take_back(assignment=found)
    else:
        ends: list[Callable[[], object]] = [
            lambda: assignments.release(assignment=found),
            lambda: assignments.reclaim(assignment=found),
            lambda: assignments.open_queued(assignment=found),
            lambda: drafts.save_draft(assignment=found, answers=ANSWERS, revision=0),
            lambda: assignments.expire_leases(project=person.project),
        ]
        chance.choice(ends)()


@pytest.mark.django_db(transaction=True)
def test_counters_hold_whatever_people_do_at_once(
    make_pool: Callable[..., Project],
    make_annotator: Callable[[Project], Participant],
) -> None:
    project = make_pool(4, overlap=2)
    people = [make_annotator(project) for _ in range(4)]

    def tab(number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(N_STEPS):
                with suppress(ConflictError):
                    act(chance, people[number % len(people)])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tab, range(8)))
    assert rebuild_frontier(project=project) == 0
    for entry in FrontierEntry.objects.all():
        assert entry.n_counted <= entry.n_taken <= entry.target
    counted = Count("assignments", filter=Q(assignments__state="submitted"))
    for person in project.participants.annotate(n=counted):
        assert person.n <= 4
