"""However many pairs are open, a claim looks at a few, and none of them is lost."""

from collections import Counter

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import (
    Assignment,
    Draft,
    FrontierEntry,
    Membership,
    Participant,
    Project,
    ProtocolPair,
)
from annotation.services import assignments, drafts
from annotation.services.claims import START, Walk
from annotation.services.pairings import (
    N_BEGUN,
    N_WAITING,
    Pairs,
    settle_all,
)
from tests.manage.test_item_changes import change, run
from tests.protocols.conftest import (
    SECOND,
    MakeAnnotator,
    MakePool,
    State,
    answer,
    ask_twice,
    claim,
    claimed,
    run_out,
    work,
    work_until,
)

pytestmark = pytest.mark.django_db(transaction=True)
RATED = {"second_rating": {"overall": [2, None]}}


def looked_at(person: Participant) -> Pairs:
    """Return what a claim would read."""
    return Pairs(person, person.project, Walk(START, [0], False, None), State.OPEN)


def n_open(person: Participant) -> int:
    return person.protocol_pairs.filter(is_settled=False).count()


def halves(person: Participant) -> Counter[str]:
    done = person.assignments.filter(state__in=("submitted", "surplus"))
    return Counter(done.values_list("purpose", flat=True))


def begin_with(person: Participant, first: str) -> Assignment:
    """Return an item in hand of which that half comes first."""
    while True:
        found = claimed(person)
        pair = ProtocolPair.objects.get(item=found.item_id, participant=person)
        if pair.comes_first == found.purpose == first:
            return found
        answer(found)


def owner_of(project: Project) -> Client:
    Membership.objects.create(project=project, user=project.created_by, role="owner")
    client = Client()
    client.force_login(project.created_by)
    return client


