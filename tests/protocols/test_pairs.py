"""Items under two protocols: order, separation, overlap, and what may come between."""

import uuid
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.allocation.insertion import shown_order
from annotation.allocation.pairing import ProtocolRules, is_chosen
from annotation.errors import ConflictError
from annotation.models import Assignment, Draft, FrontierEntry, Project, ProtocolPair
from annotation.second_form import first_form
from annotation.services import assignments, drafts, submissions
from annotation.services.frontier import rebuild_frontier
from annotation.services.protocols import set_second_protocol
from tests.factories import make_items, make_project
from tests.protocols.conftest import (
    SECOND,
    MakeAnnotator,
    MakePool,
    State,
    answer,
    ask_twice,
    claim,
    claimed,
    draw_so_that,
    run_out,
    stay_away,
    work,
    work_until,
    work_until_reserved,
)

# Each step in a transaction of its own, so that answers have different times.
pytestmark = pytest.mark.django_db(transaction=True)


def places(done: list[Assignment]) -> dict[int, dict[str, int]]:
    """Return at which place each half of each item came."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for place, one in enumerate(done):
        found[one.item_id][one.purpose] = place
    return dict(found)


def counters(project: Project) -> list[tuple[int, int]]:
    entries = FrontierEntry.objects.filter(project=project).order_by("item_id")
    return list(entries.values_list("n_taken", "n_counted"))


def second_first(pool: Project, make_annotator: MakeAnnotator) -> Assignment:
    """Return a second protocol that comes first, in somebody's hand."""
    person = make_annotator(pool)
    while (found := claimed(person)).purpose != SECOND:
        answer(found)
    assert ProtocolPair.objects.get(item=found.item_id).comes_first == SECOND
    return found


def main_of(second: Assignment) -> Assignment:
    return Assignment.objects.get(
        item=second.item_id, participant=second.participant_id, purpose="main"
    )


