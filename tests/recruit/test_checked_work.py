"""Recruited people with checks: these shorten nothing, and are paid as work."""

import pytest

from annotation.allocation.insertion import CheckRules, expected_total
from annotation.models import Annotation, CheckPlan, Project
from annotation.selectors.own_work import n_left_for
from annotation.selectors.pay import enrolled
from annotation.services import endings
from tests.checks.conftest import answer, claim, mark, set_rules, work
from tests.recruit.conftest import DONE, OUT, Recruit, recruiting
from tests.recruit.test_endings import page_of


@pytest.fixture
def checked(db: None) -> Project:
    """Twelve items of which four are silent gold, one in two; three are wanted."""
    project = recruiting(12, n_items_wanted=3)
    mark(project, "monitoring", range(1, 5))
    set_rules(project, monitoring_every=2)
    return project


def test_checks_do_not_shorten_the_wanted_items(
    checked: Project, recruit: Recruit
) -> None:
    enrolment = recruit(checked)
    person = enrolment.participant
    done = work(person, 20)
    purposes = [assignment.purpose for assignment in done]
    assert purposes.count("main") == 3
    assert purposes.count("monitoring") >= 2
    person.refresh_from_db()
    assert (person.n_main, person.n_done) == (3, len(done))
    assert DONE in page_of(enrolment)


def test_an_item_after_an_open_check_is_still_leased_ahead(
    checked: Project, recruit: Recruit
) -> None:
    person = recruit(checked).participant
    while person.n_main < 2:
        work(person, 1)
        person.refresh_from_db()
    # The next thing to come is a check, and one item is wanted after it.
    CheckPlan.objects.filter(participant=person).update(next_monitoring=0)
    found = claim(person)
    assert found is not None
    assert found.purpose == "monitoring"
    assert claim(person, ahead=True) is not None


def test_what_is_left_falls_by_one_with_each_answer_check_or_not(
    checked: Project, recruit: Recruit
) -> None:
    person = recruit(checked).participant
    left = []
    while (found := claim(person)) is not None:
        person.refresh_from_db()
        left.append(n_left_for(person, checked))
        answer(found)
    assert left == [max(6 - n, 1) for n in range(len(left))]
    person.refresh_from_db()
    assert n_left_for(person, checked) == 0


def test_failed_qualification_shows_the_screen_out_code(recruit: Recruit) -> None:
    project = recruiting(8)
    mark(project, "qualification", range(1, 4))
    set_rules(project, n_qualification=2, pass_percent=100, n_attempts=1)
    enrolment = recruit(project)
    work(enrolment.participant, 2, canonical=-1)
    page = page_of(enrolment)
    assert OUT in page
    assert DONE not in page
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason, enrolment.code_kind) == (
        "screened_out",
        "not_qualified",
        "screen_out",
    )


def test_waiting_for_the_next_attempt_ends_nothing(recruit: Recruit) -> None:
    project = recruiting(8)
    mark(project, "qualification", range(1, 5))
    set_rules(project, n_qualification=2, pass_percent=100, n_attempts=2, wait_hours=1)
    enrolment = recruit(project)
    work(enrolment.participant, 2, canonical=-1)
    assert OUT not in page_of(enrolment)
    enrolment.refresh_from_db()
    assert enrolment.state == "working"


def test_checks_alone_complete_nothing(recruit: Recruit) -> None:
    project = recruiting(3)
    mark(project, "training", range(1, 4))
    set_rules(project, n_training=3)
    enrolment = recruit(project)
    work(enrolment.participant, 3)
    page_of(enrolment)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason) == ("screened_out", "no_items")


def test_going_on_and_taking_in_again_count_items_alone(
    checked: Project, recruit: Recruit
) -> None:
    enrolment = recruit(checked)
    person = enrolment.participant
    work(person, 20)
    page_of(enrolment)
    person.refresh_from_db()
    assert person.n_wanted == 3
    assert endings.take_in(participant=person, by=None)
    assert DONE in page_of(enrolment)


def test_items_and_checks_stand_apart_for_pay(
    checked: Project, recruit: Recruit
) -> None:
    enrolment = recruit(checked)
    done = work(enrolment.participant, 20)
    (line,) = enrolled(checked)
    assert (line.n_items, line.n_checks) == (3, len(done) - 3)
    # Their time is time at work.
    times = Annotation.objects.filter(participant=enrolment.participant)
    assert times.count() == len(done)
    assert line.active_ms == sum(one.active_ms or 0 for one in times)


@pytest.mark.parametrize(
    ("rules", "n_wanted", "total"),
    [
        (CheckRules(), 10, 10),
        (CheckRules(monitoring_every=5), 8, 10),
        (CheckRules(monitoring_every=10, mirror_every=10), 8, 10),
        (CheckRules(n_training=3, n_qualification=4), 10, 17),
        (CheckRules(attention_every=1), 10, 100),
    ],
)
def test_expected_total_by_hand(rules: CheckRules, n_wanted: int, total: int) -> None:
    assert expected_total(rules, n_wanted) == total
