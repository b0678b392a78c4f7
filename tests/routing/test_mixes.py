"""Mixes: Algorithm 1 as the paper walks it, and uniform ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from routing.features.bins import Tags
from routing.mixes import draw_budgets, draw_by_tags, draw_uniform


def tags(*counts: int) -> Tags:
    """Return tags of so many items each, one after the other."""
    has = np.zeros((sum(counts), len(counts)), dtype=bool)
    start = 0
    for number, count in enumerate(counts):
        has[start : start + count, number] = True
        start += count
    return Tags(tuple(map(str, range(len(counts)))), has)


@given(st.integers(0, 999), st.integers(1, 30))
def test_mix_takes_whole_tags_and_a_part_of_one(seed: int, budget: int) -> None:
    some = tags(10, 10, 10)
    mix = draw_by_tags(some, np.array([budget]), np.random.default_rng(seed))[0]
    assert mix.sum() == budget
    within = mix.astype(int) @ some.has.astype(int)
    assert ((within > 0) & (within < 10)).sum() <= 1


def test_every_tag_comes_first_equally_often() -> None:
    mixes = draw_by_tags(tags(5, 20), np.full(600, 5), np.random.default_rng(0))
    whole_first = mixes[:, :5].all(axis=1).mean()
    assert 0.42 < whole_first < 0.58


def test_items_without_tags_come_last() -> None:
    has = np.zeros((10, 1), dtype=bool)
    has[:4] = True
    mix = draw_by_tags(Tags(("one",), has), np.array([4]), np.random.default_rng(0))[0]
    assert mix.tolist() == [True] * 4 + [False] * 6


def test_item_of_several_tags_is_taken_once() -> None:
    both = Tags(("a", "b"), np.ones((6, 2), dtype=bool))
    assert draw_by_tags(both, np.array([4]), np.random.default_rng(0)).sum() == 4


def test_without_tags_a_mix_is_uniform() -> None:
    none = Tags((), np.zeros((8, 0), dtype=bool))
    mixes = draw_by_tags(none, np.full(400, 2), np.random.default_rng(0))
    assert np.all(np.abs(mixes.mean(axis=0) - 0.25) < 0.08)


def test_uniform_mixes_differ_less_by_tag() -> None:
    some, budgets = tags(15, 15), np.full(200, 15)
    rng = np.random.default_rng(0)
    mixes = (draw_uniform(30, budgets, rng), draw_by_tags(some, budgets, rng))
    spread = [drawn[:, :15].sum(axis=1).std() for drawn in mixes]
    assert spread[0] < spread[1] / 2


@given(st.integers(1, 40), st.integers(1, 100))
def test_budgets_are_distinct_as_far_as_there_are_so_many(n: int, n_mixes: int) -> None:
    budgets = draw_budgets(n, n_mixes, np.random.default_rng(0))
    assert len(budgets) == n_mixes
    assert budgets.min() >= 1
    assert budgets.max() <= n
    assert len(np.unique(budgets)) == min(n, n_mixes)
