"""The same sequences with checks among the items: training, qualification, silent gold,
attention checks and mirrored repeats, in a pool that lends them with the rest.
"""

import uuid
from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from annotation.errors import ConflictError
from annotation.models import Assignment, CheckPlan, FrontierEntry, Participant, Project
from annotation.selectors.editing import FINAL
from annotation.services import assignments, submissions
from tests.assign.test_machine import ANSWERS, Work, any_number, people, run_machine
from tests.checks.conftest import mark, set_rules
from tests.counts import n_runs

CHECKS = ("training", "qualification", "monitoring", "attention")
PURPOSES = {*CHECKS, "mirror"}
# So many answers meet every purpose, by the rules below.
LONGEST = 24


class CheckedWork(Work):
    """The work of three people of whom the first has met every purpose already."""

    def __init__(self) -> None:
        super().__init__()
        self.project = type(self).make_pool(14, overlap=2)
        for place, use in enumerate(CHECKS):
            mark(self.project, use, range(2 * place + 1, 2 * place + 3), value=1)
        set_rules(
            self.project,
            n_training=1,
            n_qualification=1,
            pass_percent=1,
            n_attempts=20,
            wait_hours=0,
            monitoring_every=3,
            attention_every=3,
            mirror_every=3,
            mirror_after_items=1,
            mirror_after_min=0,
        )
        self.people = [type(self).make_annotator(self.project) for _ in range(3)]
        self.meet_every_purpose()

    def meet_every_purpose(self) -> None:
        """Let the first person answer until each purpose has come."""
        for _ in range(LONGEST):
            met = self.people[0].assignments.values_list("purpose", flat=True)
            if set(met) >= PURPOSES:
                return
            got = assignments.claim_next(
                participant=self.people[0], project=self.project
            )
            assert got is not None, set(met)
            sign = -1 if got.order == [1, 0] else 1
            submissions.submit(
                assignment=got,
                submission_id=uuid.uuid4(),
                answers={"preference": {"value": sign}},
            )
        raise AssertionError("Not every purpose came.")

    def assert_nothing_is_free(self, person: Participant) -> None:
        """Somebody is held back by a gate, or has been lent all they may answer."""
        plan = CheckPlan.objects.filter(participant=person).first()
        if plan is not None and plan.stage == CheckPlan.Stage.OPEN:
            super().assert_nothing_is_free(person)

    @rule(who=people, number=any_number, is_retry=st.booleans())
    def submit(self, who: int, number: int, is_retry: bool) -> None:
        """Submit anything; what answers to a gate is final and refuses a second one."""
        found = self.find(who, number)
        if found is None:
            return
        is_final = found.purpose in FINAL and found.annotation_id
        key = uuid.uuid4()
        for _ in range(2 if is_retry else 1):
            try:
                submissions.submit(assignment=found, submission_id=key, answers=ANSWERS)
                assert not is_final
            except ConflictError as error:
                assert is_final, error

    @invariant()
    def checks_take_no_place_in_the_pool(self) -> None:
        """Only main work is counted by the frontier; a check alone wants nothing."""
        for entry in FrontierEntry.objects.filter(project=self.project):
            lent = Assignment.objects.filter(item=entry.item_id, purpose="main")
            taken = lent.filter(state__in=("open", "queued", "submitted"))
            assert entry.n_taken == taken.count()
            if hasattr(entry.item, "check_item"):
                assert (entry.target, entry.n_taken) == (0, 0)

    @invariant()
    def people_are_counted_by_what_is_data_and_what_is_not(self) -> None:
        """Of a person's answers, those that are no data are counted apart."""
        for person in Participant.objects.filter(project=self.project):
            done = person.assignments.filter(annotation__isnull=False)
            assert person.n_done == done.count()
            assert person.n_checks == done.exclude(purpose="main").count()


@pytest.mark.django_db(transaction=True)
def test_counters_hold_with_checks_after_any_sequence(
    make_pool: Callable[..., Project],
    make_annotator: Callable[[Project], Participant],
) -> None:
    n = n_runs(5, 300)
    run_machine(CheckedWork, make_pool, make_annotator, n_examples=n, n_steps=25)
