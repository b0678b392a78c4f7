"""Quotas in the assigner, on a real PostgreSQL: never overshot, never starved."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation

from annotation.allocation.quotas import cells_of, keys_of, read_quotas
from annotation.errors import ConflictError, InvalidError
from annotation.models import (
    Assignment,
    Item,
    Participant,
    Project,
    QuotaCell,
    QuotaHold,
    SurveyAnswer,
)
from annotation.selectors.own_work import n_left_for, why_empty
from annotation.selectors.quota_state import quota_page
from annotation.services import assignments, submissions
from annotation.services.frontier import rebuild_frontier
from annotation.services.item_store import ItemStore
from annotation.services.quotas import refresh_limits
from tests.assign.strata import person, tell, with_quotas
from tests.counts import n_runs
from tests.pools import draft
from tests.pseudo_locale import BEGIN

MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
State = Assignment.State
ANSWERS = {"preference": {"value": 1}}
PER_COUNTRY = {"kind": "per_item", "questions": ["country"], "n": 1}
WOMEN = {"kind": "at_least", "questions": ["gender"], "amounts": {"Female": 40}}
EXACT = {
    "kind": "exact",
    "questions": ["gender"],
    "amounts": {"Female": 50, "Male": 50},
}


def claim(participant: Participant) -> Assignment | None:
    return assignments.claim_next(participant=participant, project=participant.project)


def claimed(participant: Participant) -> Assignment:
    found = claim(participant)
    assert found is not None
    return found


def submit(assignment: Assignment) -> str:
    return submissions.submit(
        assignment=assignment, submission_id=uuid.uuid4(), answers=ANSWERS
    ).state


def lose(assignment: Assignment) -> None:
    past = timezone.now() - timedelta(hours=1)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=past)


def answer_all(participant: Participant) -> int:
    """Answer until there is nothing left for this person; return how many."""
    n = 0
    while (assignment := claim(participant)) is not None:
        submit(assignment)
        n += 1
    return n


def taken(project: Project) -> dict[str, int]:
    cells = QuotaCell.objects.filter(project=project)
    return {cell.key: cell.n_taken for cell in cells}


@pytest.mark.django_db
def test_at_most_one_answer_per_item_from_one_country(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(4, overlap=3), [PER_COUNTRY])
    assert answer_all(person(make_annotator, project, country="KE")) == 4
    assert answer_all(person(make_annotator, project, country="KE")) == 0
    assert answer_all(person(make_annotator, project, country="PE")) == 4
    assert answer_all(person(make_annotator, project)) == 4
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_countries_count_by_their_group(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    groups = {"country": {"KE": "Africa", "GH": "Africa"}}
    quota = PER_COUNTRY | {"groups": groups}
    project = with_quotas(make_pool(3, overlap=3), [quota])
    assert answer_all(person(make_annotator, project, country="KE")) == 3
    assert answer_all(person(make_annotator, project, country="GH")) == 0
    assert answer_all(person(make_annotator, project, country="PE")) == 3
    assert answer_all(person(make_annotator, project, country="CL")) == 0


@pytest.mark.django_db
def test_the_others_leave_room_for_forty_per_cent_of_women(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(10), [WOMEN])
    assert answer_all(person(make_annotator, project, gender="Male")) == 6
    assert answer_all(person(make_annotator, project)) == 0
    assert answer_all(person(make_annotator, project, gender="Female")) == 4
    assert taken(project) == {"Female": 4, "anything but Female": 6}


@pytest.mark.django_db
def test_a_minimum_holds_in_another_language(
    make_pool: MakePool, make_annotator: MakeAnnotator, pseudo_locale: str
) -> None:
    project = with_quotas(make_pool(10), [WOMEN])
    (quota,) = read_quotas([WOMEN])
    with translation.override(pseudo_locale):
        keys = {cell.key for cell in cells_of(quota, 10)}
        assert set(keys_of(quota, {"gender": "Male"})) < keys
        assert answer_all(person(make_annotator, project, gender="Male")) == 6
        refresh_limits(project=project)
        labels = [cell.label for cell in quota_page(project).quotas[0].cells]
    assert labels[0] == "Female"
    assert labels[1].startswith(BEGIN)
    assert taken(project) == {"Female": 0, "anything but Female": 6}


@pytest.mark.django_db
def test_exact_shares_keep_everybody_else_out(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(7), [EXACT])
    assert answer_all(person(make_annotator, project, gender="Other")) == 0
    assert answer_all(person(make_annotator, project, gender="Male")) == 3
    assert answer_all(person(make_annotator, project, gender="Female")) == 4


@pytest.mark.django_db
def test_cell_of_people_counts_whoever_was_given_an_item(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    quota = {"kind": "people", "questions": ["gender"], "amounts": {"Male": 1}}
    project = with_quotas(make_pool(5), [quota])
    first = person(make_annotator, project, gender="Male")
    second = person(make_annotator, project, gender="Male")
    held = claimed(first)
    assert claim(second) is None
    assignments.release(assignment=held)
    submit(claimed(second))
    assert claim(first) is None
    assert answer_all(second) == 4
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_item_categories_have_shares_and_each_person_a_number(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(12)
    for place, item in enumerate(Item.objects.filter(project=project)):
        Item.objects.filter(pk=item.pk).update(category=("a", "b", "c")[place % 3])
    shares = {"kind": "category", "amounts": {"a": 10}}
    each = {"kind": "category_each", "n": 2}
    with_quotas(project, [shares, each])
    assert answer_all(person(make_annotator, project)) == 5
    done = Assignment.objects.filter(project=project).values_list("item__category")
    assert sorted(done) == [("a",), ("b",), ("b",), ("c",), ("c",)]
    assert answer_all(person(make_annotator, project)) == 4
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "end",
    [
        lambda held: assignments.release(assignment=held),
        lambda held: assignments.skip(assignment=held, reason=""),
        lambda held: assignments.reclaim(assignment=held),
        lose,
    ],
)
def test_lease_that_ends_without_an_answer_gives_its_place_back(
    make_pool: MakePool,
    make_annotator: MakeAnnotator,
    end: Callable[[Assignment], None],
) -> None:
    project = with_quotas(make_pool(2), [EXACT, PER_COUNTRY])
    told = {"gender": "Male", "country": "PE"}
    held = claimed(person(make_annotator, project, **told))
    other = person(make_annotator, project, **told)
    assert claim(other) is None
    end(held)
    assert claim(other) is not None
    assert taken(project)["Male"] == 1
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_late_answer_to_a_full_cell_is_kept_as_surplus(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(2), [EXACT])
    late = claimed(person(make_annotator, project, gender="Male"))
    lose(late)
    assert answer_all(person(make_annotator, project, gender="Male")) == 1
    assert submit(late) == State.SURPLUS
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_late_answer_counts_in_its_cell_while_there_is_room(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(2), [EXACT])
    late = claimed(person(make_annotator, project, gender="Male"))
    lose(late)
    assignments.expire_leases(project=project)
    assert submit(late) == State.SUBMITTED
    assert taken(project)["Male"] == 1
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_answer_taken_back_holds_its_place(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(2), [EXACT])
    done = claimed(person(make_annotator, project, gender="Male"))
    submit(done)
    submissions.take_back(assignment=done)
    assert claim(person(make_annotator, project, gender="Male")) is None
    assert submit(done) == State.SUBMITTED
    assert rebuild_frontier(project=project) == 0


@pytest.mark.django_db
def test_new_profile_counts_from_the_next_item_on(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(4), [EXACT])
    changing = person(make_annotator, project, gender="Male")
    submit(claimed(changing))
    tell(changing, gender="Female")
    submit(claimed(changing))
    assert taken(project) == {"Male": 1, "Female": 1, "anything else": 0}


@pytest.mark.django_db
def test_quotas_set_later_count_what_is_answered_and_held(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(4, overlap=2), [])
    man = person(make_annotator, project, gender="Male", country="PE")
    submit(claimed(man))
    assert claim(man) is not None
    with_quotas(project, [EXACT, PER_COUNTRY])
    assert taken(project) == {"Male": 2, "Female": 0, "anything else": 0, "PE": 2}
    assert rebuild_frontier(project=project) == 0
    with_quotas(project, [])
    assert not project.has_quotas
    assert not QuotaHold.objects.exists()
    assert answer_all(person(make_annotator, project, gender="Other")) == 4


@pytest.mark.django_db
def test_bounds_follow_new_items_and_a_new_overlap(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(4), [EXACT])

    def limit() -> int | None:
        return QuotaCell.objects.get(project=project, key="Female").n_limit

    assert limit() == 2
    assignments.set_overlap(project=project, overlap=3)
    assert limit() == 6
    with transaction.atomic():
        store = ItemStore(project)
        store.add([draft(number) for number in range(5, 9)])
        store.finish()
    assert limit() == 12


@pytest.mark.django_db
def test_counts_of_cells_can_be_computed_anew(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(4), [EXACT, PER_COUNTRY])
    submit(claimed(person(make_annotator, project, gender="Male", country="PE")))
    before = taken(project)
    QuotaCell.objects.filter(project=project).update(n_taken=9)
    QuotaHold.objects.all().delete()
    assert rebuild_frontier(project=project) > 0
    assert rebuild_frontier(project=project) == 0
    assert taken(project) == before


@pytest.mark.django_db
def test_malformed_quotas_are_refused_and_change_nothing(make_pool: MakePool) -> None:
    project = with_quotas(make_pool(2), [EXACT])
    with pytest.raises(InvalidError) as caught:
        with_quotas(project, [{"kind": "exact", "questions": ["age"]}])
    assert caught.value.problems[0].path == "quotas[0].questions"
    assert project.quota_versions.count() == 1


@pytest.mark.django_db(transaction=True)
def test_askers_at_once_never_overshoot_a_cell(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(8), [EXACT])
    askers = [person(make_annotator, project, gender="Male") for _ in range(12)]
    barrier = threading.Barrier(len(askers))

    def ask(participant: Participant) -> Assignment | None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return claim(participant)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(askers)) as pool:
        got = list(pool.map(ask, askers))
    assert sum(assignment is not None for assignment in got) == 4
    assert taken(project)["Male"] == 4


def act(chance: random.Random, who: Participant) -> None:
    own = Assignment.objects.filter(participant=who).select_related(
        "participant", "project"
    )
    found = own.order_by("?").first()
    kind = chance.choice(("next", "next", "ahead", "submit", "submit", "end", "back"))
    if kind == "next" or found is None:
        claim(who)
    elif kind == "ahead":
        assignments.claim_ahead(participant=who, project=who.project)
    elif kind == "submit":
        submit(found)
    elif kind == "back":
        submissions.take_back(assignment=found)
    elif chance.random() < 0.1:
        tell(who, gender=chance.choice(("Male", "Female")))
    else:
        chance.choice((assignments.release, assignments.reclaim))(assignment=found)


@pytest.mark.django_db(transaction=True)
def test_counts_hold_whatever_people_do_at_once(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    people_quota = {"kind": "people", "questions": ["gender"], "n": 3}
    project = make_pool(6, overlap=3)
    Item.objects.filter(project=project, number__lte=3).update(category="a")
    shares = {"kind": "category", "amounts": {"a": 40}}
    with_quotas(project, [EXACT, PER_COUNTRY, people_quota, shares])
    told = [(g, c) for g in ("Male", "Female") for c in ("PE", "KE", "TD")]
    people = [person(make_annotator, project, gender=g, country=c) for g, c in told]

    def tab(number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(n_runs(20, 600)):
                with suppress(ConflictError):
                    act(chance, people[number % len(people)])
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(tab, range(12)))
    assert rebuild_frontier(project=project) == 0
    for cell in QuotaCell.objects.filter(project=project).exclude(kind="per_item"):
        assert cell.n_limit is None or cell.n_taken <= cell.n_limit
    assert_one_per_country(project)


def assert_one_per_country(project: Project) -> None:
    counted = Assignment.objects.filter(project=project, state=State.SUBMITTED)
    countries = dict(
        SurveyAnswer.objects.filter(question="country").values_list(
            "participant", "value"
        )
    )
    seen = Counter((a.item_id, countries[a.participant_id]) for a in counted)
    assert max(seen.values()) == 1


def reason(participant: Participant) -> str:
    participant.refresh_from_db()
    participant.project.refresh_from_db()
    return why_empty(participant, participant.project).reason


@pytest.mark.django_db
def test_person_of_a_full_group_is_told_so_once_it_is_answered(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(2), [EXACT])
    held = claimed(person(make_annotator, project, gender="Male"))
    other = person(make_annotator, project, gender="Male")
    assert claim(other) is None
    assert reason(other) == "waiting"
    submit(held)
    assert reason(other) == "quota_full"
    assert n_left_for(other, project) == 0
    assert reason(person(make_annotator, project, gender="Female")) == "waiting"


@pytest.mark.django_db
def test_person_whose_country_has_answered_every_item_is_told_so(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = with_quotas(make_pool(2, overlap=2), [PER_COUNTRY])
    assert answer_all(person(make_annotator, project, country="PE")) == 2
    other = person(make_annotator, project, country="PE")
    assert claim(other) is None
    assert reason(other) == "quota_full"
    assert n_left_for(person(make_annotator, project, country="KE"), project) == 2


@pytest.mark.django_db
def test_person_who_has_used_up_each_category_is_told_so(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(4)
    Item.objects.filter(project=project).update(category="a")
    with_quotas(project, [{"kind": "category_each", "n": 2}])
    one = person(make_annotator, project)
    assert answer_all(one) == 2
    assert reason(one) == "quota_full"
