"""Reserving for a machine's batches, and what they cost: known arithmetic."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import BudgetSpentError, NotFoundError
from annotation.models import Budget, LedgerEntry, Project, Reservation
from annotation.services import budgets, ledger
from tests.ledger.books import MakePool, books_hold, figures, give_budget, usd

BATCH = "run:17:batch:3"


@pytest.fixture
def project(make_pool: MakePool) -> Project:
    return make_pool(1)


def reserve(project: Project, amount: str, reference: str = BATCH) -> Reservation:
    return ledger.reserve(project=project, amount=usd(amount), reference=reference)


def test_the_actual_cost_is_spent_and_the_rest_given_back(project: Project) -> None:
    give_budget(project, "10")
    assert reserve(project, "4").held_usd == 4
    assert figures(project) == ("0.00", "4.00", "0.00")
    done = ledger.commit(project=project, reference=BATCH, actual=usd("2.5"))
    assert (done.held_usd, done.spent_usd) == (usd("0"), usd("2.5"))
    assert figures(project) == ("2.50", "0.00", "0.00")
    assert books_hold(project)


def test_what_passes_the_cap_is_refused_and_nothing_is_held(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "7", "run:1")
    with pytest.raises(BudgetSpentError, match=r"has \$3.00 left") as caught:
        reserve(project, "3.000001", "run:2")
    assert (caught.value.code, caught.value.data["cap"]) == ("budget_spent", "project")
    assert caught.value.data["left_usd"] == "3.000000"
    assert not Reservation.objects.filter(reference="run:2").exists()
    assert reserve(project, "3", "run:2").held_usd == 3
    assert books_hold(project)


def test_the_cap_of_the_day_refuses_and_says_so(project: Project) -> None:
    give_budget(project, "10", day="1")
    reserve(project, "0.6")
    ledger.commit(project=project, reference=BATCH, actual=usd("0.6"))
    with pytest.raises(BudgetSpentError, match="tomorrow") as caught:
        reserve(project, "0.5", "run:2")
    assert caught.value.data["cap"] == "day"


def test_the_next_day_begins_with_nothing_spent(project: Project) -> None:
    give_budget(project, "10", day="1")
    reserve(project, "0.6")
    ledger.commit(project=project, reference=BATCH, actual=usd("0.6"))
    yesterday = Budget.objects.get().day - timedelta(days=1)
    Budget.objects.update(day=yesterday)
    LedgerEntry.objects.update(day=yesterday)
    assert reserve(project, "0.9", "run:2").held_usd == usd("0.9")
    budget = Budget.objects.get()
    assert (budget.day_spent_usd, budget.spent_usd) == (usd("0"), usd("0.6"))
    assert books_hold(project)


def test_without_caps_everything_is_booked_and_nothing_refused(
    project: Project,
) -> None:
    assert not Budget.objects.exists()
    reserve(project, "1000000")
    ledger.commit(project=project, reference=BATCH, actual=usd("999999.123456"))
    assert Budget.objects.get().spent_usd == usd("999999.123456")
    assert books_hold(project)


def test_reserving_again_raises_to_the_amount_and_never_adds(project: Project) -> None:
    give_budget(project, "10")
    for amount, held in (("4", 4), ("4", 4), ("6", 6), ("1", 6)):
        assert reserve(project, amount).held_usd == held
    assert books_hold(project)


def test_repeated_commits_and_releases_change_nothing(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "4")
    for _ in range(3):
        ledger.commit(project=project, reference=BATCH, actual=usd("1"))
        ledger.release(project=project, reference=BATCH)
    assert figures(project) == ("1.00", "0.00", "0.00")
    assert [e.kind for e in LedgerEntry.objects.order_by("id")] == [
        "reserve",
        "commit",
        "release",
    ]


def test_calls_are_booked_one_by_one_and_each_once(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "3")
    for call in ("a", "b", "a", "b", "c"):
        ledger.commit_part(
            project=project, reference=BATCH, actual=usd("0.25"), key=call
        )
    assert figures(project) == ("0.75", "2.25", "0.00")
    ledger.release(project=project, reference=BATCH)
    assert figures(project) == ("0.75", "0.00", "0.00")
    assert books_hold(project)


def test_more_than_was_held_is_taken_from_the_budget(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "1")
    ledger.commit(project=project, reference=BATCH, actual=usd("1.5"))
    assert figures(project) == ("1.50", "0.00", "0.00")
    assert books_hold(project)


def test_more_than_the_cap_allows_is_owed_and_never_spent(project: Project) -> None:
    give_budget(project, "1")
    reserve(project, "1")
    done = ledger.commit(project=project, reference=BATCH, actual=usd("1.2"))
    assert figures(project) == ("1.00", "0.00", "0.20")
    assert done.owed_usd == usd("0.2")
    assert books_hold(project)
    give_budget(project, "2")
    assert figures(project) == ("1.20", "0.00", "0.00")
    assert budgets.pay_owed() == 0
    assert books_hold(project)


def test_a_reversal_takes_all_back_and_can_be_booked_anew(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "4")
    ledger.commit(project=project, reference=BATCH, actual=usd("4"))
    for _ in range(2):
        ledger.reverse(project=project, reference=BATCH)
    assert figures(project) == ("0.00", "0.00", "0.00")
    assert Budget.objects.get().day_spent_usd == 0
    reserve(project, "2")
    ledger.commit(project=project, reference=BATCH, actual=usd("2"))
    assert figures(project) == ("2.00", "0.00", "0.00")
    assert books_hold(project)


def test_a_reversal_counts_on_the_day_of_the_commit(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "4")
    ledger.commit(project=project, reference=BATCH, actual=usd("4"))
    yesterday = Budget.objects.get().day - timedelta(days=1)
    Budget.objects.update(day=yesterday)
    LedgerEntry.objects.update(day=yesterday)
    reserve(project, "1", "run:2")
    ledger.commit(project=project, reference="run:2", actual=usd("1"))
    ledger.reverse(project=project, reference=BATCH)
    budget = Budget.objects.get()
    assert (budget.spent_usd, budget.day_spent_usd) == (usd("1"), usd("1"))
    assert LedgerEntry.objects.get(kind="reverse").day == yesterday
    assert books_hold(project)


def test_what_a_killed_worker_held_comes_back_with_its_lease(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "4")
    ledger.commit_part(project=project, reference=BATCH, actual=usd("1"), key="a")
    assert ledger.expire_reservations() == 0
    # Before the transaction of the test began, however long it has gone on.
    past = timezone.now() - timedelta(hours=1)
    Reservation.objects.update(lease_until=past)
    assert ledger.expire_reservations() == 1
    assert figures(project) == ("1.00", "0.00", "0.00")
    assert not ledger.renew(project=project, reference=BATCH)
    # Its call comes back after all: that is booked as well.
    ledger.commit_part(project=project, reference=BATCH, actual=usd("1"), key="b")
    assert figures(project) == ("2.00", "0.00", "0.00")
    assert books_hold(project)


def test_a_renewed_lease_keeps_what_is_held(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "4")
    Reservation.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    assert ledger.renew(project=project, reference=BATCH)
    assert ledger.expire_reservations() == 0


def test_costs_are_rounded_up_to_a_millionth(project: Project) -> None:
    reserve(project, "1")
    ledger.commit(project=project, reference=BATCH, actual=Decimal("0.0000001"))
    assert Budget.objects.get().spent_usd == usd("0.000001")


def test_an_unknown_reference_is_named(project: Project) -> None:
    with pytest.raises(NotFoundError, match="run:99"):
        ledger.commit(project=project, reference="run:99", actual=usd("1"))


def test_the_database_itself_refuses_to_be_overspent(project: Project) -> None:
    give_budget(project, "1")
    with (
        pytest.raises(IntegrityError, match="budget_never_overspent"),
        transaction.atomic(),
    ):
        Budget.objects.update(spent_usd=usd("0.6"), reserved_usd=usd("0.5"))


def test_wrong_counters_are_mended_from_the_entries(project: Project) -> None:
    give_budget(project, "10")
    reserve(project, "4")
    ledger.commit(project=project, reference=BATCH, actual=usd("1"))
    Budget.objects.update(spent_usd=usd("9"), reserved_usd=usd("0.5"))
    Reservation.objects.update(spent_usd=usd("0"))
    assert budgets.rebuild_ledger(project=project) == 2
    assert books_hold(project)


def owe(project: Project, n: int) -> None:
    """Let a project owe a dollar for each of so many batches."""
    Reservation.objects.bulk_create(
        Reservation(
            project=project, purpose="machine", reference=f"old:{i}", owed_usd=usd("1")
        )
        for i in range(n)
    )


def owing(project: Project) -> int:
    return Reservation.objects.filter(project=project, owed_usd__gt=0).count()


def test_a_project_without_room_keeps_no_other_from_being_paid(
    project: Project, make_pool: MakePool
) -> None:
    other = make_pool(1)
    assert project.pk < other.pk
    for one in (project, other):
        give_budget(one, "0")
    owe(project, 1001)
    owe(other, 1)
    Budget.objects.filter(project=other).update(cap_usd=usd("1"))
    assert budgets.pay_owed() == 1
    assert (owing(project), owing(other)) == (1001, 0)


def test_a_new_cap_pays_a_part_at_once_and_beat_the_rest(project: Project) -> None:
    give_budget(project, "0")
    owe(project, budgets.PAID_AT_ONCE + 5)
    assert give_budget(project, "100").spent_usd == budgets.PAID_AT_ONCE
    assert owing(project) == 5
    assert budgets.pay_owed() == 5
    assert owing(project) == 0
