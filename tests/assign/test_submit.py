"""Submitting, retrying, coming late, taking back: on a real PostgreSQL."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import ConflictError, InvalidError
from annotation.models import (
    Annotation,
    Assignment,
    Draft,
    FrontierEntry,
    Participant,
    Project,
)
from annotation.services import assignments, drafts, submissions
from annotation.services.frontier import rebuild_frontier

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
State = Assignment.State


@pytest.fixture
def annotator(make_pool: MakePool, make_annotator: MakeAnnotator) -> Participant:
    return make_annotator(make_pool(4))


def claim(participant: Participant) -> Assignment:
    found = assignments.claim_next(participant=participant, project=participant.project)
    assert found is not None
    return found


def submit(
    assignment: Assignment, value: int = 2, key: uuid.UUID | None = None
) -> submissions.Submission:
    return submissions.submit(
        assignment=assignment,
        submission_id=key or uuid.uuid4(),
        answers={"preference": {"value": value}},
        active_ms=4200,
    )


def lose(assignment: Assignment) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=past)
    assert assignments.expire_leases() == 1


def entry(assignment: Assignment) -> FrontierEntry:
    return FrontierEntry.objects.get(item_id=assignment.item_id)


def test_answer_is_stored_in_canonical_order(annotator: Participant) -> None:
    values = {}
    for _ in range(4):
        assignment = claim(annotator)
        assert assignment.order is not None
        submit(assignment, value=2)
        stored = Annotation.objects.get(assignment=assignment)
        values[tuple(assignment.order)] = stored.answers["preference"]["value"]
    assert values == {(0, 1): 2, (1, 0): -2}


def test_submission_ends_the_lease_and_counts_once(annotator: Participant) -> None:
    assignment = claim(annotator)
    result = submit(assignment)
    assignment.refresh_from_db()
    annotator.refresh_from_db()
    assert (result.is_new, result.state) == (True, State.SUBMITTED)
    assert assignment.lease_until is None
    assert (entry(assignment).n_taken, entry(assignment).n_counted) == (1, 1)
    assert annotator.n_done == 1
    assert rebuild_frontier(project=annotator.project) == 0


def test_retry_returns_the_first_result(annotator: Participant) -> None:
    assignment, key = claim(annotator), uuid.uuid4()
    first, again = submit(assignment, key=key), submit(assignment, key=key)
    assert (again.annotation_id, again.is_new) == (first.annotation_id, False)
    assert Annotation.objects.count() == 1


def test_submission_id_of_another_item_is_refused(annotator: Participant) -> None:
    key = uuid.uuid4()
    submit(claim(annotator), key=key)
    with pytest.raises(ConflictError, match="used for another item"):
        submit(claim(annotator), key=key)


def test_incomplete_answer_stores_nothing_and_names_the_question(
    annotator: Participant,
) -> None:
    assignment = claim(annotator)
    with pytest.raises(InvalidError) as caught:
        submissions.submit(
            assignment=assignment, submission_id=uuid.uuid4(), answers={}
        )
    assert [p.path for p in caught.value.problems] == ["answers.preference"]
    assert not Annotation.objects.exists()
    assignment.refresh_from_db()
    assert assignment.state == State.OPEN


def test_second_answer_supersedes_the_first(annotator: Participant) -> None:
    assignment = claim(annotator)
    submit(assignment, value=1)
    submit(assignment, value=-3)
    first, second = Annotation.objects.order_by("pk")
    assignment.refresh_from_db()
    assert second.supersedes == first
    assert assignment.annotation == second
    assert entry(assignment).n_counted == 1
    annotator.refresh_from_db()
    assert annotator.n_done == 1


def test_late_answer_counts_while_the_slot_is_free(annotator: Participant) -> None:
    assignment = claim(annotator)
    lose(assignment)
    assert submit(assignment).state == State.SUBMITTED
    assert (entry(assignment).n_taken, entry(assignment).n_counted) == (1, 1)


def test_late_answer_is_kept_as_surplus_when_the_slot_is_gone(
    annotator: Participant, make_annotator: MakeAnnotator
) -> None:
    assignment = claim(annotator)
    lose(assignment)
    other = make_annotator(annotator.project)
    FrontierEntry.objects.exclude(item_id=assignment.item_id).update(target=0)
    submit(claim(other))
    assert submit(assignment).state == State.SURPLUS
    assert (entry(assignment).n_taken, entry(assignment).n_counted) == (1, 1)
    assert Annotation.objects.filter(item_id=assignment.item_id).count() == 2


def test_taken_back_answer_reopens_with_its_answers(annotator: Participant) -> None:
    assignment = claim(annotator)
    submit(assignment, value=3)
    submissions.take_back(assignment=assignment)
    assignment.refresh_from_db()
    assert assignment.state == State.OPEN
    assert Draft.objects.get().answers == {"preference": {"value": 3}}
    assert (entry(assignment).n_taken, entry(assignment).n_counted) == (1, 0)
    retraction = Annotation.objects.get(is_retraction=True)
    assert retraction.supersedes is not None
    assert rebuild_frontier(project=annotator.project) == 0


def test_taken_back_answer_can_be_given_anew(annotator: Participant) -> None:
    assignment = claim(annotator)
    submit(assignment, value=3)
    submissions.take_back(assignment=assignment)
    submit(assignment, value=-1)
    assignment.refresh_from_db()
    assert assignment.annotation is not None
    assert not assignment.annotation.is_retraction
    assert Annotation.objects.count() == 3
    assert rebuild_frontier(project=annotator.project) == 0


def test_taking_back_puts_the_opened_item_back_in_the_queue(
    annotator: Participant,
) -> None:
    first = claim(annotator)
    submit(first)
    second = claim(annotator)
    third = assignments.claim_ahead(participant=annotator, project=annotator.project)
    submissions.take_back(assignment=first)
    assert third is not None
    for assignment, state in (
        (first, State.OPEN),
        (second, State.QUEUED),
        (third, State.RELEASED),
    ):
        assignment.refresh_from_db()
        assert assignment.state == state
    assert rebuild_frontier(project=annotator.project) == 0


def test_answer_cannot_be_taken_back_after_the_grace_time(
    annotator: Participant,
) -> None:
    Project.objects.update(grace_s=0)
    assignment = claim(annotator)
    submit(assignment)
    with pytest.raises(ConflictError, match="has passed"):
        submissions.take_back(assignment=assignment)


def test_submitted_item_cannot_be_skipped(annotator: Participant) -> None:
    assignment = claim(annotator)
    submit(assignment)
    with pytest.raises(ConflictError, match="answered already"):
        assignments.skip(assignment=assignment, reason="")


def test_draft_of_another_tab_is_not_overwritten(annotator: Participant) -> None:
    assignment = claim(annotator)
    mine = drafts.save_draft(
        assignment=assignment, answers={"a": 1}, revision=0, tab="one"
    )
    drafts.save_draft(
        assignment=assignment, answers={"a": 2}, revision=mine.revision, tab="two"
    )
    with pytest.raises(ConflictError, match="Another tab") as caught:
        drafts.save_draft(
            assignment=assignment, answers={"a": 3}, revision=mine.revision, tab="one"
        )
    assert caught.value.data == {"revision": 2, "answers": {"a": 2}}


def test_draft_survives_the_lease(annotator: Participant) -> None:
    assignment = claim(annotator)
    drafts.save_draft(assignment=assignment, answers={"a": 1}, revision=0, tab="one")
    lose(assignment)
    again = claim(annotator)
    assert again.pk == assignment.pk
    assert Draft.objects.get().answers == {"a": 1}


@pytest.mark.django_db(transaction=True)
def test_double_click_stores_one_answer(annotator: Participant) -> None:
    assignment, key = claim(annotator), uuid.uuid4()

    def click(_: int) -> submissions.Submission:
        try:
            return submit(assignment, key=key)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(click, range(6)))
    assert sum(result.is_new for result in results) == 1
    assert len({result.annotation_id for result in results}) == 1
    assert Annotation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_latecomers_never_exceed_the_overlap(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(1, overlap=2)
    late = []
    for _ in range(8):
        assignment = claim(make_annotator(project))
        lose(assignment)
        late.append(assignment)

    def answer(assignment: Assignment) -> str:
        try:
            return submit(assignment).state
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(answer, late))
    assert states.count(State.SUBMITTED) == 2
    assert states.count(State.SURPLUS) == 6
    assert FrontierEntry.objects.get().n_counted == 2
