"""Hours of people's work and the day it is ready: measured, assumed, or not told."""

from datetime import date, datetime
from unittest.mock import Mock

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone

from annotation.models import (
    Annotation,
    Assignment,
    MachineAnnotator,
    Participant,
    Project,
)
from annotation.selectors import dashboard
from annotation.selectors.dashboard import Pace
from routing.effort import ASSUMED, Third, Timing, ready_in, timing_of
from routing.models import ItemMeasures, RoutingPolicy
from routing.selectors.effort import EffortRule, effort_rule, hours_words
from routing.selectors.state import state_of
from tests.models.people import answer_items
from tests.routing.conftest import says_always, start, work
from tests.routing.test_page import page_of

live = pytest.mark.django_db(transaction=True)


def thirds(words: tuple[float, ...], seconds: tuple[float, ...]) -> list[Third]:
    return [Third(20, w, s) for w, s in zip(words, seconds, strict=True)]


def test_time_grows_with_words_where_enough_answers_tell_it() -> None:
    found = timing_of(60, 40.0, thirds((100, 200, 400), (30, 40, 60)))
    assert found.base_s == pytest.approx(20)
    assert found.word_s == pytest.approx(0.1)
    assert found.seconds(3, 300) == pytest.approx(150)
    flat = Timing(40.0, 0.0, 60)
    # Too few, lengths that hardly differ, and longer ones that are faster.
    few = [Third(19, 100, 30), Third(20, 200, 40), Third(20, 400, 60)]
    assert timing_of(60, 40.0, few) == flat
    assert timing_of(60, 40.0, thirds((100, 110, 120), (30, 40, 60))) == flat
    assert timing_of(60, 40.0, thirds((100, 200, 400), (60, 40, 30))) == flat
    assert timing_of(60, 40.0, []) == flat


def test_few_answers_are_no_measure() -> None:
    assert timing_of(9, 40.0, []) == ASSUMED
    assert timing_of(10, 40.0, []) == Timing(40.0, 0.0, 10)
    # 238 words and the decision: a minute and twenty seconds.
    assert ASSUMED.seconds(1, 238) == pytest.approx(80)


def test_ready_has_a_range_that_holds_for_days_that_differ() -> None:
    steady = ready_in(1_000, 100, [100] * 6 + [50])
    assert steady is not None
    assert (steady.low, steady.days, steady.high) == (10, 10, 11)
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(400):
        days = [int(n) for n in rng.negative_binomial(8, 0.1, 7)]
        found = ready_in(720, sum(days) / 7, days)
        assert found is not None
        inside += found.low <= 10 <= found.high
    # At 72 a day 720 answers take ten days; so few days make the range a little narrow.
    assert inside / 400 > 0.85


def test_without_a_pace_nobody_says_when() -> None:
    assert ready_in(100, 0.0, []) is None
    assert ready_in(100, 1.3, [9]) is None
    one = ready_in(100, 20.0, [20])
    assert one is not None
    assert (one.low, one.days, one.high) == (2, 5, 20)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 minutes"), (60, "1 minute"), (5400, "1.5 hours"), (334_800, "93 hours")],
)
def test_hours_are_told_as_roughly_as_they_are_known(seconds: int, words: str) -> None:
    assert hours_words(seconds) == words


@pytest.fixture
def policy(pool: Project, machine: MachineAnnotator) -> RoutingPolicy:
    """Return a policy of 50 items, whose seed of 40 nobody has answered yet."""
    return start(pool, machine)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let the pace be told at one time, though midnight passes."""
    at = timezone.localtime()
    told = Mock(wraps=timezone, localtime=Mock(return_value=at))
    monkeypatch.setattr(dashboard, "timezone", told)
    return at


def answer_some(person: Participant, at: datetime) -> None:
    """Give twelve answers of four seconds each, all at this time."""
    work(person, says_always, most=12)
    Annotation.objects.update(active_ms=4_000)
    Assignment.objects.update(finished_at=at)


@live
def test_before_any_answer_a_pace_of_reading_is_assumed(policy: RoutingPolicy) -> None:
    rule = effort_rule(policy.project)
    # "Question 1?" with two answers: some 40 characters.
    assert 4 < rule.mean_words < 9
    told = rule.at(90)
    assert told.seconds == pytest.approx(90 * (20 + rule.mean_words * 60 / 238))
    assert told.ready == ""
    assert told.about.startswith("Assumed until people have answered: 238 words")
    assert "nobody can say yet" in told.about


@live
def test_answers_tell_the_time_and_the_pace(
    policy: RoutingPolicy, person: Participant, now: datetime
) -> None:
    answer_some(person, now)
    told = effort_rule(policy.project).at(38)
    assert told.seconds == pytest.approx(38 * 4)
    assert told.hours == "3 minutes"
    assert told.about == "Half of the 12 newest answers took 4.0 s at most."
    # Twelve on a first day, which tells little: from one day to two weeks.
    assert told.ready == "ready in about 4 days (1 to 13)"


@live
def test_long_items_take_longer(policy: RoutingPolicy, person: Participant) -> None:
    for number in range(1, 101):
        ItemMeasures.objects.filter(item__number=number).update(n_chars=60 * number)
    answer_items(person, lambda number: 1 if number <= 90 else None)
    for one in Annotation.objects.select_related("item"):
        one.active_ms = 10_000 + 100 * one.item.number
        one.save(update_fields=["active_ms"])
    rule = effort_rule(policy.project)
    assert rule.timing.word_s == pytest.approx(0.01)
    assert rule.mean_words == pytest.approx(955)
    assert rule.at(10).seconds == pytest.approx(10 * (10 + 9.55))
    assert "by length" in rule.at(10).about


@live
def test_the_page_tells_what_is_still_to_come(
    policy: RoutingPolicy, person: Participant, now: datetime
) -> None:
    page = page_of(policy.project)
    assert "Work to come" in page
    assert "238 words read a minute" in page
    answer_some(person, now)
    state = state_of(policy.project)
    # 28 of the seed, and 10 that the budget pays for.
    assert (state.n_asked, state.n_to_come, state.n_answered) == (28, 38, 0)
    cache.delete(f"pace:{policy.project_id}")
    page = page_of(policy.project)
    assert "3 minutes" in page
    assert "ready in about 4 days (1 to 13)" in page


def test_what_is_answered_in_part_is_less_to_come() -> None:
    rule = EffortRule(Timing(60.0, 0.0, 20), 100.0, 3, Pace((), 0, 0.0, ""))
    assert rule.at(10).n_answers == 30
    left = rule.less(rule.at(10), 12)
    assert (left.n_answers, left.hours) == (18, "18 minutes")


def test_it_is_ready_when_what_lacks_labels_is() -> None:
    days = tuple((date(2026, 3, n), 10) for n in range(1, 8))
    rule = EffortRule(Timing(60.0, 0.0, 20), 100.0, 1, Pace(days, 70, 10.0, ""))
    assert rule.at(50).ready.startswith("ready in about 5 days")
    half = rule.at(50, n_done=20)
    assert half.ready.startswith("ready in about 3 days")
    assert half.hours == rule.at(50).hours
    assert rule.at(50, n_done=50).ready == ""
