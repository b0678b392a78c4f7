"""Any sequence of what people and owners do: the counters tell the truth after each.

Hypothesis draws the sequences; three people share a few items.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

import pytest
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotation.errors import ConflictError
from annotation.models import (
    Annotation,
    Assignment,
    FrontierEntry,
    Participant,
    Project,
)
from annotation.services import assignments, drafts, participants, submissions
from annotation.services.frontier import rebuild_frontier
from tests.counts import n_runs

State = Assignment.State
ANSWERS = {"preference": {"value": 1}}
people = st.integers(0, 2)
any_number = st.integers(0, 50)


class Work(RuleBasedStateMachine):
    """Everything that changes a lease, an answer or the pool."""

    make_pool: ClassVar[Callable[..., Project]]
    make_annotator: ClassVar[Callable[[Project], Participant]]

    def __init__(self) -> None:
        super().__init__()
        self.project = type(self).make_pool(3, overlap=2)
        self.people = [type(self).make_annotator(self.project) for _ in range(3)]
        self.was_lowered = False

    def find(self, who: int, number: int) -> Assignment | None:
        own = Assignment.objects.filter(participant=self.people[who])
        found = list(own.select_related("participant", "project").order_by("pk"))
        return found[number % len(found)] if found else None

    @rule(who=people)
    def ask(self, who: int) -> None:
        got = assignments.claim_next(participant=self.people[who], project=self.project)
        assert got is None or got.state == State.OPEN
        if got is None and not self.project.is_paused:
            self.assert_nothing_is_free(self.people[who])

    def assert_nothing_is_free(self, person: Participant) -> None:
        refused = person.assignments.exclude(state__in=("expired", "released"))
        free = [
            entry
            for entry in FrontierEntry.objects.filter(project=self.project)
            if entry.n_taken < entry.target
            and not refused.filter(item=entry.item_id).exists()
        ]
        assert free == []

    @rule(who=people)
    def ask_ahead(self, who: int) -> None:
        assignments.claim_ahead(participant=self.people[who], project=self.project)

    @rule(who=people, number=any_number)
    def open_queued(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                assignments.open_queued(assignment=found)

    @rule(who=people, number=any_number)
    def renew(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                assignments.renew(assignment=found)

    @rule(who=people, number=any_number)
    def release(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                assignments.release(assignment=found)

    @rule(who=people, number=any_number)
    def skip(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                assignments.skip(assignment=found, reason="")

    @rule(who=people, number=any_number)
    def save_draft(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                drafts.save_draft(assignment=found, answers=ANSWERS, revision=0)

    @rule(who=people, number=any_number, is_retry=st.booleans())
    def submit(self, who: int, number: int, is_retry: bool) -> None:
        if found := self.find(who, number):
            key = uuid.uuid4()
            for _ in range(2 if is_retry else 1):
                submissions.submit(assignment=found, submission_id=key, answers=ANSWERS)

    @rule(who=people, number=any_number)
    def take_back(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                submissions.take_back(assignment=found)

    @rule(who=people, number=any_number)
    def expire(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            past = timezone.now() - timedelta(hours=1)
            held = Assignment.objects.filter(pk=found.pk, state__in=("open", "queued"))
            held.update(lease_until=past)
        assignments.expire_leases(project=self.project)

    @rule(who=people, number=any_number)
    def reclaim(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            assignments.reclaim(assignment=found)

    @precondition(lambda self: not self.was_lowered)
    @rule(overlap=st.integers(1, 3))
    def set_overlap(self, overlap: int) -> None:
        self.was_lowered = overlap < self.project.overlap
        assignments.set_overlap(project=self.project, overlap=overlap)
        self.project.refresh_from_db()

    @rule(is_paused=st.booleans())
    def pause(self, is_paused: bool) -> None:
        self.project.is_paused = is_paused
        self.project.save(update_fields=["is_paused"])

    @rule(who=people)
    def give_items_back(self, who: int) -> None:
        participants.give_items_back(participant=self.people[who])

    @invariant()
    def counters_are_true(self) -> None:
        assert rebuild_frontier(project=self.project) == 0

    @invariant()
    def nothing_is_taken_too_often(self) -> None:
        entries = FrontierEntry.objects.filter(project=self.project)
        for entry in entries if not self.was_lowered else ():
            assert entry.n_counted <= entry.n_taken <= entry.target

    @invariant()
    def each_answer_has_one_current_annotation(self) -> None:
        for row in Assignment.objects.filter(project=self.project):
            is_done = row.state in (State.SUBMITTED, State.SURPLUS)
            assert is_done == (row.annotation_id is not None)
            current = Annotation.objects.filter(
                assignment=row, superseded_by=None, is_retraction=False
            )
            assert [a.pk for a in current] == [row.annotation_id] * is_done

    @invariant()
    def leases_have_an_end_and_nothing_else_has(self) -> None:
        for row in Assignment.objects.filter(project=self.project):
            is_lent = row.state in (State.OPEN, State.QUEUED)
            assert is_lent == (row.lease_until is not None)


def run_machine(
    machine: type[Work],
    make_pool: Callable[..., Project],
    make_annotator: Callable[[Project], Participant],
    *,
    n_examples: int,
    n_steps: int,
) -> None:
    """Let Hypothesis draw sequences of a machine's acts.

    In tests that commit, so that the database can clear away what the examples before
    have left.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "make_pool", make_pool, raising=False)
        patch.setattr(machine, "make_annotator", make_annotator, raising=False)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=n_examples, stateful_step_count=n_steps, deadline=None
            ),
        )


@pytest.mark.django_db(transaction=True)
def test_counters_hold_after_any_sequence(
    make_pool: Callable[..., Project],
    make_annotator: Callable[[Project], Participant],
) -> None:
    n = n_runs(15, 500)
    run_machine(Work, make_pool, make_annotator, n_examples=n, n_steps=30)
