"""Silent gold, attention checks and mirrored repeats, mixed into a person's items."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import (
    Annotation,
    Assignment,
    CheckItem,
    Draft,
    FrontierEntry,
    Participant,
    Project,
)
from annotation.selectors.desk import as_json, desk
from annotation.selectors.editing import is_editable
from annotation.services import assignments, checks, drafts, submissions
from annotation.services.frontier import rebuild_frontier
from tests.checks.conftest import (
    RIGHT_SIDE,
    MakeAnnotator,
    MakePool,
    age,
    answer,
    claim,
    mark,
    set_rules,
    work,
)

State = Assignment.State


def purposes(done: list[Assignment]) -> Counter[str]:
    return Counter(assignment.purpose for assignment in done)


def lend_check(person: Participant) -> Assignment:
    """Work until a check is in hand."""
    while (found := claim(person)) is not None and found.purpose == "main":
        answer(found)
    assert found is not None
    return found


def counters(project: Project) -> list[tuple[int, int, int]]:
    entries = FrontierEntry.objects.filter(project=project).order_by("item_id")
    return list(entries.values_list("n_taken", "n_counted", "n_presented"))


def test_gold_comes_at_its_rate_and_counts_for_nothing(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 11))
    set_rules(pool, monitoring_every=5)
    person = make_annotator(pool)
    done = work(person, 100)
    blocks = [place // 5 for place, a in enumerate(done) if a.purpose == "monitoring"]
    assert blocks == list(range(len(blocks)))
    assert len(done) == 20 + len(blocks)
    assert 5 <= len(blocks) <= 6
    person.refresh_from_db()
    assert (person.n_done, person.n_checks) == (len(done), len(blocks))
    assert rebuild_frontier(project=pool) == 0
    assert [row[:2] for row in counters(pool)] == [(0, 0)] * 10 + [(1, 1)] * 20


def test_a_check_alone_is_never_lent_as_an_item(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 4))
    done = work(make_annotator(pool), 100)
    assert purposes(done) == {"main": 27}


def test_gold_that_stays_in_the_pool_is_lent_and_counted_as_data(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 4), in_pool=True)
    set_rules(pool, monitoring_every=2)
    assert purposes(work(make_annotator(pool), 100)) == {"main": 30}


def test_nobody_meets_the_same_check_twice(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 3))
    set_rules(pool, monitoring_every=2)
    done = work(make_annotator(pool), 100)
    assert purposes(done) == {"main": 28, "monitoring": 2}


def test_attention_check_is_shown_in_its_stored_order(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "attention", range(1, 9))
    set_rules(pool, attention_every=2)
    done = work(make_annotator(pool), 100)
    orders = [a.order for a in done if a.purpose == "attention"]
    assert orders == [[0, 1]] * 8


def test_mirror_shows_the_same_pair_with_its_sides_swapped_once(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(pool, mirror_every=3, mirror_after_items=5, mirror_after_min=0)
    done = work(make_annotator(pool), 200)
    first = {a.item_id: place for place, a in enumerate(done) if a.purpose == "main"}
    repeats = [(place, a) for place, a in enumerate(done) if a.purpose == "mirror"]
    assert len(first) == 30
    assert len(repeats) >= 5
    assert len({a.item_id for _, a in repeats}) == len(repeats)
    for place, repeat in repeats:
        assert repeat.order == list(reversed(done[first[repeat.item_id]].order or ()))
        assert place - first[repeat.item_id] > 5


def test_mirror_waits_for_its_minutes(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(pool, mirror_every=2, mirror_after_items=1, mirror_after_min=30)
    person = make_annotator(pool)
    assert purposes(work(person, 12)) == {"main": 12}
    age(person, minutes=31)
    assert purposes(work(person, 6))["mirror"] >= 1


def test_at_most_one_check_comes_at_a_place(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 6))
    mark(pool, "attention", range(6, 11))
    set_rules(
        pool,
        monitoring_every=4,
        attention_every=4,
        mirror_every=4,
        mirror_after_items=2,
        mirror_after_min=0,
    )
    done = work(make_annotator(pool), 100)
    assert set(purposes(done)) == {"main", "monitoring", "attention", "mirror"}
    assert purposes(done)["main"] == 20


def test_nothing_tells_a_check_from_an_item(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(30)
    mark(pool, "monitoring", range(1, 6))
    set_rules(pool, monitoring_every=3)
    person = make_annotator(pool)
    shapes, left, states = set(), set(), set()
    for _ in range(9):
        found = claim(person)
        assert found is not None
        seen = as_json(desk(found, pool))
        left.add(seen["progress"]["n_left"])
        shapes.add((*seen, *seen["assignment"], *seen["item"]))
        assert found.purpose not in str(seen) or found.purpose == "main"
        states.add(answer(found).state)
    assert person.assignments.filter(purpose="monitoring").count() == 3
    assert len(shapes) == len(states) == 1
    assert left <= {20, 30}


@pytest.mark.parametrize("end", ["release", "skip", "expire", "reclaim"])
def test_check_given_back_frees_no_slot(
    pool: Project, make_annotator: MakeAnnotator, end: str
) -> None:
    mark(pool, "monitoring", range(1, 3))
    set_rules(pool, monitoring_every=3)
    found = lend_check(make_annotator(pool))
    before = counters(pool)
    if end == "release":
        assignments.release(assignment=found)
    elif end == "skip":
        assignments.skip(assignment=found, reason="")
    elif end == "reclaim":
        assignments.reclaim(assignment=found)
    else:
        # Before the test's transaction began, whose time is that of the database.
        past = timezone.now() - timedelta(hours=1)
        Assignment.objects.filter(pk=found.pk).update(lease_until=past)
        assert assignments.expire_leases(project=pool) == 1
    assert counters(pool) == before
    assert rebuild_frontier(project=pool) == 0


def test_late_answer_to_a_check_is_kept_and_takes_no_slot(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 3))
    set_rules(pool, monitoring_every=3)
    found = lend_check(make_annotator(pool))
    assignments.reclaim(assignment=found)
    assert answer(found).state == State.SUBMITTED
    assert rebuild_frontier(project=pool) == 0


def test_answer_to_a_check_is_taken_back_like_any_other(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 3))
    set_rules(pool, monitoring_every=3)
    person = make_annotator(pool)
    found = lend_check(person)
    answer(found)
    assert claim(person) is not None
    assert claim(person, ahead=True) is not None
    assert submissions.take_back(assignment=found).state == State.OPEN
    assert rebuild_frontier(project=pool) == 0
    answer(found)
    person.refresh_from_db()
    assert person.n_checks == 1


@pytest.mark.parametrize("editing", list(Project.Editing))
def test_answer_to_a_check_is_changed_as_long_as_any_other(
    pool: Project, make_annotator: MakeAnnotator, editing: str
) -> None:
    mark(pool, "monitoring", range(1, 3))
    set_rules(pool, monitoring_every=3)
    Project.objects.filter(pk=pool.pk).update(editing=editing)
    pool.refresh_from_db()
    person = make_annotator(pool)
    done = work(person, 3)
    assert set(purposes(done)) == {"main", "monitoring"}
    person.refresh_from_db()
    before = (person.n_done, person.n_checks)
    assert {is_editable(one.pk) for one in done} == {True}
    for one in done:
        answer(one, -RIGHT_SIDE)
    person.refresh_from_db()
    assert (person.n_done, person.n_checks) == before
    assert rebuild_frontier(project=pool) == 0
    Annotation.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert len({is_editable(one.pk) for one in done}) == 1
    if editing != Project.Editing.ALWAYS:
        for one in done:
            with pytest.raises(ConflictError, match="no longer be changed"):
                answer(one)


def test_lost_check_comes_back_with_its_draft(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 4))
    set_rules(pool, monitoring_every=3)
    person = make_annotator(pool)
    found = lend_check(person)
    drafts.save_draft(
        assignment=found, answers={"preference": {"value": 1}}, revision=0
    )
    assignments.reclaim(assignment=found)
    again = lend_check(person)
    assert again.pk == found.pk
    assert Draft.objects.filter(assignment=again).exists()


def test_check_is_leased_ahead_and_opened(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 10))
    set_rules(pool, monitoring_every=1)
    person = make_annotator(pool)
    claim(person)
    ahead = claim(person, ahead=True)
    assert ahead is not None
    assert (ahead.purpose, ahead.state) == ("monitoring", State.QUEUED)
    assert claim(person, ahead=True) == ahead


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_an_insertion_get_the_same_check(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(30)
    mark(pool, "monitoring", range(1, 10))
    set_rules(pool, monitoring_every=1)
    person = make_annotator(pool)
    work(person, 1)

    def ask(_: int) -> int:
        try:
            found = claim(person)
            assert found is not None
            return found.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(ask, range(8)))
    assert len(found) == 1
    assert Assignment.objects.get(pk=found.pop()).purpose == "monitoring"
    assert person.assignments.filter(state="open").count() == 1


def test_project_without_rules_asks_for_no_plan(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    work(person, 3)
    assert not hasattr(Participant.objects.get(pk=person.pk), "check_plan")


# --- making and ending checks ---------------------------------------------------------


def test_ended_check_goes_back_to_the_pool_with_its_overlap(pool: Project) -> None:
    (item,) = mark(pool, "attention", range(1, 2))
    FrontierEntry.objects.filter(pk=item.pk).get()
    assert FrontierEntry.objects.get(pk=item.pk).target == 0
    check = CheckItem.objects.get(item=item)
    assert checks.end_check(check=check, by=pool.created_by)
    entry = FrontierEntry.objects.get(pk=item.pk)
    assert (entry.target, entry.overlap) == (1, None)


def test_check_that_was_met_stays_out_of_the_pool(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 2))
    set_rules(pool, monitoring_every=2)
    found = lend_check(make_annotator(pool))
    answer(found)
    check = CheckItem.objects.get(item=found.item)
    assert not checks.end_check(check=check, by=pool.created_by)
    assert FrontierEntry.objects.get(pk=found.item_id).target == 0
    assert purposes(work(make_annotator(pool), 100))["monitoring"] == 0
    with pytest.raises(ConflictError, match="as a check"):
        mark(pool, "monitoring", range(1, 2), in_pool=True)


def test_new_overlap_does_not_reach_a_check(pool: Project) -> None:
    (item,) = mark(pool, "monitoring", range(1, 2))
    assignments.set_overlap(project=pool, overlap=3)
    assert FrontierEntry.objects.get(pk=item.pk).target == 0
    checks.end_check(check=CheckItem.objects.get(item=item), by=pool.created_by)
    assert FrontierEntry.objects.get(pk=item.pk).target == 3
