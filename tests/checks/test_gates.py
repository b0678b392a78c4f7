"""Training with feedback, the qualification, and how one is let through."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import (
    Event,
    Participant,
    Project,
    QualificationAttempt,
)
from annotation.selectors.editing import is_editable
from annotation.selectors.feedback import feedback
from annotation.selectors.own_work import can_take_back, why_empty
from annotation.services import gates, submissions
from tests.checks.conftest import MakeAnnotator, answer, claim, mark, set_rules, work

QUALIFICATION = {"n_qualification": 5, "pass_percent": 80, "n_attempts": 2}


@pytest.fixture
def gated(pool: Project) -> Project:
    """Return a pool with two training items and ten to qualify with."""
    mark(pool, "training", range(1, 3), explanation="It **names** the cause.")
    mark(pool, "qualification", range(3, 13))
    set_rules(pool, n_training=2, wait_hours=24, **QUALIFICATION)
    return pool


def qualify(person: Participant, n_right: int) -> None:
    """Answer one attempt with so many right answers of five."""
    for number in range(5):
        found = claim(person)
        assert found is not None
        assert found.purpose == "qualification"
        answer(found, 1 if number < n_right else -1)


def stored_attempts(person: Participant) -> list[tuple[int, int, bool]]:
    rows = QualificationAttempt.objects.filter(participant=person).order_by("id")
    return list(rows.values_list("number", "n_correct", "is_passed"))


def test_training_then_qualification_then_items(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(gated)
    done = work(person, 9)
    assert [a.purpose for a in done] == [
        *["training"] * 2,
        *["qualification"] * 5,
        *["main"] * 2,
    ]
    assert stored_attempts(person) == [(1, 5, True)]


@pytest.mark.parametrize(("n_right", "is_passed"), [(4, True), (3, False)])
def test_pass_mark_is_met_at_its_very_share(
    gated: Project, make_annotator: MakeAnnotator, n_right: int, is_passed: bool
) -> None:
    person = make_annotator(gated)
    work(person, 2)
    qualify(person, n_right)
    assert (claim(person) is not None) is is_passed
    assert stored_attempts(person) == [(1, n_right, is_passed)]


def test_second_attempt_opens_after_the_wait_and_has_other_items(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(gated)
    work(person, 2)
    qualify(person, 0)
    assert claim(person) is None
    assert why_empty(person, gated).reason == "attempt_later"
    earlier = timezone.now() - timedelta(hours=25)
    QualificationAttempt.objects.update(created_at=earlier)
    qualify(person, 5)
    assert claim(person) is not None
    asked = person.assignments.filter(purpose="qualification")
    assert asked.values("item").distinct().count() == 10
    assert stored_attempts(person) == [(1, 0, False), (2, 5, True)]


def test_after_the_last_attempt_nothing_comes_and_the_words_are_kind(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(gated, n_training=0, **{**QUALIFICATION, "n_attempts": 1})
    person = make_annotator(gated)
    qualify(person, 0)
    assert claim(person) is None
    empty = why_empty(person, gated)
    assert empty.reason == "not_qualified"
    assert "Thank you" in empty.words


def test_owner_lets_somebody_through_and_it_is_logged(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(gated, n_training=0, **{**QUALIFICATION, "n_attempts": 1})
    person = make_annotator(gated)
    qualify(person, 0)
    claim(person)
    gates.pass_by_hand(participant=person, by=gated.created_by)
    found = claim(person)
    assert found is not None
    assert found.purpose == "main"
    assert Event.objects.filter(kind="qualification_passed_by_hand").count() == 1
    with pytest.raises(ConflictError):
        gates.pass_by_hand(participant=person, by=gated.created_by)


def test_attempt_is_told_at_its_last_answer_and_once(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(gated, n_training=0, **QUALIFICATION)
    person = make_annotator(gated)
    told = []
    for _ in range(5):
        found = claim(person)
        assert found is not None
        answer(found)
        found.refresh_from_db()
        told.append(gates.conclude_after(assignment=found))
    assert [attempt is not None for attempt in told] == [False] * 4 + [True]


def test_nothing_is_leased_ahead_past_an_open_attempt(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(gated, n_training=0, **QUALIFICATION)
    person = make_annotator(gated)
    for _ in range(4):
        work(person, 1)
    assert claim(person) is not None
    assert claim(person, ahead=True) is None


def test_feedback_says_what_was_expected_in_the_letters_shown(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    found = claim(make_annotator(gated))
    assert found is not None
    assert feedback(found) is None
    answer(found, -1)
    found.refresh_from_db()
    told = feedback(found)
    assert told is not None
    assert not told.is_right
    better, worse = ("B", "A") if found.order == [1, 0] else ("A", "B")
    (point,) = told.points
    assert point.expected.startswith(f"{better} is much better, {better} is better")
    assert point.own == f"{worse} is slightly better"
    assert told.explanation == "It **names** the cause."


def test_answer_of_the_training_is_final(
    gated: Project, make_annotator: MakeAnnotator
) -> None:
    found = claim(make_annotator(gated))
    assert found is not None
    answer(found)
    with pytest.raises(ConflictError, match="final"):
        answer(found)
    with pytest.raises(ConflictError, match="final"):
        submissions.take_back(assignment=found)
    found.refresh_from_db()
    assert not can_take_back(found, gated)
    assert not is_editable(found.pk)


def test_other_purposes_have_no_feedback(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    (done,) = work(make_annotator(pool), 1)
    assert feedback(done) is None
