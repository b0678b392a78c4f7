"""Budgets for tests, and the sums of their entries, added up once more in Python."""

import uuid
from collections.abc import Callable
from decimal import Decimal

from annotation.models import Assignment, Budget, LedgerEntry, Participant, Project
from annotation.services import assignments, submissions
from annotation.services.budgets import Terms, rebuild_ledger, set_budget

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
ANSWERS = {"preference": {"value": 1}}


def usd(text: str) -> Decimal:
    return Decimal(text)


def give_budget(
    project: Project,
    cap: str | None = None,
    *,
    day: str | None = None,
    price: str = "0",
) -> Budget:
    """Set the budget as the owner would."""
    terms = Terms(
        None if cap is None else Decimal(cap),
        None if day is None else Decimal(day),
        Decimal(price),
    )
    return set_budget(project=project, user=project.created_by, terms=terms)


def figures(project: Project) -> tuple[str, str, str]:
    """Return what is spent, reserved and owed, short."""
    budget = Budget.objects.get(project=project)
    owed = sums(project)["owe"] - sums(project)["settle"]
    amounts = (budget.spent_usd, budget.reserved_usd, owed)
    spent, reserved, owes = (f"{amount:.2f}" for amount in amounts)
    return spent, reserved, owes


def sums(project: Project) -> dict[str, Decimal]:
    """Return the amounts of the entries by kind."""
    found = {kind.value: Decimal(0) for kind in LedgerEntry.Kind}
    for entry in LedgerEntry.objects.filter(project=project):
        found[entry.kind] += entry.amount_usd
    return found


def books_hold(project: Project) -> bool:
    """Tell whether counters and entries agree, and the cap was never passed."""
    budget = Budget.objects.get(project=project)
    by = sums(project)
    spent = by["commit"] - by["reverse"]
    reserved = by["reserve"] - by["commit"] - by["release"]
    is_within = budget.cap_usd is None or spent + reserved <= budget.cap_usd
    assert (budget.spent_usd, budget.reserved_usd) == (spent, reserved)
    return is_within and rebuild_ledger(project=project) == 0


def claim(person: Participant) -> Assignment | None:
    project = Project.objects.get(pk=person.project_id)
    return assignments.claim_next(participant=person, project=project)


def claimed(person: Participant) -> Assignment:
    found = claim(person)
    assert found is not None
    return found


def submit(assignment: Assignment) -> str:
    return submissions.submit(
        assignment=assignment, submission_id=uuid.uuid4(), answers=ANSWERS
    ).state
