"""Claiming on a real PostgreSQL: exact overlap, order, leases."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Assignment, FrontierEntry, Participant, Project
from annotation.services import assignments
from annotation.services.frontier import rebuild_frontier

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
State = Assignment.State


def claim(participant: Participant) -> Assignment | None:
    participant.project.refresh_from_db()
    return assignments.claim_next(participant=participant, project=participant.project)


def pass_on(assignment: Assignment) -> None:
    """End an assignment as submitted without storing an answer."""
    Assignment.objects.filter(pk=assignment.pk).update(state=State.SUBMITTED)
    FrontierEntry.objects.filter(item_id=assignment.item_id).update(n_counted=1)


def overdue(assignment: Assignment) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=past)


def test_asking_again_returns_the_open_assignment(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(3))
    first = claim(annotator)
    assert first is not None
    assert claim(annotator) == first
    assert FrontierEntry.objects.filter(n_taken=1).count() == 1


def test_each_item_comes_once_and_then_none(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(5, overlap=3))
    seen = []
    while (assignment := claim(annotator)) is not None:
        seen.append(assignment.item_id)
        pass_on(assignment)
    assert len(seen) == len(set(seen)) == 5


def test_higher_priority_comes_first_even_to_those_further_on(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(6)
    annotator = make_annotator(project)
    for _ in range(3):
        assignment = claim(annotator)
        assert assignment is not None
        pass_on(assignment)
    left = FrontierEntry.objects.filter(n_taken=0).order_by("-random_key")
    urgent = left[0]
    FrontierEntry.objects.filter(pk=urgent.pk).update(rank=-10)
    assignments.restart_walks(project=project)
    chosen = claim(annotator)
    assert chosen is not None
    assert chosen.item_id == urgent.item_id


def test_item_given_back_behind_the_cursor_is_found_again(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    walker, other = make_annotator(project), make_annotator(project)
    held = claim(other)
    passed = claim(walker)
    assert held is not None
    assert passed is not None
    pass_on(passed)
    assert claim(walker) is None
    assignments.release(assignment=held)
    again = claim(walker)
    assert again is not None
    assert again.item_id == held.item_id


def test_skipped_item_never_comes_back_to_the_same_person(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1)
    annotator, other = make_annotator(project), make_annotator(project)
    assignment = claim(annotator)
    assert assignment is not None
    assignments.skip(assignment=assignment, reason="Not my field.")
    assert claim(annotator) is None
    assert claim(other) is not None


def test_released_item_comes_back_in_the_same_order(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(1))
    assignment = claim(annotator)
    assert assignment is not None
    assignments.release(assignment=assignment)
    again = claim(annotator)
    assert again is not None
    assert (again.pk, again.order) == (assignment.pk, assignment.order)


def test_overdue_lease_goes_to_the_next_asker_without_waiting_for_beat(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1)
    late, next_one = make_annotator(project), make_annotator(project)
    assignment = claim(late)
    assert assignment is not None
    assert claim(next_one) is None
    overdue(assignment)
    assert claim(next_one) is not None


def test_renewed_lease_does_not_expire(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(1))
    assignment = claim(annotator)
    assert assignment is not None
    overdue(assignment)
    assignments.renew(assignment=assignment, layout="stacked")
    assert assignments.expire_leases() == 0
    assignment.refresh_from_db()
    assert assignment.layout == "stacked"


def test_lost_lease_cannot_be_renewed(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(1))
    assignment = claim(annotator)
    assert assignment is not None
    overdue(assignment)
    assert assignments.expire_leases() == 1
    with pytest.raises(ConflictError, match="run out"):
        assignments.renew(assignment=assignment)


def test_lease_ahead_is_opened_by_next(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(2))
    first = claim(annotator)
    ahead = assignments.claim_ahead(participant=annotator, project=annotator.project)
    assert first is not None
    assert ahead is not None
    assert ahead.state == State.QUEUED
    pass_on(first)
    opened = claim(annotator)
    assert opened is not None
    assert (opened.pk, opened.state) == (ahead.pk, State.OPEN)


def test_lease_ahead_is_taken_when_somebody_would_go_without(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    hoarder, other = make_annotator(project), make_annotator(project)
    assert claim(hoarder) is not None
    ahead = assignments.claim_ahead(participant=hoarder, project=project)
    assert ahead is not None
    taken = claim(other)
    assert taken is not None
    assert taken.item_id == ahead.item_id
    with pytest.raises(ConflictError, match="somebody else"):
        assignments.open_queued(assignment=ahead)
    assert FrontierEntry.objects.get(item_id=ahead.item_id).n_taken == 1


def test_paused_project_gives_nothing_new_but_lets_the_open_item_be_finished(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    working, new = make_annotator(project), make_annotator(project)
    assignment = claim(working)
    Project.objects.filter(pk=project.pk).update(is_paused=True)
    assert claim(new) is None
    assert claim(working) == assignment


def test_each_completion_stands_equally_often_first(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(4, overlap=2)
    first: Counter[tuple[int, int]] = Counter()
    for _ in range(2):
        annotator = make_annotator(project)
        while (assignment := claim(annotator)) is not None:
            assert assignment.order is not None
            first[assignment.item_id, assignment.order[0]] += 1
            pass_on(assignment)
    assert set(first.values()) == {1}
    assert len(first) == 8


def test_raised_overlap_opens_finished_items_again(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1)
    first, second = make_annotator(project), make_annotator(project)
    assert claim(first) is not None
    assert claim(second) is None
    assignments.set_overlap(project=project, overlap=2)
    assert claim(second) is not None


def test_counters_can_be_computed_anew(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(3)
    assert claim(make_annotator(project)) is not None
    FrontierEntry.objects.filter(project=project).update(n_taken=2, n_counted=1)
    assert rebuild_frontier(project=project) == 3
    assert rebuild_frontier(project=project) == 0
    assert sum(e.n_taken for e in FrontierEntry.objects.all()) == 1
