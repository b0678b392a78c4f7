"""Who sees what of a verdict, and when: the rows that a policy leaves."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotation.models import (
    Annotation,
    Assignment,
    Exposure,
    Item,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    ProtocolPair,
    SuggestionPolicy,
)
from annotation.selectors.suggestions import suggestion_of
from annotation.services import assignments, submissions
from annotation.services.suggestions import laid_out, shown_with
from annotation.suggestions import ARMS, draw_arm
from tests.suggestions.conftest import (
    REASON,
    MakeAnnotator,
    MakePool,
    answer,
    claim,
    draw_so_that,
    end,
    exposure,
    judge,
    make_machine,
    suggest,
)


def see(assignment: Assignment) -> str | None:
    """Look at the desk as it is now; return what it suggests."""
    project = Project.objects.get(pk=assignment.project_id)
    told = laid_out(assignment, project).suggestion
    return told.words if told else None


def is_a_better(assignment: Assignment) -> bool:
    return assignment.order == [0, 1]


@pytest.mark.parametrize("arm", ["shown", "hedged"])
def test_what_is_shown_is_there_from_the_beginning(
    pool: Project, machine: MachineAnnotator, person: Participant, arm: str
) -> None:
    suggest(pool, machine, {arm: 1}, has_reason=True)
    lent = claim(person)
    better = "A" if is_a_better(lent) else "B"
    words = f"{better} is better."
    if arm == "hedged":
        words = f"I am not sure, but I think {words}"
    assert see(lent) == words
    row = exposure(lent)
    assert row is not None
    assert (row.arm, row.propensity, row.words, row.reason) == (arm, 1, words, REASON)
    assert row.visible_at is not None
    lent.refresh_from_db()
    assert lent.is_suggestion_visible
    assert see(lent) == words
    assert exposure(lent) == row
    assert answer(lent).suggestion is None


@pytest.mark.parametrize("arm", ["blind", "revealed"])
def test_what_is_hidden_leaves_no_words(
    pool: Project, machine: MachineAnnotator, person: Participant, arm: str
) -> None:
    suggest(pool, machine, {arm: 1}, has_reason=True)
    lent = claim(person)
    assert see(lent) is None
    row = exposure(lent)
    assert row is not None
    assert (row.arm, row.visible_at, row.words, row.reason) == (arm, None, "", "")
    lent.refresh_from_db()
    assert not lent.is_suggestion_visible
    assert suggestion_of(lent) is None


def test_the_first_answer_reveals_once(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1}, has_reason=True)
    lent = claim(person)
    see(lent)
    key = uuid.uuid4()
    done = answer(lent, 1, key)
    assert done.suggestion is not None
    assert done.suggestion.reason == REASON
    row = exposure(lent)
    first = Annotation.objects.get(public_id=done.annotation_id)
    assert row is not None
    assert row.visible_at is not None
    assert row.first_answer == first
    assert first.created_at < row.visible_at
    lent.refresh_from_db()
    assert not lent.is_suggestion_visible
    # The response was lost: the same submission is told again, a change is not.
    again = answer(lent, 1, key)
    assert (again.is_new, again.suggestion) == (False, done.suggestion)
    assert answer(lent, -1).suggestion is None
    assert exposure(lent) == row


def test_blind_answers_reveal_nothing(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"blind": 1})
    lent = claim(person)
    see(lent)
    key = uuid.uuid4()
    assert answer(lent, 1, key).suggestion is None
    assert answer(lent, 1, key).suggestion is None
    row = exposure(lent)
    assert row is not None
    assert row.visible_at is None


def test_the_first_answer_never_changes(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1})
    lent = claim(person)
    see(lent)
    done = answer(lent, 2)
    rows = Annotation.objects.filter(public_id=done.annotation_id)
    before = rows.values().get()
    answer(lent, -1)
    assert rows.values().get() == before
    submissions.take_back(assignment=Assignment.objects.get(pk=lent.pk))
    assert see(lent) is not None
    answer(lent, -2)
    assert rows.values().get() == before
    row = exposure(lent)
    assert row is not None
    assert row.first_answer_id == before["id"]


def test_what_reveals_is_the_first_answer_though_one_was_taken_back_before(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1})
    lent = claim(person)
    see(lent)
    end(pool)
    assert answer(lent, 2).suggestion is None
    submissions.take_back(assignment=Assignment.objects.get(pk=lent.pk))
    suggest(pool, machine, {"revealed": 1})
    key = uuid.uuid4()
    done = answer(lent, -1, key)
    assert done.suggestion is not None
    row = exposure(lent)
    assert row is not None
    assert row.first_answer is not None
    assert row.first_answer.public_id == done.annotation_id
    assert answer(lent, -1, key).suggestion == done.suggestion


def test_taken_back_after_a_reveal_it_shows_the_suggestion(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1})
    lent = claim(person)
    see(lent)
    told = answer(lent).suggestion
    submissions.take_back(assignment=Assignment.objects.get(pk=lent.pk))
    assert told is not None
    assert see(lent) == told.words
    assert answer(lent, -1).suggestion is None


def test_given_back_and_taken_again_draws_no_second_time(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, dict.fromkeys(ARMS, 1))
    lent = claim(person)
    see(lent)
    before = exposure(lent)
    assignments.release(assignment=lent)
    Assignment.objects.filter(pk=lent.pk).update(state="open")
    suggest(pool, machine, {"shown": 1})
    see(lent)
    after = exposure(lent)
    assert before is not None
    assert after is not None
    assert (after.arm, after.policy_id) == (before.arm, before.policy_id)


def test_each_item_and_person_has_the_arm_of_the_draw(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    policy = suggest(pool, machine, dict.fromkeys(ARMS, 1))
    draw_so_that(policy, person, lambda arms: set(arms[:12]) == set(ARMS))
    for _ in range(12):
        lent = claim(person)
        see(lent)
        answer(lent)
        row = exposure(lent)
        drawn = draw_arm(policy.arms, policy.seed, lent.item_id, person.pk)
        assert row is not None
        assert (row.arm, row.propensity) == drawn
    assert set(Exposure.objects.values_list("arm", flat=True)) == set(ARMS)


def test_ended_before_the_answer_it_reveals_nothing(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1})
    lent = claim(person)
    see(lent)
    end(pool)
    assert answer(lent).suggestion is None
    row = exposure(lent)
    assert row is not None
    assert (row.visible_at, row.first_answer_id) == (None, None)
    # What comes into force later reveals nothing of it either.
    suggest(pool, machine, {"revealed": 1})
    assert answer(lent, -1).suggestion is None


def test_ended_it_is_no_longer_on_the_desk_but_stays_stored(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"shown": 1})
    lent = claim(person)
    assert see(lent) is not None
    end(pool)
    assert see(lent) is None
    assert suggestion_of(lent) is not None


@pytest.mark.parametrize("what", ["verdict", "policy"])
def test_what_comes_after_the_item_was_lent_changes_nothing(
    pool: Project, machine: MachineAnnotator, person: Participant, what: str
) -> None:
    suggest(pool, machine, {"shown": 1})
    rows: Any = PreAnnotation if what == "verdict" else SuggestionPolicy
    rows.objects.update(created_at=timezone.now() + timedelta(seconds=1))
    lent = claim(person)
    assert see(lent) is None
    assert exposure(lent) is None
    assert see(lent) is None
    assert answer(lent).suggestion is None


def test_a_verdict_that_cannot_be_used_is_not_drawn(
    pool: Project, person: Participant
) -> None:
    machine = make_machine(pool)
    suggest(pool, machine, {"shown": 1})
    for more in (
        {"status": "failed"},
        {"flags": ["order_inconsistent"]},
        {"answers": {"preference": {"value": 9}}},
        {"answers": {"other": {"value": 1}}},
    ):
        PreAnnotation.objects.all().delete()
        judge(machine, **more)
        assert see(claim(person)) is None
    assert not Exposure.objects.exists()


def test_both_orders_together_go_before_one(pool: Project, person: Participant) -> None:
    machine = make_machine(pool)
    suggest(pool, machine, {"shown": 1})
    judge(machine, 3, order=[0, 1])
    judge(machine, -3, order=[1, 0])
    lent = claim(person)
    # Two orders that contradict each other say nothing.
    assert see(lent) is None
    judge(machine, 1)
    words = see(lent)
    better = "A" if is_a_better(lent) else "B"
    assert words == f"{better} is slightly better."


def test_known_answers_pairs_and_checks_have_none(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"shown": 1})
    lent = claim(person)
    items = Item.objects.filter(pk=lent.item_id)
    items.update(gold={"use": "", "answers": {"preference": {"value": 1}}})
    assert see(lent) is None
    items.update(gold=None)
    pair = ProtocolPair.objects.create(
        project=pool, item=lent.item, participant=person, comes_first="main"
    )
    assert see(lent) is None
    pair.delete()
    for purpose in set(Assignment.Purpose) - {Assignment.Purpose.MAIN}:
        Assignment.objects.filter(pk=lent.pk).update(purpose=purpose)
        assert see(lent) is None
    Assignment.objects.filter(pk=lent.pk).update(purpose="main")
    assert see(lent) is not None


def test_an_answer_given_before_is_no_first_view(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    lent = claim(person)
    answer(lent)
    submissions.take_back(assignment=Assignment.objects.get(pk=lent.pk))
    suggest(pool, machine, {"shown": 1})
    assert see(lent) is None
    assert exposure(lent) is None


def test_late_and_surplus_answers_reveal_too(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(1)
    machine = make_machine(pool)
    judge(machine)
    suggest(pool, machine, {"revealed": 1})
    late, other = make_annotator(pool), make_annotator(pool)
    lent = claim(late)
    see(lent)
    Assignment.objects.filter(pk=lent.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    assignments.expire_leases()
    answer(claim(other))
    done = answer(lent)
    assert done.state == Assignment.State.SURPLUS
    assert done.suggestion is not None


def test_a_change_after_the_reveal_is_free_once(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    from annotation.errors import ConflictError
    from annotation.selectors.editing import is_editable

    pool = make_pool(3, grace_s=0)
    machine = make_machine(pool)
    judge(machine)
    policy = suggest(pool, machine, {"revealed": 1, "blind": 1})
    person = make_annotator(pool)
    draw_so_that(policy, person, lambda arms: len(set(arms)) == 2)
    for _ in range(3):
        lent = claim(person)
        see(lent)
        told = answer(lent).suggestion
        later(lent)
        assert is_editable(lent.pk) == (told is not None)
        if told is None:
            continue
        answer(lent, -1)
        later(lent)
        assert not is_editable(lent.pk)
        with pytest.raises(ConflictError):
            answer(lent, 1)


def test_a_change_after_the_reveal_has_its_time(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    from annotation.selectors.editing import is_editable

    suggest(pool, machine, {"revealed": 1})
    lent = claim(person)
    see(lent)
    answer(lent)
    later(lent)
    assert is_editable(lent.pk)
    past = timezone.now() - timedelta(seconds=pool.lease_s + 60)
    Exposure.objects.filter(pk=lent.pk).update(visible_at=past)
    assert not is_editable(lent.pk)


def later(assignment: Assignment) -> None:
    """Let the grace of an assignment's answers lie back."""
    rows = Annotation.objects.filter(assignment=assignment)
    rows.update(created_at=timezone.now() - timedelta(hours=1))


