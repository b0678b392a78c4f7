"""What answers cost: reserved with the lease, spent with the answer, or given back."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import (
    Annotation,
    Assignment,
    Budget,
    FrontierEntry,
    LedgerEntry,
    Participant,
    Project,
    Reservation,
)
from annotation.selectors.own_work import why_empty
from annotation.services import assignments, submissions
from annotation.services.frontier import rebuild_frontier
from annotation.services.withdrawals import withdraw
from tests.ledger.books import (
    ANSWERS,
    MakeAnnotator,
    MakePool,
    books_hold,
    claim,
    claimed,
    figures,
    give_budget,
    submit,
)

State = Assignment.State


@pytest.fixture
def project(make_pool: MakePool) -> Project:
    return make_pool(6)


@pytest.fixture
def annotator(project: Project, make_annotator: MakeAnnotator) -> Participant:
    return make_annotator(project)


def lose(assignment: Assignment) -> None:
    # Before the transaction of the test began, however long it has gone on.
    past = timezone.now() - timedelta(hours=1)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=past)


def test_a_claim_reserves_and_a_submission_spends(annotator: Participant) -> None:
    give_budget(annotator.project, "1", price="0.25")
    found = claimed(annotator)
    assert figures(annotator.project) == ("0.00", "0.25", "0.00")
    key = uuid.uuid4()
    for _ in range(2):
        submissions.submit(assignment=found, submission_id=key, answers=ANSWERS)
    assert figures(annotator.project) == ("0.25", "0.00", "0.00")
    assert books_hold(annotator.project)


def test_at_the_cap_people_are_told_kindly_that_work_is_paused(
    annotator: Participant,
) -> None:
    give_budget(annotator.project, "0.50", price="0.25")
    for _ in range(2):
        submit(claimed(annotator))
    assert claim(annotator) is None
    empty = why_empty(annotator, annotator.project)
    assert (empty.reason, empty.is_awaited) == ("budget_spent", True)
    assert "paused" in empty.title
    give_budget(annotator.project, "0.75", price="0.25")
    submit(claimed(annotator))
    assert claim(annotator) is None
    assert rebuild_frontier(project=annotator.project) == 0
    assert books_hold(annotator.project)


def test_at_the_cap_of_the_day_people_are_asked_to_come_tomorrow(
    one_day: None, annotator: Participant
) -> None:
    give_budget(annotator.project, "9", day="0.25", price="0.25")
    submit(claimed(annotator))
    assert claim(annotator) is None
    assert why_empty(annotator, annotator.project).reason == "day_spent"


def test_an_open_item_stays_open_when_the_cap_is_reached(
    annotator: Participant,
) -> None:
    give_budget(annotator.project, "0.25", price="0.25")
    found = claimed(annotator)
    assert claimed(annotator).pk == found.pk
    ahead = assignments.claim_ahead(participant=annotator, project=annotator.project)
    assert ahead is None
    assert books_hold(annotator.project)


@pytest.mark.parametrize("end", ["release", "skip", "expire", "reclaim", "withdraw"])
def test_every_end_without_an_answer_gives_back(
    annotator: Participant, end: str
) -> None:
    project = annotator.project
    give_budget(project, "1", price="0.25")
    found = claimed(annotator)
    assignments.claim_ahead(participant=annotator, project=project)
    assert figures(project) == ("0.00", "0.50", "0.00")
    if end == "release":
        assignments.release(assignment=found)
    elif end == "skip":
        assignments.skip(assignment=found, reason="Too hard.")
    elif end == "reclaim":
        assignments.reclaim(assignment=found)
    elif end == "expire":
        lose(found)
        assert assignments.expire_leases() == 1
    else:
        withdraw(participant=annotator)
    left = "0.00" if end == "withdraw" else "0.25"
    assert figures(project) == ("0.00", left, "0.00")
    assert rebuild_frontier(project=project) == 0
    assert books_hold(project)


def test_answers_of_who_withdraws_stay_paid_without_their_hour(
    annotator: Participant,
) -> None:
    give_budget(annotator.project, "1", price="0.25")
    submit(claimed(annotator))
    worked_at = datetime(2026, 3, 4, 15, 16, 17, tzinfo=UTC)
    for table in (Reservation, LedgerEntry):
        table._default_manager.update(created_at=worked_at)
    withdraw(participant=annotator)
    for table in (Reservation, LedgerEntry):
        (kept,) = set(table._default_manager.values_list("created_at", flat=True))
        assert kept == datetime(2026, 3, 4, tzinfo=UTC), table
    assert figures(annotator.project) == ("0.25", "0.00", "0.00")
    assert books_hold(annotator.project)


def test_money_of_a_dead_lease_is_found_before_work_is_called_paused(
    annotator: Participant, make_annotator: MakeAnnotator
) -> None:
    give_budget(annotator.project, "0.25", price="0.25")
    lose(claimed(annotator))
    assert claim(make_annotator(annotator.project)) is not None
    assert figures(annotator.project) == ("0.00", "0.25", "0.00")
    assert books_hold(annotator.project)


def test_a_lease_taken_over_gives_its_money_back(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    first, second = make_annotator(project), make_annotator(project)
    give_budget(project, "9", price="1")
    claimed(first)
    assert assignments.claim_ahead(participant=first, project=project) is not None
    claimed(second)
    assert figures(project) == ("0.00", "2.00", "0.00")
    assert books_hold(project)


def test_a_late_answer_is_paid_where_the_cap_has_room(
    annotator: Participant, make_annotator: MakeAnnotator
) -> None:
    project = annotator.project
    give_budget(project, "9", price="1")
    late = claimed(annotator)
    lose(late)
    assignments.expire_leases()
    FrontierEntry.objects.exclude(item_id=late.item_id).update(target=0)
    submit(claimed(make_annotator(project)))
    assert submit(late) == State.SURPLUS
    assert figures(project) == ("2.00", "0.00", "0.00")
    assert books_hold(project)


def test_a_late_answer_without_room_is_kept_and_owed(
    annotator: Participant, make_annotator: MakeAnnotator
) -> None:
    project = annotator.project
    give_budget(project, "1", price="1")
    late = claimed(annotator)
    lose(late)
    assignments.expire_leases()
    submit(claimed(make_annotator(project)))
    assert submit(late) == State.SURPLUS
    assert figures(project) == ("1.00", "0.00", "1.00")
    assert Annotation.objects.count() == 2
    give_budget(project, "2", price="1")
    assert figures(project) == ("2.00", "0.00", "0.00")
    assert books_hold(project)


def test_taking_back_reverses_and_promises_again(annotator: Participant) -> None:
    project = annotator.project
    give_budget(project, "1", price="1")
    found = claimed(annotator)
    submit(found)
    found.refresh_from_db()
    assert submissions.take_back(assignment=found).state == State.OPEN
    assert figures(project) == ("0.00", "1.00", "0.00")
    kinds = LedgerEntry.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["reserve", "commit", "reverse", "reserve"]
    submit(found)
    assert figures(project) == ("1.00", "0.00", "0.00")
    assert books_hold(project)


def test_an_owed_answer_taken_back_is_owed_no_longer(annotator: Participant) -> None:
    project = annotator.project
    give_budget(project, "1", price="1")
    late = claimed(annotator)
    lose(late)
    assignments.expire_leases()
    give_budget(project, "0", price="1")
    assert submit(late) == State.SUBMITTED
    assert figures(project) == ("0.00", "0.00", "1.00")
    late.refresh_from_db()
    assert submissions.take_back(assignment=late).state == State.EXPIRED
    assert figures(project) == ("0.00", "0.00", "0.00")
    assert rebuild_frontier(project=project) == 0
    give_budget(project, "1", price="1")
    assert claimed(annotator).pk == late.pk
    assert books_hold(project)


def test_taking_back_gives_the_queued_lease_back(annotator: Participant) -> None:
    project = annotator.project
    give_budget(project, "9", price="1")
    first = claimed(annotator)
    submit(first)
    claimed(annotator)
    assert assignments.claim_ahead(participant=annotator, project=project) is not None
    first.refresh_from_db()
    submissions.take_back(assignment=first)
    assert figures(project) == ("0.00", "2.00", "0.00")
    assert books_hold(project)


def test_a_changed_answer_is_not_paid_twice(annotator: Participant) -> None:
    project = annotator.project
    Project.objects.update(editing="always")
    give_budget(project, "9", price="1")
    found = claimed(annotator)
    for _ in range(2):
        submit(found)
    assert Annotation.objects.count() == 2
    assert figures(project) == ("1.00", "0.00", "0.00")


def test_a_promise_keeps_its_price(annotator: Participant) -> None:
    project = annotator.project
    give_budget(project, "9", price="1")
    found = claimed(annotator)
    give_budget(project, "9", price="0")
    submit(found)
    assert figures(project) == ("1.00", "0.00", "0.00")
    submit(claimed(annotator))
    assert figures(project) == ("1.00", "0.00", "0.00")


def test_a_lease_from_before_the_price_is_paid_at_the_price_of_now(
    annotator: Participant,
) -> None:
    found = claimed(annotator)
    give_budget(annotator.project, "9", price="1")
    submit(found)
    assert figures(annotator.project) == ("1.00", "0.00", "0.00")


def test_what_a_forgotten_lease_holds_is_found_by_the_rebuild(
    annotator: Participant,
) -> None:
    give_budget(annotator.project, "9", price="1")
    found = claimed(annotator)
    Assignment.objects.filter(pk=found.pk).update(state=State.EXPIRED, lease_until=None)
    assert not books_hold(annotator.project)
    assert figures(annotator.project) == ("0.00", "0.00", "0.00")
    assert books_hold(annotator.project)


def statements(project: Project, person: Participant) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        found = claimed(person)
        assignments.claim_ahead(participant=person, project=found.project)
        submit(found)
    return [query["sql"] for query in caught.captured_queries]


def test_without_a_price_the_ledger_is_never_asked(annotator: Participant) -> None:
    ran = statements(annotator.project, annotator)
    give_budget(annotator.project, "9", day="1")
    ran += statements(annotator.project, annotator)
    tables = ("budget", "reservation", "ledger_entry")
    assert not [sql for sql in ran if any(f" {table} " in sql for table in tables)]
    assert not Reservation.objects.exists()


def test_with_a_price_a_cycle_costs_a_few_short_statements_more(
    annotator: Participant,
) -> None:
    statements(annotator.project, annotator)
    submit(claimed(annotator))
    before = len(statements(annotator.project, annotator))
    submit(claimed(annotator))
    give_budget(annotator.project, "9", price="1")
    after = len(statements(annotator.project, annotator))
    # Two claims look, open and hold; one answer opens, looks and spends.
    assert after - before == 9
    assert Budget.objects.get().spent_usd == 1
