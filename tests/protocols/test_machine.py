"""Any sequence of acts where items are asked twice: the counters stay true.

The machine of tests.assign.test_machine, in a project with a second protocol.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from annotation.errors import ConflictError
from annotation.models import Assignment, Participant, Project, ProtocolPair
from annotation.services import assignments, drafts, submissions
from annotation.services.frontier import rebuild_frontier
from tests.assign.test_machine import Work, any_number, people, run_machine
from tests.counts import n_runs
from tests.protocols.conftest import SECOND, State, ask_twice

ANSWERS: dict[str, dict[str, Any]] = {
    "main": {"preference": {"value": 1}},
    SECOND: {"second_rating": {"overall": [5, 3]}},
}
HAD = (State.OPEN, State.QUEUED, State.SUBMITTED, State.SURPLUS)


class WorkTwice(Work):
    """Everything that changes a lease, an answer or a pair."""

    def __init__(self) -> None:
        super().__init__()
        ask_twice(self.project, after_items=2)

    @rule(who=people, number=any_number)
    def save_draft(self, who: int, number: int) -> None:
        if found := self.find(who, number):
            with suppress(ConflictError):
                answers = ANSWERS[found.purpose]
                drafts.save_draft(assignment=found, answers=answers, revision=0)

    @rule(who=people, number=any_number, is_retry=st.booleans())
    def submit(self, who: int, number: int, is_retry: bool) -> None:
        if found := self.find(who, number):
            key = uuid.uuid4()
            for _ in range(2 if is_retry else 1):
                try:
                    submissions.submit(
                        assignment=found,
                        submission_id=key,
                        answers=ANSWERS[found.purpose],
                    )
                except ConflictError as error:
                    # Only what waits for its turn is refused.
                    assert (error.code, found.state) == ("not_yet", State.RESERVED)

    @rule(who=people)
    def let_reservations_end(self, who: int) -> None:
        assignments.give_reserved_back(participant=self.people[who])

    def half(self, pair: ProtocolPair, purpose: str) -> Assignment | None:
        own = Assignment.objects.filter(participant=pair.participant_id)
        return own.filter(item=pair.item_id, purpose=purpose).first()

    @invariant()
    def what_is_reserved_waits_for_a_second_protocol(self) -> None:
        reserved = Assignment.objects.filter(state=State.RESERVED)
        for row in reserved.filter(project=self.project):
            pair = ProtocolPair.objects.get(
                item=row.item_id, participant=row.participant_id
            )
            assert (row.purpose, pair.comes_first) == ("main", SECOND)
            second = self.half(pair, SECOND)
            assert second is not None
            assert second.state in HAD

    @invariant()
    def second_answers_take_no_place(self) -> None:
        for person in Participant.objects.filter(project=self.project):
            done = person.assignments.filter(state__in=("submitted", "surplus"))
            assert person.n_done == done.count()
            assert person.n_checks == done.filter(purpose=SECOND).count()

    @invariant()
    def the_other_half_comes_after_an_answer_to_the_first(self) -> None:
        for pair in ProtocolPair.objects.filter(project=self.project):
            purposes = ("main", SECOND)
            first, later = (
                self.half(pair, purpose)
                for purpose in sorted(purposes, key=lambda p: p != pair.comes_first)
            )
            if later and later.state in (State.OPEN, State.QUEUED):
                assert first is not None
                assert first.annotations.exists() or first.state == State.SKIPPED


def finish(work: WorkTwice) -> None:
    """Let everybody answer all that they are given."""
    for person in work.people:
        while (
            found := assignments.claim_next(participant=person, project=work.project)
        ) is not None:
            submissions.submit(
                assignment=found,
                submission_id=uuid.uuid4(),
                answers=ANSWERS[found.purpose],
            )


class WorkToTheEnd(WorkTwice):
    """As above; at the end everybody answers what is left."""

    def teardown(self) -> None:
        self.project.is_paused = False
        self.project.save(update_fields=["is_paused"])
        finish(self)
        assert rebuild_frontier(project=self.project) == 0
        self.assert_every_pair_is_asked()
        assert not Assignment.objects.filter(
            project=self.project, state__in=(State.RESERVED, State.OPEN, State.QUEUED)
        ).exists()

    def assert_every_pair_is_asked(self) -> None:
        """Whoever answered the project's own questions was asked the others too."""
        for pair in ProtocolPair.objects.filter(project=self.project):
            main, second = self.half(pair, "main"), self.half(pair, SECOND)
            if main and main.state in (State.SUBMITTED, State.SURPLUS):
                assert second is not None
                assert second.state in (State.SUBMITTED, State.SKIPPED)


@pytest.mark.django_db(transaction=True)
def test_counters_hold_after_any_sequence(
    make_pool: Callable[..., Project],
    make_annotator: Callable[[Project], Participant],
) -> None:
    n = n_runs(12, 300)
    run_machine(WorkToTheEnd, make_pool, make_annotator, n_examples=n, n_steps=30)
