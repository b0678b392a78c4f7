"""When checks come: the rate is exact, the place cannot be told beforehand."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.allocation.insertion import (
    CheckRules,
    next_place,
    read_rules,
    retry_place,
    shown_order,
)


def places(every: int, seed: str, n: int) -> list[int]:
    found: list[int] = []
    place = -1
    while (place := next_place(place, every, seed)) < n:
        found.append(place)
    return found


@given(every=st.integers(1, 30), seed=st.text(max_size=8))
def test_each_block_has_one_place(every: int, seed: str) -> None:
    found = places(every, seed, every * 12)
    assert [place // every for place in found] == list(range(12))


@given(st.integers(-1, 500), st.integers(1, 40), st.text(max_size=8))
def test_next_place_is_later_and_not_far(after: int, every: int, seed: str) -> None:
    assert after < next_place(after, every, seed) < after + 2 * every + 1


def test_places_within_their_blocks_are_spread_evenly() -> None:
    offsets = [place % 5 for place in places(5, "one", 5000)]
    assert all(150 < offsets.count(offset) < 250 for offset in range(5))


def test_people_have_places_of_their_own() -> None:
    assert places(10, "7:1:monitoring", 200) != places(10, "7:2:monitoring", 200)
    assert places(10, "7:1:monitoring", 200) == places(10, "7:1:monitoring", 200)


def test_place_is_looked_for_again_soon() -> None:
    assert (retry_place(10, 20), retry_place(10, 1)) == (15, 11)


def test_rules_that_ask_for_nothing_are_stored_as_nothing() -> None:
    assert CheckRules(pass_percent=90).to_json() == {}
    rules = CheckRules(mirror_every=10, n_training=2)
    assert read_rules(rules.to_json()) == rules
    assert read_rules({}) == CheckRules()


def test_attention_check_keeps_its_sides() -> None:
    assert shown_order(2, "any", is_fixed=True) == [0, 1]
    orders = [shown_order(2, str(seed), is_fixed=False) for seed in range(100)]
    assert 30 < orders.count([1, 0]) < 70
