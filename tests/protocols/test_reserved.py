"""A main half that is reserved: it is lost with its place, and waits for its turn."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import (
    Assignment,
    Budget,
    Draft,
    FrontierEntry,
    Project,
    ProtocolPair,
)
from annotation.selectors.own_answers import batches
from annotation.services import assignments, drafts, submissions
from annotation.services.frontier import rebuild_frontier
from annotation.services.pairings import Pairs
from tests.assign.test_crossings import elsewhere
from tests.ledger.books import give_budget
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
    stay_away,
    work,
    work_until_reserved,
)

pytestmark = pytest.mark.django_db(transaction=True)


def reserved_main(project: Project, make_annotator: MakeAnnotator) -> Assignment:
    """Return what is reserved behind a second protocol in somebody's hand."""
    person = make_annotator(project)
    while (found := claimed(person)).purpose != SECOND:
        answer(found)
    return Assignment.objects.select_related("participant", "project").get(
        item=found.item_id, participant=person, state=State.RESERVED
    )


def after_pairs_are_read(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Let `act` commit on another connection once a claim has read its pairs."""
    read, waiting = Pairs._read, [act]

    def interposed(pairs: Pairs) -> Any:
        found = read(pairs)
        if waiting:
            elsewhere(waiting.pop()).result()
        return found

    monkeypatch.setattr(Pairs, "_read", interposed)


def test_a_reservation_that_ends_during_a_claim_takes_its_place_along(
    make_pool: MakePool,
    make_annotator: MakeAnnotator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = make_pool(20)
    ask_twice(project, after_items=1)
    main = reserved_main(project, make_annotator)
    person, other = main.participant, make_annotator(project)
    # Its second protocol, and one more item between.
    work(person, 2)
    main.refresh_from_db()
    assert main.state == State.RESERVED

    def lose_it() -> None:
        stay_away(person)
        work(other, 100)

    after_pairs_are_read(monkeypatch, lose_it)
    work(person, 100)
    entry = FrontierEntry.objects.get(pk=main.item_id)
    assert (entry.n_taken, entry.n_counted) == (1, 1)
    main.refresh_from_db()
    assert main.state == State.EXPIRED


def test_what_is_reserved_is_neither_answered_nor_skipped_before_its_turn(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    given = {"preference": {"value": 1}}
    with pytest.raises(ConflictError, match="comes later"):
        answer(main)
    with pytest.raises(ConflictError, match="comes later"):
        drafts.save_draft(assignment=main, answers=given, revision=0)
    with pytest.raises(ConflictError, match="comes later"):
        assignments.skip(assignment=main, reason="")
    main.refresh_from_db()
    assert main.state == State.RESERVED
    assert not main.annotations.exists()
    assert not Draft.objects.filter(assignment=main).exists()


def test_what_was_on_a_screen_before_it_is_reserved_is_gone_on_with(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    Assignment.objects.filter(pk=main.pk).update(shown_at=timezone.now())
    given = {"preference": {"value": 1}}
    saved = drafts.save_draft(assignment=main, answers=given, revision=0)
    assert saved.revision == 1
    stored = submissions.submit(
        assignment=main, submission_id=uuid.uuid4(), answers=given
    )
    assert stored.state == State.SUBMITTED


def call(assignment: Assignment, name: str, **body: object) -> Any:
    person = assignment.participant
    assert person.user is not None
    client = Client()
    client.force_login(person.user)
    address = reverse(f"api_{name}", args=[assignment.public_id])
    if name == "own":
        return client.get(address)
    return client.post(address, body, content_type="application/json")


VERBS = ("own", "open", "beat", "draft", "submit", "back", "release", "skip", "flag")


def test_no_call_shows_or_ends_what_is_reserved_before_its_turn(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    for verb in VERBS:
        said = call(main, verb, answers={}, kind="other")
        assert (said.status_code, said.json()["code"]) == (409, "not_yet"), verb
        assert "comes later" in said.json()["message"]
    user = main.participant.user
    assert user is not None
    client = Client()
    client.force_login(user)
    page = client.get(f"/p/{pool.slug}/annotate/desk/?of={main.public_id}")
    assert page.status_code == 409
    main.refresh_from_db()
    assert main.state == State.RESERVED
    assert FrontierEntry.objects.get(pk=main.item_id).n_taken == 1
    with pytest.raises(ConflictError, match="comes later"):
        assignments.release(assignment=main)


def test_what_was_on_a_screen_is_shown_and_given_back(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    Assignment.objects.filter(pk=main.pk).update(shown_at=timezone.now())
    assert call(main, "own").status_code == 200
    assert call(main, "release").status_code == 200
    main.refresh_from_db()
    assert main.state == State.RELEASED
    assert FrontierEntry.objects.get(pk=main.item_id).n_taken == 0
    work(main.participant, 100)
    assert rebuild_frontier(project=pool) == 0
    assert_all_is_asked_once(pool)


# --- answered before its time, after its hold was over --------------------------------


def assert_all_is_asked_once(project: Project) -> None:
    """Hold the counters against the answers: one main answer counts for each item."""
    entries = FrontierEntry.objects.filter(project=project)
    assert set(entries.values_list("n_taken", "n_counted")) == {(1, 1)}
    done = Assignment.objects.filter(project=project, state=State.SUBMITTED)
    for purpose in ("main", SECOND):
        items = list(done.filter(purpose=purpose).values_list("item", flat=True))
        assert len(items) == len(set(items)) == entries.count()


def held_second(main: Assignment) -> Assignment:
    return Assignment.objects.get(
        item=main.item_id, participant=main.participant_id, purpose=SECOND
    )


def lose_reservation(main: Assignment) -> None:
    """End the reservation while its second protocol is still in hand."""
    assignments.give_reserved_back(participant=main.participant)
    main.refresh_from_db()
    assert main.state == State.EXPIRED


def test_answered_too_early_it_counts_once_and_is_stored_as_the_first(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    lose_reservation(main)
    assert answer(main).state == State.SUBMITTED
    pair = ProtocolPair.objects.get(item=main.item_id)
    assert (pair.comes_first, pair.reserved_until) == ("main", None)
    entry = FrontierEntry.objects.get(pk=main.item_id)
    assert (entry.n_taken, entry.n_counted) == (1, 1)
    # The second protocol is still in hand, and is asked no second time.
    assert claimed(main.participant).pk == held_second(main).pk
    work(main.participant, 100)
    assert_all_is_asked_once(pool)
    assert rebuild_frontier(project=pool) == 0


def test_the_second_protocol_that_is_lost_then_is_asked_again(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    lose_reservation(main)
    answer(main)
    run_out(held_second(main))
    assert main.annotations.count() == 1
    work(main.participant, 100)
    assert_all_is_asked_once(pool)
    assert rebuild_frontier(project=pool) == 0


@pytest.mark.parametrize("is_answered", [False, True])
def test_gone_on_with_for_its_draft_it_is_stored_as_the_first_unless_it_is_not(
    pool: Project, make_annotator: MakeAnnotator, is_answered: bool
) -> None:
    main = reserved_main(pool, make_annotator)
    second = held_second(main)
    lose_reservation(main)
    given = {"preference": {"value": 1}}
    drafts.save_draft(assignment=main, answers=given, revision=0)
    if is_answered:
        answer(second)
        submissions.take_back(assignment=held_second(main))
    assignments.release(assignment=held_second(main))
    assert claimed(main.participant).pk == main.pk
    pair = ProtocolPair.objects.get(item=main.item_id)
    assert pair.comes_first == (SECOND if is_answered else "main")
    work(main.participant, 100)
    assert_all_is_asked_once(pool)
    assert ProtocolPair.objects.get(item=main.item_id).is_settled
    assert rebuild_frontier(project=pool) == 0


def test_answered_too_early_without_a_place_it_is_kept_as_surplus(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    lose_reservation(main)
    other = make_annotator(pool)
    work(other, 100)
    assert answer(main).state == State.SURPLUS
    entry = FrontierEntry.objects.get(pk=main.item_id)
    assert (entry.n_taken, entry.n_counted) == (1, 1)
    assert main.annotations.count() == 1
    done = work(main.participant, 100)
    assert held_second(main).pk in {one.pk for one in done}
    assert rebuild_frontier(project=pool) == 0


def test_answered_after_its_second_protocol_it_stays_the_later_one(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    answer(held_second(main))
    lose_reservation(main)
    assert answer(main).state == State.SUBMITTED
    assert ProtocolPair.objects.get(item=main.item_id).comes_first == SECOND
    work(main.participant, 100)
    assert_all_is_asked_once(pool)
    assert ProtocolPair.objects.get(item=main.item_id).is_settled
    assert rebuild_frontier(project=pool) == 0


def test_switched_off_it_is_not_kept_for_somebody_at_work(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    ask_twice(pool, share_percent=0)
    assignments.expire_leases()
    main.refresh_from_db()
    assert main.state == State.EXPIRED


def test_ones_own_copy_tells_nothing_of_what_is_reserved(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    told = [entry for batch in batches(main.participant) for entry in batch]
    assert main.public_id not in {entry["id"] for entry in told}
    n_lent = main.participant.assignments.exclude(state=State.RESERVED).count()
    assert len(told) == n_lent


def test_a_half_that_keeps_its_money_is_lent_though_the_budget_is_spent(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    give_budget(pool, price="1")
    person = make_annotator(pool)
    pool.refresh_from_db()
    last = work_until_reserved(person)
    half = person.assignments.get(state=State.RESERVED)
    while True:
        answer(last)
        opened, ahead = claimed(person), claim(person, ahead=True)
        if ahead is not None and ahead.pk == half.pk:
            break
        last = opened
    last.refresh_from_db()
    submissions.take_back(assignment=last)
    half.refresh_from_db()
    assert half.state == State.RESERVED
    budget = Budget.objects.get()
    give_budget(pool, str(budget.spent_usd + budget.reserved_usd), price="1")
    assert [one.pk for one in work(person, 9)] == [last.pk, opened.pk, half.pk]
    budget.refresh_from_db()
    assert budget.spent_usd == budget.cap_usd
    assert budget.reserved_usd == 0
