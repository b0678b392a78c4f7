"""Which completion stands first: balanced over answers, whatever leases came to."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotation.allocation.presentation import first_place, with_first
from annotation.errors import ConflictError
from annotation.models import (
    Assignment,
    FrontierEntry,
    Participant,
    Project,
    QuestionsVersion,
)
from annotation.services import assignments, submissions
from annotation.services.frontier import rebuild_frontier
from annotation.services.item_store import ItemStore
from tests.counts import n_runs
from tests.pools import draft

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
State = Assignment.State
ANSWERS = {"preference": {"value": 1}}
RANKING = [{"name": "order", "type": "ranking", "title": "Your order"}]
RANKED = {"order": {"tiers": [[0], [1], [2]], "unacceptable": []}}


def claim(participant: Participant) -> Assignment:
    found = assignments.claim_next(participant=participant, project=participant.project)
    assert found is not None
    return found


def submit(assignment: Assignment) -> str:
    answers = ANSWERS if len(assignment.order or []) == 2 else RANKED
    return submissions.submit(
        assignment=assignment, submission_id=uuid.uuid4(), answers=answers
    ).state


def lose(assignment: Assignment) -> None:
    past = timezone.now() - timedelta(hours=1)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=past)
    assignments.expire_leases(project=assignment.project)


def first(assignment: Assignment) -> int:
    assert assignment.order is not None
    return assignment.order[0]


def spread(counts: Counter[int], n: int = 2) -> int:
    return max(counts[k] for k in range(n)) - min(counts[k] for k in range(n))


def firsts(key: str, project: Project) -> dict[int, Counter[int]]:
    """Return per item or participant how often which completion stood first."""
    found: dict[int, Counter[int]] = {}
    done = Assignment.objects.filter(project=project, state=State.SUBMITTED)
    for owner, order in done.values_list(key, "order"):
        found.setdefault(owner, Counter())[order[0]] += 1
    return found


def end_somehow(chance: random.Random, assignment: Assignment) -> None:
    """Submit mostly; else skip, give back, lose, come late or take back."""
    kind = chance.random()
    if kind < 0.6:
        submit(assignment)
    elif kind < 0.65:
        assignments.skip(assignment=assignment, reason="")
    elif kind < 0.75:
        assignments.release(assignment=assignment)
    elif kind < 0.85:
        lose(assignment)
    elif kind < 0.93:
        lose(assignment)
        submit(assignment)
    else:
        submit(assignment)
        with suppress(ConflictError):
            submissions.take_back(assignment=assignment)


@pytest.mark.django_db
@pytest.mark.parametrize("overlap", [2, 3, 4])
def test_sides_are_balanced_per_item_and_annotator_whatever_happens(
    make_pool: MakePool, make_annotator: MakeAnnotator, overlap: int
) -> None:
    for run in range(n_runs(1, 40)):
        project = make_pool(8, overlap=overlap)
        chance = random.Random(f"{overlap}:{run}")
        people = [make_annotator(project) for _ in range(14)]
        for _ in range(400):
            person = chance.choice(people)
            act = chance.choice((assignments.claim_next, assignments.claim_ahead))
            assignment = act(participant=person, project=project)
            if assignment is not None and assignment.state == State.OPEN:
                end_somehow(chance, assignment)
        full = set(
            FrontierEntry.objects.filter(
                project=project, n_counted=overlap
            ).values_list("pk", flat=True)
        )
        items, persons = firsts("item", project), firsts("participant", project)
        assert len(full) >= 6
        assert {spread(items[pk]) for pk in full} <= {0, 1}
        assert max(spread(counts) for counts in persons.values()) <= 3
        assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_expired_leases_do_not_unbalance_an_item(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1, overlap=2)
    one = claim(make_annotator(project))
    submit(one)
    for _ in range(3):
        lose(claim(make_annotator(project)))
    two = claim(make_annotator(project))
    assert {first(one), first(two)} == {0, 1}


@pytest.mark.django_db
def test_one_annotator_sees_both_sides_first_equally_often(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(20)
    person = make_annotator(project)
    seen: Counter[int] = Counter()
    for _ in range(20):
        assignment = claim(person)
        seen[first(assignment)] += 1
        assert spread(seen) <= 1
        submit(assignment)
    assert seen == {0: 10, 1: 10}


def lost_with_its_side_taken(
    project: Project, make_annotator: MakeAnnotator
) -> Assignment:
    """Return a lost lease; its item has one place left, for the other side."""
    mine = claim(make_annotator(project))
    theirs = claim(make_annotator(project))
    lose(mine)
    lose(theirs)
    for _ in range(9):
        stand_in = claim(make_annotator(project))
        if first(stand_in) == first(mine):
            submit(stand_in)
            return mine
        assignments.skip(assignment=stand_in, reason="")
    raise AssertionError("no presentation had the first side first")


@pytest.mark.django_db
def test_lost_lease_does_not_return_on_a_side_that_is_taken(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1, overlap=2)
    mine = lost_with_its_side_taken(project, make_annotator)
    somebody_else = make_annotator(project)
    asked = assignments.claim_next(participant=mine.participant, project=project)
    assert asked is None
    assert submit(mine) == State.SURPLUS
    assert first(claim(somebody_else)) != first(mine)


@pytest.mark.django_db
def test_balance_yields_where_nobody_else_is_there_to_finish_the_item(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1, overlap=2)
    mine = lost_with_its_side_taken(project, make_annotator)
    others = project.participants.exclude(pk=mine.participant_id)
    others.update(is_ready=False)
    again = claim(mine.participant)
    assert (again.pk, again.order) == (mine.pk, mine.order)
    assert submit(again) == State.SUBMITTED


@pytest.mark.django_db
def test_late_answer_counts_on_a_taken_side_where_nobody_else_is_there(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1, overlap=2)
    mine = lost_with_its_side_taken(project, make_annotator)
    others = project.participants.exclude(pk=mine.participant_id)
    others.update(is_ready=False)
    assert submit(mine) == State.SUBMITTED


@pytest.mark.django_db
def test_first_place_is_balanced_among_three_completions(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(0, overlap=4)
    QuestionsVersion.objects.filter(project=project).update(questions=RANKING)
    with transaction.atomic():
        ItemStore(project).add([draft(number, 3) for number in range(1, 7)])
    people = [make_annotator(project) for _ in range(8)]
    chance = random.Random(3)
    for _ in range(200):
        person = chance.choice(people)
        found = assignments.claim_next(participant=person, project=project)
        if found is not None:
            end_somehow(chance, found)
    items = firsts("item", project)
    full = FrontierEntry.objects.filter(project=project, n_counted=4)
    assert full.count() >= 5
    assert all(spread(items[entry.pk], 3) == 1 for entry in full)
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db(transaction=True)
def test_sides_are_balanced_among_people_who_ask_at_once(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2, overlap=10)
    askers = [make_annotator(project) for _ in range(20)]
    barrier = threading.Barrier(len(askers))

    def ask(person: Participant) -> Assignment:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return claim(person)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(askers)) as pool:
        got = list(pool.map(ask, askers))
    seen = Counter((assignment.item_id, first(assignment)) for assignment in got)
    assert len(seen) == 4
    assert set(seen.values()) == {5}


@pytest.mark.django_db
def test_counts_of_sides_can_be_computed_anew(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    person = make_annotator(project)
    submit(claim(person))
    FrontierEntry.objects.filter(project=project).update(turns=[0, 4])
    Participant.objects.filter(pk=person.pk).update(firsts=[3])
    assert rebuild_frontier(project=project) == 3
    assert rebuild_frontier(project=project) == 0


def test_counts_by_number_of_completions_do_not_share_a_place() -> None:
    places = [first_place(n, k) for n in range(1, 7) for k in range(n)]
    assert places == list(range(1, 22))
    assert with_first([], [1, 0]) == [0, 0, 1]
    assert with_first([0, 2, 1], [0, 1], 3) == [0, 5, 1]
