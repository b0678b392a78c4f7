"""The last cent, on real connections: fifty annotators, and workers with batches."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection

from annotation.errors import BudgetSpentError
from annotation.models import Assignment, Participant, Project
from annotation.services import assignments, ledger
from annotation.services.frontier import rebuild_frontier
from tests.counts import n_runs
from tests.ledger.books import (
    MakeAnnotator,
    MakePool,
    books_hold,
    claim,
    figures,
    give_budget,
    submit,
    usd,
)

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
R = TypeVar("R")


def at_once(work: Callable[[T], R], givens: Sequence[T]) -> list[R]:
    """Do the work for all in the same moment, each on a connection of its own."""
    barrier = threading.Barrier(len(givens))

    def one(given: T) -> R:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return work(given)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(givens)) as pool:
        return list(pool.map(one, givens))


def test_fifty_annotators_never_pass_the_last_cent(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    for _ in range(n_runs(1, 20)):
        project = make_pool(60)
        people = [make_annotator(project) for _ in range(50)]
        give_budget(project, "0.075", price="0.01")
        got = at_once(claim, people)
        lent = [found for found in got if found is not None]
        assert len(lent) == 7
        assert figures(project)[:2] == ("0.00", "0.07")
        at_once(submit, lent)
        assert figures(project)[:2] == ("0.07", "0.00")
        assert books_hold(project)
        assert rebuild_frontier(project=project) == 0


def work_a_while(person: Participant) -> int:
    """Answer, give back and lose by turns, until there is no money left."""
    n_answers = 0
    for turn in range(60):
        found = claim(person)
        if found is None:
            break
        assignments.claim_ahead(participant=person, project=found.project)
        if turn % 3 == 1:
            assignments.release(assignment=found)
        else:
            submit(found)
            n_answers += 1
    for held in Assignment.objects.filter(
        participant=person, state__in=("open", "queued")
    ):
        assignments.release(assignment=held)
    return n_answers


def test_people_at_work_spend_the_budget_and_never_more(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(40, overlap=3)
    people = [make_annotator(project) for _ in range(8)]
    give_budget(project, "0.50", price="0.01")
    n_answers = sum(at_once(work_a_while, people))
    spent, reserved, owed = figures(project)
    assert (usd(spent), reserved, owed) == (n_answers * usd("0.01"), "0.00", "0.00")
    assert 0 < usd(spent) <= usd("0.50")
    assert books_hold(project)
    assert rebuild_frontier(project=project) == 0


def test_two_workers_and_annotators_share_the_last_cent(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(30)
    people = [make_annotator(project) for _ in range(10)]
    give_budget(project, "0.30", price="0.01")
    counted = threading.Lock()
    spent_by_machines = []

    def work(number: int) -> int:
        if number < 10:
            return work_a_while(people[number])
        for batch in range(20):
            reference = f"run:{number}:batch:{batch}"
            try:
                ledger.reserve(project=project, amount=usd("0.02"), reference=reference)
            except BudgetSpentError:
                return batch
            ledger.commit_part(
                project=project, reference=reference, actual=usd("0.005"), key="a"
            )
            ledger.commit(project=project, reference=reference, actual=usd("0.005"))
            with counted:
                spent_by_machines.append(usd("0.01"))
        return 20

    answers = sum(at_once(work, range(12))[:10])
    spent, reserved, _owed = figures(project)
    assert reserved == "0.00"
    assert usd(spent) == answers * usd("0.01") + sum(spent_by_machines)
    assert usd(spent) <= usd("0.30")
    assert books_hold(project)


def test_one_batch_booked_by_two_workers_is_booked_once(make_pool: MakePool) -> None:
    project: Project = make_pool(1)
    give_budget(project, "1")

    def work(_number: int) -> None:
        ledger.reserve(project=project, amount=usd("0.5"), reference="run:1:batch:1")
        for key in "abc":
            ledger.commit_part(
                project=project, reference="run:1:batch:1", actual=usd("0.1"), key=key
            )

    at_once(work, range(8))
    ledger.release(project=project, reference="run:1:batch:1")
    assert figures(project)[:2] == ("0.30", "0.00")
    assert books_hold(project)
