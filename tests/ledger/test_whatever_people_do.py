"""Checks, two protocols, take-backs, lost leases, two tabs: the money follows all."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Assignment, Participant, Project, Reservation
from annotation.services import assignments, submissions
from annotation.services.frontier import rebuild_frontier
from tests.assign.test_storm import act
from tests.checks.conftest import mark, set_rules
from tests.counts import n_runs
from tests.ledger.books import MakeAnnotator, MakePool, books_hold, give_budget
from tests.protocols.conftest import answer, ask_twice

PRICE = Decimal("0.25")
State = Assignment.State


def money_follows(project: Project) -> None:
    """Compare each assignment with what is held, spent and owed for it."""
    of = {r.assignment_id: r for r in Reservation.objects.filter(project=project)}
    for assignment in Assignment.objects.filter(project=project):
        found = of.get(assignment.pk)
        held, used = Decimal(0), Decimal(0)
        if found is not None:
            held, used = found.held_usd, found.spent_usd + found.owed_usd
        is_lent = assignment.state in (State.OPEN, State.QUEUED)
        is_answered = assignment.state in (State.SUBMITTED, State.SURPLUS)
        if assignment.state != State.RESERVED:
            assert held == (PRICE if is_lent else 0), assignment
        assert used == (PRICE if is_answered else 0), assignment


def step(chance: random.Random, person: Participant) -> None:
    """Do one thing that a person, or beat, may do."""
    own = Assignment.objects.filter(participant=person).order_by("id")
    held = list(own.filter(state__in=(State.OPEN, State.QUEUED)))
    done = list(own.filter(state=State.SUBMITTED))
    kind = chance.choice(("next", "next", "ahead", "submit", "submit", "end", "back"))
    if kind == "submit" and held:
        answer(chance.choice(held))
    elif kind == "back" and done:
        submissions.take_back(assignment=chance.choice(done))
    elif kind == "end" and held:
        one = chance.choice(held)
        if chance.random() < 0.5:
            # Before the transaction of the test began.
            past = timezone.now() - timedelta(hours=1)
            own.filter(pk=one.pk).update(lease_until=past)
            assignments.expire_leases()
            if chance.random() < 0.5:
                answer(Assignment.objects.get(pk=one.pk))
        elif chance.random() < 0.5:
            assignments.release(assignment=one)
        else:
            assignments.skip(assignment=one, reason="No.")
    else:
        ask = assignments.claim_ahead if kind == "ahead" else assignments.claim_next
        ask(participant=person, project=person.project)


@pytest.mark.parametrize("seed", range(n_runs(3, 60)))
def test_money_follows_every_assignment(
    make_pool: MakePool, make_annotator: MakeAnnotator, seed: int
) -> None:
    project = make_pool(10, overlap=2)
    mark(project, "monitoring", range(1, 3))
    ask_twice(project, after_items=1)
    set_rules(project, monitoring_every=3)
    give_budget(project, "4", price=str(PRICE))
    people = [make_annotator(Project.objects.get(pk=project.pk)) for _ in range(3)]
    chance = random.Random(seed)
    for _ in range(60):
        with suppress(ConflictError):
            step(chance, chance.choice(people))
        money_follows(project)
    assert books_hold(project)
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db(transaction=True)
def test_books_hold_whatever_people_do_at_once(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(6, overlap=2)
    give_budget(project, "2", price=str(PRICE))
    people = [make_annotator(project) for _ in range(4)]

    def tab(number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(n_runs(30, 1000)):
                with suppress(ConflictError):
                    act(chance, people[number % len(people)])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tab, range(8)))
    money_follows(project)
    assert books_hold(project)
    assert rebuild_frontier(project=project) == 0
