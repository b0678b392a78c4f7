"""Step assign: what a person does before their first item: training, qualification.

Called by services.insertions inside a claim, and after a submission to tell how an
attempt went. An attempt is graded once, when its last item is answered; what came of
it is a row of its own, so that a gold answer mended later changes no past result.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.allocation.insertion import CheckRules, read_rules
from annotation.errors import ConflictError
from annotation.gold import InvalidGoldError, grade, read_gold
from annotation.models import (
    Assignment,
    CheckPlan,
    Participant,
    QualificationAttempt,
)
from annotation.questions import parse_questions
from annotation.services.events import record
from annotation.words import gettext as _

if TYPE_CHECKING:
    from annotation.services.insertions import Lender

Stage = CheckPlan.Stage
State = Assignment.State
Purpose = Assignment.Purpose
GONE = (State.EXPIRED, State.RELEASED)
HELD = (State.OPEN, State.QUEUED)


def pass_gate(lender: Lender, plan: CheckPlan) -> int | None:
    """Return the next training or qualification item; None = none now.

    Sets `plan.stage`; where it is OPEN afterwards, the items of the project follow.
    """
    found = None
    if plan.stage == Stage.TRAINING:
        found = _train(lender, plan)
    if found is None and plan.stage in (Stage.WAITING, Stage.FAILED):
        _try_again(lender.participant, lender.rules, plan)
    if found is None and plan.stage == Stage.QUALIFICATION:
        found = _qualify(lender, plan)
    return found


def _train(lender: Lender, plan: CheckPlan) -> int | None:
    asked = _asked(lender.participant, Purpose.TRAINING)
    if asked.count() < lender.rules.n_training:
        found = lender.lend_check(Purpose.TRAINING)
        if found is not None:
            return found
    is_last = not lender.rules.n_qualification
    _move(plan, Stage.OPEN if is_last else Stage.QUALIFICATION)
    return None


def _qualify(lender: Lender, plan: CheckPlan) -> int | None:
    asked = _asked(lender.participant, Purpose.QUALIFICATION, plan.attempt)
    if not lender.rules.n_qualification:
        _move(plan, Stage.OPEN)
        return None
    if len(asked) < lender.rules.n_qualification:
        found = lender.lend_check(Purpose.QUALIFICATION, plan.attempt)
        if found is not None:
            return found
    conclude(lender.participant, lender.rules, plan)
    return None


def conclude(
    participant: Participant, rules: CheckRules, plan: CheckPlan
) -> QualificationAttempt | None:
    """Grade the present attempt once nothing of it is open; None where it goes on.

    A skipped item is not right. With fewer items than the rules ask for, those there
    are decide.
    """
    asked = list(_asked(participant, Purpose.QUALIFICATION, plan.attempt))
    if not asked or any(a.state in HELD for a in asked):
        return None
    n_correct = sum(is_correct(assignment) for assignment in asked)
    is_passed = 100 * n_correct >= rules.pass_percent * len(asked)
    attempt = QualificationAttempt.objects.create(
        participant=participant,
        number=plan.attempt,
        n_asked=len(asked),
        n_correct=n_correct,
        pass_percent=rules.pass_percent,
        is_passed=is_passed,
    )
    if is_passed:
        _move(plan, Stage.OPEN)
    elif plan.attempt >= rules.n_attempts:
        _move(plan, Stage.FAILED)
    else:
        _move(plan, Stage.WAITING)
    return attempt


def is_correct(assignment: Assignment) -> bool:
    """Tell whether the current answer of a check is right; loads what it needs."""
    answer = assignment.annotation
    if answer is None or not assignment.item.gold:
        return False
    questions = parse_questions(assignment.questions_version.questions)
    try:
        gold = read_gold(assignment.item.gold, questions, assignment.item.n_completions)
    except InvalidGoldError:
        # The questions have changed since; the owner's page says so.
        return False
    return grade(gold, answer.answers).is_correct


def _try_again(participant: Participant, rules: CheckRules, plan: CheckPlan) -> None:
    """Begin the next attempt where one is left and the wait is over."""
    if plan.attempt >= rules.n_attempts:
        _move(plan, Stage.FAILED)
        return
    until = waits_until(participant, rules)
    if until is not None and until > timezone.now():
        _move(plan, Stage.WAITING)
        return
    plan.attempt += 1
    _move(plan, Stage.QUALIFICATION)


def waits_until(participant: Participant, rules: CheckRules) -> datetime | None:
    """Return when the next attempt may begin; None before the first one; one query."""
    last = participant.qualification_attempts.order_by("-id").first()
    return None if last is None else last.created_at + timedelta(hours=rules.wait_hours)


def _asked(
    participant: Participant, purpose: str, round_: int = 1
) -> QuerySet[Assignment]:
    return (
        Assignment.objects.filter(
            participant=participant, purpose=purpose, round=round_
        )
        .exclude(state__in=GONE)
        .select_related("annotation", "item", "questions_version")
    )


def _move(plan: CheckPlan, stage: str) -> None:
    plan.stage = stage
    plan.save(update_fields=("stage", "attempt"))


# --- after a submission, and by hand -------------------------------------------------


@transaction.atomic
def conclude_after(*, assignment: Assignment) -> QualificationAttempt | None:
    """Grade the attempt that a submission has ended; None where it goes on."""
    person = Participant.objects.select_for_update(no_key=True).get(
        pk=assignment.participant_id
    )
    plan = CheckPlan.objects.filter(participant=person).first()
    if plan is None or plan.stage != Stage.QUALIFICATION:
        return None
    rules = read_rules(assignment.project.check_rules)
    asked = _asked(person, Purpose.QUALIFICATION, plan.attempt)
    if asked.count() < rules.n_qualification:
        return None
    return conclude(person, rules, plan)


@transaction.atomic
def pass_by_hand(*, participant: Participant, by: User) -> None:
    """Let a person pass the qualification; an owner's decision, and logged.

    Raises ConflictError where nothing holds the person back.
    """
    person = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    plan, _made = CheckPlan.objects.get_or_create(participant=person)
    if plan.stage == Stage.OPEN:
        raise ConflictError(_("This person is through the qualification already."))
    QualificationAttempt.objects.create(
        participant=person,
        number=plan.attempt,
        n_asked=0,
        n_correct=0,
        pass_percent=read_rules(person.project.check_rules).pass_percent,
        is_passed=True,
        by=by,
    )
    _move(plan, Stage.OPEN)
    record(
        project=person.project,
        user=by,
        kind="qualification_passed_by_hand",
        participant=person.pk,
    )
