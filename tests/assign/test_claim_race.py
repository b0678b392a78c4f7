"""Many askers at once, on real connections of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotation.models import Assignment, FrontierEntry, Participant, Project
from annotation.services import assignments
from annotation.services.frontier import rebuild_frontier
from tests.counts import n_runs

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(askers: list[Participant]) -> list[Assignment | None]:
    """Let everyone ask in the same moment, each on a connection of its own."""
    barrier = threading.Barrier(len(askers))

    def ask(participant: Participant) -> Assignment | None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return assignments.claim_next(
                participant=participant, project=participant.project
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(len(askers)) as pool:
        return list(pool.map(ask, askers))


def test_fifty_askers_for_ten_items_with_overlap_three_get_exactly_thirty(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    for _ in range(n_runs(1, 30)):
        project = make_pool(10, overlap=3)
        got = at_once([make_annotator(project) for _ in range(50)])
        assert sum(assignment is not None for assignment in got) == 30
        taken = FrontierEntry.objects.filter(project=project).values("n_taken")
        assert {entry["n_taken"] for entry in taken} == {3}


def test_nobody_goes_without_while_a_slot_is_free(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1, overlap=20)
    got = at_once([make_annotator(project) for _ in range(20)])
    assert None not in got


def test_two_tabs_of_one_person_get_the_same_item(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(5)
    annotator = make_annotator(project)
    got = at_once([annotator] * 8)
    assert len({assignment.pk for assignment in got if assignment}) == 1
    assert sum(entry.n_taken for entry in FrontierEntry.objects.all()) == 1


def test_leases_ahead_never_exceed_the_overlap(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(6, overlap=2)
    people = [make_annotator(project) for _ in range(12)]
    at_once(people)
    for person in people:
        assignments.claim_ahead(participant=person, project=project)
    assert all(entry.n_taken <= 2 for entry in FrontierEntry.objects.all())
    assert rebuild_frontier(project=project) == 0