def test_a_claim_looks_at_as_many_pairs_however_many_are_open(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(60)
    ask_twice(project, after_items=1000)
    person = make_annotator(project)
    seen: dict[int, tuple[int, int]] = {}
    for n in (12, 50):
        work(person, n - n_open(person))
        claim(person)
        with CaptureQueriesContext(connection) as said:
            n_read = len(looked_at(person)._read())
        assert len(said.captured_queries) == 3
        seen[n] = (n_read, looked_at(person).n_reserved)
    assert seen[12][0] == seen[50][0] <= N_WAITING + 2
    # Of all that is reserved the number is still known.
    assert [n for _, n in seen.values()] == [
        seen[12][1],
        person.assignments.filter(state=State.RESERVED).count(),
    ]
    assert 20 <= seen[50][1] <= 30
    work(person, 200)
    assert halves(person) == {"main": 60, SECOND: 60}
    claim(person)
    assert n_open(person) == 0


def test_the_oldest_that_waits_comes_first(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(40)
    ask_twice(project, after_items=1000)
    person = make_annotator(project)
    firsts = [one.item_id for one in work(person, 40)]
    assert [one.item_id for one in work(person, 40)] == firsts


def test_pairs_of_which_nothing_can_be_asked_are_read_no_more(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    for _ in range(15):
        assignments.release(assignment=claimed(person))
        run_out(claimed(person))
    claim(person)
    assert n_open(person) == 1
    assert ProtocolPair.objects.filter(participant=person).count() > 1
    work(person, 100)
    assert halves(person) == {"main": 20, SECOND: 20}


@pytest.mark.parametrize("first", ["main", SECOND])
def test_a_late_answer_to_what_was_lost_asks_for_its_other_half(
    make_pool: MakePool, make_annotator: MakeAnnotator, first: str
) -> None:
    project = make_pool(20)
    ask_twice(project)
    person = make_annotator(project)
    lost = begin_with(person, first)
    run_out(lost)
    # Nobody but this person is there: the item would be lent again at once.
    FrontierEntry.objects.filter(item=lost.item_id).update(target=0)
    claim(person)
    pair = ProtocolPair.objects.get(item=lost.item_id)
    assert pair.is_settled
    FrontierEntry.objects.filter(item=lost.item_id).update(target=1)
    answer(lost)
    pair.refresh_from_db()
    assert (pair.is_settled, pair.comes_first) == (False, first)
    work(person, 100)
    assert halves(person) == {"main": 20, SECOND: 20}


def test_a_draft_that_comes_after_the_loss_is_gone_on_with(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    lost = begin_with(person, SECOND)
    run_out(lost)
    FrontierEntry.objects.filter(item=lost.item_id).update(target=0)
    answer(claimed(person))
    assert ProtocolPair.objects.get(item=lost.item_id).is_settled
    FrontierEntry.objects.filter(item=lost.item_id).update(target=1)
    lost.refresh_from_db()
    drafts.save_draft(assignment=lost, answers=RATED, revision=0)
    again = claimed(person)
    assert again.pk == lost.pk
    assert Draft.objects.get(assignment=again).answers == RATED


def test_a_main_draft_that_is_taken_up_again_keeps_its_other_half(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    lost = begin_with(person, "main")
    given = {"preference": {"value": 1}}
    drafts.save_draft(assignment=lost, answers=given, revision=0)
    run_out(lost)
    assert claimed(person).pk == lost.pk
    assert not ProtocolPair.objects.get(item=lost.item_id).is_settled
    work(person, 100)
    assert halves(person) == {"main": 20, SECOND: 20}


def test_items_taken_out_are_settled_and_asked_again_once_they_are_back(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(12)
    ask_twice(project, after_items=1000)
    person = make_annotator(project)
    work(person, 10)
    owner = owner_of(project)
    job = run(change(owner, project, action="exclude"))
    assert n_open(person) == 0
    assert not person.assignments.filter(state=State.RESERVED).exists()
    person.project.refresh_from_db()
    assert claim(person) is None
    owner.post(f"/p/{project.slug}/jobs/{job.public_id}/undo/")
    run(type(job).objects.latest("id"))
    assert n_open(person) == 10
    person.project.refresh_from_db()
    work(person, 100)
    assert halves(person) == {"main": 12, SECOND: 12}


def test_what_waits_behind_pairs_of_no_use_is_still_found(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(16)
    ask_twice(project, after_items=1000)
    person = make_annotator(project)
    done = work(person, 16)
    # As they stand where an answer was taken back in the moment of the exclusion.
    gone = [one.item_id for one in done[: 2 * N_WAITING + 1]]
    FrontierEntry.objects.filter(item__in=gone).update(is_excluded=True, target=0)
    found = claimed(person)
    assert found.item_id == done[2 * N_WAITING + 1].item_id
    answer(found)
    assert len(work(person, 100)) == 16 - len(gone) - 1


def test_many_late_answers_are_noted_over_some_claims(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    n = N_BEGUN + 8
    project = make_pool(n)
    ask_twice(project, after_items=1000)
    person = make_annotator(project)
    work(person, n)
    ProtocolPair.objects.update(waits_since=None)
    assert len(looked_at(person)._pending) == N_BEGUN
    assert ProtocolPair.objects.filter(waits_since=None).count() == 8
    work(person, 100)
    assert halves(person) == {"main": n, SECOND: n}


def test_who_is_taken_in_again_is_asked_only_what_is_open(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    work(person, 10)
    n_whole = sum(halves(person).values()) - ProtocolPair.objects.count()
    settle_all(participant=person, is_settled=True)
    assert n_open(person) == 0
    settle_all(participant=person, is_settled=False)
    assert n_open(person) == ProtocolPair.objects.count() - n_whole
    work(person, 100)
    assert halves(person) == {"main": 20, SECOND: 20}


def test_item_whose_second_protocol_is_in_hand_is_not_begun_again(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    """Its reservation ended meanwhile, and the walk begins at the front again."""
    project = make_pool(12)
    ask_twice(project, after_items=1)
    person = make_annotator(project)
    held = work_until(person, SECOND)
    assignments.give_reserved_back(participant=person)
    assignments.restart_walks(project=project)
    project.refresh_from_db()
    ahead = claim(person, ahead=True)
    assert ahead is not None
    assert ahead.item_id != held.item_id
    answer(held)
    assert Assignment.objects.get(pk=held.pk).state == State.SUBMITTED