def test_without_a_policy_nothing_is_asked(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    django_assert_num_queries: Any,
) -> None:
    lent = claim(person)
    project = Project.objects.get(pk=pool.pk)
    with django_assert_num_queries(0):
        assert shown_with(lent, project) is None


def test_a_policy_costs_one_statement_and_one_to_draw(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    django_assert_num_queries: Any,
) -> None:
    suggest(pool, machine, {"shown": 1})
    lent = claim(person)
    project = Project.objects.get(pk=pool.pk)
    with django_assert_num_queries(2):
        told = shown_with(lent, project)
    with django_assert_num_queries(1):
        assert shown_with(lent, project) == told


@pytest.mark.django_db(transaction=True)
def test_two_tabs_draw_one_arm(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"shown": 1})
    lent = claim(person)
    project = Project.objects.get(pk=pool.pk)

    def look(_: int) -> Any:
        try:
            return shown_with(lent, project)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool_of_tabs:
        seen = list(pool_of_tabs.map(look, range(4)))
    assert len(set(seen)) == 1
    assert Exposure.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_first_answers_at_once_reveal_once(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1})
    for _ in range(5):
        lent = claim(person)
        see(lent)

        def submit(value: int, lent: Assignment = lent) -> submissions.Submission:
            try:
                return answer(lent, value)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as tabs:
            both = list(tabs.map(submit, (1, -1)))
        told = [one for one in both if one.suggestion]
        assert len(told) == 1
        row = exposure(lent)
        assert row is not None
        assert row.first_answer is not None
        assert row.first_answer.public_id == told[0].annotation_id
