"""What is asked next of an item under two protocols, for every state of both halves."""

from datetime import UTC, datetime
from itertools import product

import pytest

from annotation.allocation.halves import (
    ANSWERED,
    HELD,
    LOST,
    MAIN,
    REFUSED,
    RESERVED,
    SECOND,
    Half,
    Pending,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STATES = (*ANSWERED, *LOST, *HELD, *REFUSED)


def pair(first: str, main: str | None, second: str | None, **changes: bool) -> Pending:
    flags = {"is_due": False, "is_excluded": False, "has_draft": False} | changes
    return Pending(
        id=1,
        item_id=1,
        comes_first=first,
        main=Half(1, main),
        second=Half(2 if second else None, second),
        order=[0, 1],
        noted=None,
        since=NOON,
        **flags,
    )


@pytest.mark.parametrize("state", [None, *LOST])
def test_the_other_half_is_asked_once_the_first_is_answered(state: str | None) -> None:
    found = pair(MAIN, "submitted", state)
    assert found.asked_next is found.second
    found = pair(SECOND, state or RESERVED, "submitted")
    assert found.asked_next is found.main


@pytest.mark.parametrize("state", LOST)
def test_a_second_protocol_that_was_lost_is_asked_after_an_early_answer(
    state: str,
) -> None:
    found = pair(SECOND, "submitted", state)
    assert found.asked_next is found.second


@pytest.mark.parametrize("state", LOST)
def test_a_main_half_that_was_lost_comes_back_as_every_lease_does(state: str) -> None:
    assert pair(MAIN, state, "submitted").is_settled
    assert pair(MAIN, state, None).is_settled


def test_what_was_begun_with_a_draft_is_gone_on_with() -> None:
    assert pair(SECOND, "expired", "expired", has_draft=True).is_broken_off
    assert not pair(SECOND, "expired", "released", has_draft=True).is_broken_off
    assert not pair(SECOND, RESERVED, "expired", has_draft=True).is_broken_off
    assert pair(SECOND, "expired", "expired").is_settled


@pytest.mark.parametrize("first", [MAIN, SECOND])
def test_nothing_is_asked_of_an_item_that_is_taken_out(first: str) -> None:
    for main, second in product((*STATES, RESERVED), (None, *STATES)):
        found = pair(first, main, second, is_excluded=True, has_draft=True)
        assert found.asked_next is None
        assert not found.is_broken_off
        assert found.is_settled or {main, second} & set(HELD)


@pytest.mark.parametrize("first", [MAIN, SECOND])
def test_a_pair_is_settled_or_has_something_to_wait_for(first: str) -> None:
    for main, second in product((*STATES, RESERVED), (None, *STATES)):
        found = pair(first, main, second)
        if (main in ANSWERED and second in ANSWERED) or {main, second} & set(REFUSED):
            assert found.is_settled
        elif found.asked_next is not None:
            assert not found.is_settled
            assert found.asked_next.is_free
            other = found.main if found.asked_next is found.second else found.second
            assert other.is_answered
        else:
            assert found.is_settled is not bool({main, second} & set(HELD))
