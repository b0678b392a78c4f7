"""What happens between two statements of one person's request: nothing is miscounted.

Each test lets another request commit at exactly the moment in question.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from annotation.errors import ConflictError, NotReadyError
from annotation.models import (
    Annotation,
    Assignment,
    ConsentDocument,
    ConsentRecord,
    Draft,
    FrontierEntry,
    Participant,
    Project,
)
from annotation.services import assignments, drafts, submissions, withdrawals
from annotation.services.frontier import rebuild_frontier
from tests.counts import n_runs
from tests.waiting import somebody_waits

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
State = Assignment.State
ANSWERS = {"preference": {"value": 1}}
pytestmark = pytest.mark.django_db(transaction=True)


def claim(participant: Participant) -> Assignment | None:
    return assignments.claim_next(participant=participant, project=participant.project)


def claimed(participant: Participant) -> Assignment:
    found = claim(participant)
    assert found is not None
    return found


def submit(assignment: Assignment, key: uuid.UUID | None = None) -> str:
    return submissions.submit(
        assignment=assignment, submission_id=key or uuid.uuid4(), answers=ANSWERS
    ).state


def begun(work: Callable[[], Any]) -> "Future[Any]":
    """Begin something on a connection of its own, and do not wait for it."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    pool = ThreadPoolExecutor(1)
    doing = pool.submit(run)
    pool.shutdown(wait=False)
    return doing


def elsewhere(work: Callable[[], Any]) -> "Future[Any]":
    """Do something on a connection of its own, and wait for its end."""
    doing = begun(work)
    doing.exception()
    return doing


@contextmanager
def crossed(first: Callable[[], Any], then: Callable[[], Any]) -> Iterator[Any]:
    """Do `first`, and before it is committed begin `then` on another connection.

    The block runs in the first transaction once `then` waits for it, or has ended.
    """

    def run() -> Any:
        try:
            return then()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        first()
        started: Future[Any] = pool.submit(run)
        while not started.done() and not somebody_waits():
            pass
        yield started


def after_look(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> None:
    """Let `work` commit right after a request has read what its person holds."""
    look, waiting = assignments._held, [work]

    def held(participant: Participant) -> dict[str, Any]:
        found = look(participant)
        if waiting:
            elsewhere(waiting.pop()).result()
        return found

    monkeypatch.setattr(assignments, "_held", held)


def assert_counted(project: Project) -> None:
    assert rebuild_frontier(project=project) == 0
    for entry in FrontierEntry.objects.filter(project=project):
        assert entry.n_taken <= entry.target


def test_lease_that_ends_while_it_is_asked_for_again_is_not_revived(
    make_pool: MakePool, make_annotator: MakeAnnotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotator = make_annotator(make_pool(1))
    held = claimed(annotator)
    after_look(monkeypatch, lambda: assignments.reclaim(assignment=held))
    assert claimed(annotator).pk == held.pk
    assert_counted(annotator.project)


def test_queued_item_that_goes_to_another_is_not_opened_too(
    make_pool: MakePool, make_annotator: MakeAnnotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_pool(2)
    first, second = make_annotator(project), make_annotator(project)
    done = claimed(first)
    ahead = assignments.claim_ahead(participant=first, project=project)
    assert ahead is not None
    submit(done)
    after_look(monkeypatch, lambda: claimed(second))
    with pytest.raises(ConflictError, match="somebody else"):
        assignments.open_queued(assignment=ahead)
    assert_counted(project)


def test_lost_item_skipped_in_another_tab_is_not_resumed(
    make_pool: MakePool, make_annotator: MakeAnnotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotator = make_annotator(make_pool(1, overlap=3))
    lost = claimed(annotator)
    drafts.save_draft(assignment=lost, answers=ANSWERS, revision=0)
    assignments.reclaim(assignment=lost)
    after_look(monkeypatch, lambda: assignments.skip(assignment=lost, reason=""))
    assert claim(annotator) is None
    lost.refresh_from_db()
    assert lost.state == State.SKIPPED
    assert_counted(annotator.project)


def test_item_skipped_while_it_is_lent_again_keeps_no_slot(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(1))
    lost = claimed(annotator)
    assignments.reclaim(assignment=lost)

    def skip() -> None:
        assignments.skip(assignment=lost, reason="")

    with crossed(skip, lambda: claim(annotator)) as asked:
        pass
    assert asked.result() is None
    assert FrontierEntry.objects.get().n_taken == 0
    assert_counted(annotator.project)


def test_late_answer_and_next_item_at_once_both_succeed(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    for _ in range(n_runs(8, 200)):
        annotator = make_annotator(make_pool(1))
        lost = claimed(annotator)
        assignments.reclaim(assignment=lost)
        start = threading.Barrier(2)

        def answer(held: Assignment = lost, start: threading.Barrier = start) -> str:
            connection.ensure_connection()
            start.wait(30)
            return submit(held)

        late = begun(answer)
        start.wait(30)
        taken = claim(annotator)
        assert late.result(60) == State.SUBMITTED
        assert taken is None or taken.pk == lost.pk
        assert_counted(annotator.project)


def test_one_submission_id_for_two_items_at_once_is_refused_once(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project, key = make_pool(2), uuid.uuid4()
    first, second = (claimed(make_annotator(project)) for _ in range(2))
    with crossed(lambda: submit(first, key), lambda: submit(second, key)) as other:
        pass
    with pytest.raises(ConflictError, match="used for another item"):
        other.result()
    assert_counted(project)


def test_draft_that_arrives_with_the_answer_is_not_left_behind(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    held = claimed(make_annotator(make_pool(1)))

    def save() -> None:
        drafts.save_draft(assignment=held, answers=ANSWERS, revision=0)

    with crossed(lambda: submit(held), save) as saved:
        pass
    with pytest.raises(ConflictError, match="submitted already"):
        saved.result()
    assert not Draft.objects.exists()


def test_queued_items_of_an_item_with_enough_answers_are_not_handed_on(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2, overlap=2)
    first, second, third = (make_annotator(project) for _ in range(3))
    for person in (first, second):
        claimed(person)
        assignments.claim_ahead(participant=person, project=project)
    assignments.set_overlap(project=project, overlap=1)
    assert claim(third) is None


def test_withdrawal_wins_over_a_request_under_way(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(1))
    text = ConsentDocument.objects.create(
        project=annotator.project, number=1, text="Agree?", sha256="0" * 64
    )
    ConsentRecord.objects.create(participant=annotator, document=text)

    def withdraw() -> None:
        withdrawals.withdraw(participant=annotator)

    with crossed(withdraw, lambda: claim(annotator)) as asked:
        pass
    with pytest.raises(NotReadyError):
        asked.result()
    assert not Assignment.objects.exists()


def test_taking_back_while_the_next_item_is_asked_for_keeps_one_open(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    annotator = make_annotator(make_pool(3))
    done = claimed(annotator)
    submit(done)

    def take_back() -> None:
        submissions.take_back(assignment=done)

    with crossed(take_back, lambda: claim(annotator)) as asked:
        pass
    assert asked.result().pk == done.pk
    assert Annotation.objects.filter(is_retraction=True).count() == 1
    assert_counted(annotator.project)