def test_every_item_comes_in_both_forms_far_enough_apart(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    done = work(make_annotator(pool), 100)
    halves = places(done)
    assert len(done) == 40
    assert all(set(one) == {"main", SECOND} for one in halves.values())
    gaps = sorted(abs(one["main"] - one[SECOND]) for one in halves.values())
    # At the end of the pool nothing is left to come between.
    assert sum(gap > 3 for gap in gaps) >= 16
    assert counters(pool) == [(1, 1)] * 20
    assert rebuild_frontier(project=pool) == 0


def test_about_half_of_the_items_begin_with_each_form_and_the_order_is_stored(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    halves = places(work(make_annotator(pool), 100))
    pairs = {pair.item_id: pair for pair in ProtocolPair.objects.all()}
    for item, one in halves.items():
        came = "main" if one["main"] < one[SECOND] else SECOND
        assert pairs[item].comes_first == came
    counts = Counter(pair.comes_first for pair in pairs.values())
    assert abs(counts["main"] - counts[SECOND]) <= 1


def test_second_answers_count_for_no_overlap_and_no_side(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    items = list(pool.items.values_list("pk", flat=True))

    def orders_of(seed: int) -> set[tuple[int, ...]]:
        kinds = (f"{seed}:{person.pk}:{SECOND}:{item}" for item in items)
        return {tuple(shown_order(2, kind, is_fixed=False)) for kind in kinds}

    draw_so_that(pool, lambda seed: len(orders_of(seed)) == 2)
    done = work(person, 100)
    person.refresh_from_db()
    assert (person.n_done, person.n_checks) == (40, 20)
    assert sum(n or 0 for n in person.firsts) == 20
    assert abs(person.firsts[1] - person.firsts[2]) <= 1
    orders = Counter(tuple(one.order or ()) for one in done if one.purpose == SECOND)
    assert set(orders) == {(0, 1), (1, 0)}


def test_second_form_has_questions_of_its_own_and_is_held_against_them(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = work_until(make_annotator(pool), SECOND)
    assert second.questions_version.purpose == SECOND
    main = Assignment.objects.filter(purpose="main").first()
    assert main is not None
    assert main.questions_version.purpose == "project"
    answer(second)
    second.refresh_from_db()
    assert second.annotation is not None
    assert second.annotation.answers == {"second_rating": {"overall": [5, 3]}}


def test_only_a_share_of_the_items_is_asked_twice(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(40)
    ask_twice(project, share_percent=50)
    items = list(project.items.values_list("pk", flat=True))

    def n_chosen(seed: int) -> int:
        rules = ProtocolRules(share_percent=50)
        return sum(is_chosen(rules, item, f"{seed}") for item in items)

    draw_so_that(project, lambda seed: n_chosen(seed) == 20)
    done = work(make_annotator(project), 200)
    halves = Counter(one.purpose for one in done)
    assert halves == {"main": 40, SECOND: 20}


def test_a_project_without_a_second_protocol_has_no_pairs(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(5)
    assert len(work(make_annotator(project), 50)) == 5
    assert not ProtocolPair.objects.exists()


def test_it_costs_a_project_without_one_no_statement(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(make_pool(5))
    with CaptureQueriesContext(connection) as seen:
        answer(claimed(person))
        claim(person)
        claim(person, ahead=True)
    assert not [q for q in seen.captured_queries if "protocol_pair" in q["sql"]]


def test_a_project_that_rates_compares_only_items_of_two_answers(
    db: None, make_annotator: MakeAnnotator
) -> None:
    project = make_project(template="rating")
    pairs = {item.pk for item in make_items(project, 4)}
    make_items(project, 3, n_completions=3)
    set_second_protocol(
        project=project,
        form=first_form("comparison"),
        rules=ProtocolRules(share_percent=100, after_items=1, after_min=0),
        by=project.created_by,
    )
    project.refresh_from_db()
    person = make_annotator(project)
    asked: Counter[tuple[str, bool]] = Counter()
    while (found := claim(person)) is not None:
        asked[found.purpose, found.item_id in pairs] += 1
        n = len(found.order or ())
        answers: dict[str, Any] = {"second_comparison": {"value": 1}}
        if found.purpose == "main":
            marks = dict.fromkeys(("helpful", "correct", "clear", "safe"), [3] * n)
            answers = {"ratings": marks}
        submissions.submit(
            assignment=found, submission_id=uuid.uuid4(), answers=answers
        )
    assert asked == {("main", True): 4, (SECOND, True): 4, ("main", False): 3}


def test_the_minutes_between_are_kept_while_there_are_other_items(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(30)
    ask_twice(project, after_items=1, after_min=30)
    person = make_annotator(project)
    done = work(person, 12)
    assert len({one.item_id for one in done}) == 12
    for one in Assignment.objects.exclude(finished_at=None):
        early = one.finished_at and one.finished_at - timedelta(minutes=31)
        Assignment.objects.filter(pk=one.pk).update(finished_at=early)
    later = work(person, 6)
    assert {one.item_id for one in later} <= {one.item_id for one in done}


def test_a_reserved_item_is_lent_to_nobody_else(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    ask_twice(project)
    second = second_first(project, make_annotator)
    answer(second)
    theirs = work(make_annotator(project), 9)
    assert second.item_id not in {one.item_id for one in theirs}
    rest = work(second.participant, 9)
    assert (second.item_id, "main") in {(one.item_id, one.purpose) for one in rest}
    assert counters(project) == [(1, 1)] * 2


@pytest.mark.parametrize("n_people", [1, 3])
def test_overlap_stays_exact_with_several_people(
    make_pool: MakePool, make_annotator: MakeAnnotator, n_people: int
) -> None:
    project = make_pool(8, overlap=2)
    ask_twice(project)
    people = [make_annotator(project) for _ in range(n_people)]
    at_work = list(people)
    while at_work:
        for person in list(at_work):
            if not work(person, 1):
                at_work.remove(person)
    wanted = min(2, n_people)
    assert counters(project) == [(wanted, wanted)] * 8
    halves = Counter(
        Assignment.objects.filter(state="submitted").values_list("purpose", flat=True)
    )
    assert halves == {"main": 8 * wanted, SECOND: 8 * wanted}
    by_item: dict[int, Counter[str]] = defaultdict(Counter)
    for pair in ProtocolPair.objects.all():
        by_item[pair.item_id][pair.comes_first] += 1
    assert all(abs(n["main"] - n[SECOND]) <= 2 for n in by_item.values())


def test_what_is_leased_ahead_keeps_both_forms_apart(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    done: list[Assignment] = []
    while (found := claim(person)) is not None:
        claim(person, ahead=True)
        answer(found)
        done.append(found)
    assert len(done) == 40
    halves = places(done)
    gaps = [abs(one["main"] - one[SECOND]) for one in halves.values()]
    assert sum(gap > 3 for gap in gaps) >= 15
    assert counters(pool) == [(1, 1)] * 20


def test_nobody_takes_over_the_other_half_that_waits_ahead(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(6)
    ask_twice(project, after_items=1)
    person, other = make_annotator(project), make_annotator(project)
    seconds = ProtocolPair.objects.filter(comes_first=SECOND).values("item")
    ahead = None
    while not (
        ahead
        and ahead.purpose == "main"
        and seconds.filter(item=ahead.item_id).exists()
    ):
        found = claimed(person)
        ahead = claim(person, ahead=True)
        answer(found)
    work(other, 50)
    assert claimed(person).pk == ahead.pk
    assert set(counters(project)) <= {(1, 0), (1, 1)}


# --- when the second protocol comes first ---------------------------------------------


def test_its_lease_runs_out_and_the_item_is_free_again(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = second_first(pool, make_annotator)
    assert main_of(second).state == State.RESERVED
    run_out(second)
    assert main_of(second).state == State.EXPIRED
    entry = FrontierEntry.objects.get(pk=second.item_id)
    assert (entry.n_taken, sum(entry.turns)) == (0, 0)
    assert rebuild_frontier(project=pool) == 0


def test_its_draft_is_gone_on_with(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = second_first(pool, make_annotator)
    kept = {"second_rating": {"overall": [2, None]}}
    drafts.save_draft(assignment=second, answers=kept, revision=0)
    run_out(second)
    again = claimed(second.participant)
    assert again.pk == second.pk
    assert again.order == second.order
    assert Draft.objects.get(assignment=again).answers == kept
    assert main_of(second).state == State.RESERVED
    assert rebuild_frontier(project=pool) == 0


def test_a_skip_ends_the_item_for_its_person(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = second_first(pool, make_annotator)
    assignments.skip(assignment=second, reason="Not my field.")
    main = main_of(second)
    assert (main.state, main.skip_reason) == (State.SKIPPED, "Not my field.")
    assert FrontierEntry.objects.get(pk=second.item_id).n_taken == 0
    done = work(second.participant, 100)
    assert second.item_id not in {one.item_id for one in done}
    assert second.item_id in {one.item_id for one in work(make_annotator(pool), 9)}


def test_given_back_it_comes_again_in_the_same_order_of_forms(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = second_first(pool, make_annotator)
    assignments.release(assignment=second)
    assert main_of(second).state == State.RELEASED
    done = work(second.participant, 100)
    halves = places(done)[second.item_id]
    assert halves[SECOND] < halves["main"]


def test_a_late_answer_is_stored_and_its_other_half_follows(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = second_first(pool, make_annotator)
    run_out(second)
    assert answer(second).state == State.SUBMITTED
    done = work(second.participant, 100)
    assert second.item_id in {one.item_id for one in done if one.purpose == "main"}
    assert set(counters(pool)) == {(1, 1)}


def test_a_reservation_ends_and_somebody_else_gets_the_item(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    ask_twice(project)
    second = second_first(project, make_annotator)
    answer(second)
    stay_away(second.participant)
    assert main_of(second).state == State.EXPIRED
    other = make_annotator(project)
    assert second.item_id in {one.item_id for one in work(other, 9)}
    left = work(second.participant, 9)
    assert (second.item_id, "main") not in {(a.item_id, a.purpose) for a in left}
    assert set(counters(project)) == {(1, 1)}


def test_who_comes_back_in_time_gets_the_other_half_after_all(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    ask_twice(project)
    second = second_first(project, make_annotator)
    answer(second)
    stay_away(second.participant)
    done = work(second.participant, 9)
    assert (second.item_id, "main") in {(a.item_id, a.purpose) for a in done}
    assert counters(project) == [(1, 1)] * 2


def test_at_work_a_reservation_is_kept(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = second_first(pool, make_annotator)
    answer(second)
    pair = ProtocolPair.objects.get(item=second.item_id)
    past = timezone.now() - timedelta(minutes=1)
    ProtocolPair.objects.filter(pk=pair.pk).update(reserved_until=past)
    assignments.expire_leases()
    pair.refresh_from_db()
    assert pair.reserved_until is not None
    assert pair.reserved_until > past + timedelta(hours=3)
    assert main_of(second).state == State.RESERVED


# --- answers that change --------------------------------------------------------------


def test_either_half_is_taken_back_and_answered_again(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    for purpose in ("main", SECOND, "main", SECOND):
        found = work_until(person, purpose)
        answer(found)
        reopened = submissions.take_back(assignment=found)
        assert reopened.state == State.OPEN
        assert claimed(person).pk == found.pk
        answer(reopened)
    work(person, 100)
    assert counters(pool) == [(1, 1)] * 20
    person.refresh_from_db()
    assert (person.n_done, person.n_checks) == (40, 20)
    assert rebuild_frontier(project=pool) == 0


def test_a_taken_back_second_half_that_is_lost_is_asked_again(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    work(person, 39)
    last = claimed(person)
    answer(last)
    assert claim(person) is None
    run_out(submissions.take_back(assignment=last))
    assert claimed(person).pk == last.pk


def test_what_makes_room_for_an_answer_taken_back_stays_reserved(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    while True:
        found = claimed(person)
        ahead = claim(person, ahead=True)
        answer(found)
        if ahead and ahead.purpose == "main":
            pair = ProtocolPair.objects.get(item=ahead.item_id)
            if pair.comes_first == SECOND:
                break
    opened = claimed(person)
    assert opened.pk == ahead.pk
    submissions.take_back(assignment=found)
    after = claim(person, ahead=True)
    assert after is not None
    assert after.pk == ahead.pk


def test_second_answers_may_be_changed_as_the_project_allows(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    second = work_until(make_annotator(pool), SECOND)
    answer(second)
    Project.objects.filter(pk=pool.pk).update(grace_s=0)
    with pytest.raises(ConflictError, match="no longer be changed"):
        answer(second, sign=-1)
    Project.objects.filter(pk=pool.pk).update(editing="always")
    answer(second, sign=-1)
    second.refresh_from_db()
    assert second.annotation is not None
    assert second.annotation.answers == {"second_rating": {"overall": [3, 5]}}
    rows = second.annotations.count()
    assert rows == 2


# --- ends -----------------------------------------------------------------------------


def test_switching_it_off_returns_what_was_reserved(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    answer(work_until_reserved(person))
    ask_twice(pool, share_percent=0)
    assignments.expire_leases()
    assert not Assignment.objects.filter(state=State.RESERVED).exists()
    assert pool.protocol_rules == {}
    person.project.refresh_from_db()
    rest = work(person, 100)
    assert {one.purpose for one in rest} == {"main"}
    assert counters(pool) == [(1, 1)] * 20


def test_who_is_wanted_for_so_many_items_answers_their_other_halves_too(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    type(person).objects.filter(pk=person.pk).update(n_wanted=7)
    done = work(person, 100)
    assert Counter(one.purpose for one in done) == {"main": 7, SECOND: 7}
    assert sum(taken for taken, _ in counters(pool)) == 7


def test_the_last_items_come_closer_rather_than_lose_their_other_half(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(2)
    ask_twice(project, after_items=50, after_min=600)
    done = work(make_annotator(project), 9)
    assert len(done) == 4
    assert all(len(one) == 2 for one in places(done).values())
