"""A main half that is reserved: it is lost with its place, and waits for its turn."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Assignment, Draft, FrontierEntry, Project, ProtocolPair
from annotation.selectors.own_answers import batches
from annotation.services import assignments, drafts, submissions
from annotation.services.pairings import Pairs
from tests.assign.test_crossings import elsewhere
from tests.protocols.conftest import (
    SECOND,
    MakeAnnotator,
    MakePool,
    State,
    answer,
    ask_twice,
    claimed,
    work,
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
        past = timezone.now() - timedelta(hours=1)
        ProtocolPair.objects.filter(item=main.item_id).update(reserved_until=past)
        assignments.expire_leases(project=project)
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


def test_ones_own_copy_tells_nothing_of_what_is_reserved(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    main = reserved_main(pool, make_annotator)
    told = [entry for batch in batches(main.participant) for entry in batch]
    assert main.public_id not in {entry["id"] for entry in told}
    n_lent = main.participant.assignments.exclude(state=State.RESERVED).count()
    assert len(told) == n_lent
