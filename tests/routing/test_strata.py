"""The audit by stratum: whom labels suit, and that nobody small is given away."""

from itertools import combinations

import numpy as np
import pytest

from models_service.answers_table import AnswersTable
from routing.pairs import Floats
from routing.strata import Cell, Size, Strata, after_routing, strata_of, told_of
from tests.counts import n_runs


def table_of(answers: Floats) -> AnswersTable:
    """Return a table of answers: float [n_items, n_people], NaN = none."""
    items, people = np.nonzero(np.isfinite(answers))
    return AnswersTable(items, people, answers[items, people], len(answers))


def panel(
    seed: int, n_items: int = 40, n_people: int = 30, shift: float = 0.0
) -> tuple[AnswersTable, Floats, list[str]]:
    """Draw answers of two halves; the AI suits the first by `shift` more."""
    rng = np.random.default_rng(seed)
    ai = rng.choice([1.0, -1.0], n_items)
    easy = rng.normal(0, 0.1, n_items)[:, None]
    own = rng.normal(0, 0.1, n_people)[None, :]
    is_first = np.arange(n_people) < n_people // 2
    chance = np.clip(0.65 + easy + own + shift * is_first, 0, 1)
    says = np.where(rng.random((n_items, n_people)) < chance, 1.0, -1.0) * ai[:, None]
    asked = rng.random((n_items, n_people)) < 0.2
    answers = np.where(asked, says, np.nan)
    return table_of(answers), ai, ["first" if one else "second" for one in is_first]


def cells_of(found: Strata, question: str) -> dict[str, Cell]:
    (group,) = [one for one in found.groups if one.question == question]
    return {cell.name: cell for cell in group.cells}


def test_a_stratum_that_the_ai_suits_more_stands_apart() -> None:
    table, ai, halves = panel(1, shift=0.25)
    found = strata_of(table, ai, np.zeros(len(ai)), {"half": halves})
    cells = cells_of(found, "half")
    first, second = cells["first"], cells["second"]
    assert first.agreement.value > second.agreement.value + 0.15
    assert first.difference is not None
    assert second.difference is not None
    assert first.difference.low > 0 > second.difference.high
    assert first.difference.value == pytest.approx(-second.difference.value)
    assert first.widened is not None
    assert first.widened.low < first.difference.low
    assert found.n_compared == 2
    assert found.everybody is not None
    assert found.everybody.size == Size(30, len(table.items))


def test_intervals_of_differences_hold_where_there_is_none() -> None:
    n = n_runs(150, 2000)
    covered = 0
    for seed in range(n):
        table, ai, halves = panel(seed)
        found = strata_of(table, ai, np.zeros(len(ai)), {"half": halves})
        difference = cells_of(found, "half")["first"].difference
        assert difference is not None
        covered += difference.low <= 0 <= difference.high
    assert covered / n >= 0.92


def test_agreement_by_hand() -> None:
    answers = np.full((10, 6), 1.0)
    answers[:5, 0] = -1.0
    found = strata_of(table_of(answers), np.ones(10), np.zeros(10), {})
    assert found.everybody is not None
    assert found.everybody.agreement.value == pytest.approx(55 / 60)
    assert found.groups == ()


def test_label_after_routing_by_hand() -> None:
    """Two say A and one B of an item on which the AI says B."""
    table = table_of(np.array([[1.0, 1.0, -1.0], [np.nan, 0.0, np.nan]]))
    ai = np.array([-1.0, 0.0])
    found = after_routing(table, ai, np.array([0.25, 1.0]))
    # The first: of the others one says A and one B, so they prefer neither. The third:
    # both others say A. The last has nobody beside.
    assert found[:3] == pytest.approx([0.0, 0.0, 0.75])
    assert np.isnan(found[3])


def test_routing_all_to_people_or_none_is_people_or_the_ai() -> None:
    table, ai, halves = panel(3)
    told = {"half": halves}
    none = strata_of(table, ai, np.zeros(len(ai)), told).everybody
    assert none is not None
    assert none.after is not None
    seen = np.isfinite(after_routing(table, ai, np.zeros(len(ai))))
    hits = table.choices == ai[table.items]
    assert none.after.value == pytest.approx(hits[seen].mean())
    everything = strata_of(table, ai, np.ones(len(ai)), told).everybody
    assert everything is not None
    assert everything.after is not None
    assert everything.after.value > none.after.value - 0.3


def test_after_routing_is_not_told_where_one_answers_alone() -> None:
    answers = np.full((60, 12), np.nan)
    answers[np.arange(60), np.arange(60) % 12] = 1.0
    halves = ["a", "b"] * 6
    found = strata_of(table_of(answers), np.ones(60), np.zeros(60), {"half": halves})
    assert found.everybody is not None
    assert found.everybody.after is None
    assert {cell.after for cell in cells_of(found, "half").values()} == {None}


def test_few_people_or_answers_are_not_told() -> None:
    answers = np.full((30, 22), 1.0)
    answers[2:, 12:18] = np.nan
    strata = ["large"] * 12 + ["quiet"] * 6 + ["few"] * 4
    found = strata_of(table_of(answers), np.ones(30), np.zeros(30), {"role": strata})
    (group,) = found.groups
    # Six with two answers each, four with thirty: together enough to hide in.
    assert [cell.name for cell in group.cells] == ["large"]
    assert group.n_hidden == 2


def test_nothing_is_told_of_very_few() -> None:
    answers = np.full((30, 4), 1.0)
    found = strata_of(table_of(answers), np.ones(30), np.zeros(30), {"x": ["a"] * 4})
    assert found == Strata(None, (), 0)


NOBODY = Size()


def test_one_small_stratum_takes_the_next_smallest_with_it() -> None:
    sizes = {"a": Size(50, 500), "b": Size(9, 90), "c": Size(30, 300), "d": Size(2, 9)}
    assert told_of(sizes, NOBODY) == ["a", "c"]
    # Those who did not tell hide it as well, where they are enough.
    assert told_of(sizes, Size(20, 100)) == ["a", "b", "c"]
    assert told_of({"a": Size(50, 500), "d": Size(2, 9)}, NOBODY) == []


def test_few_who_did_not_tell_cannot_be_computed_either() -> None:
    sizes = {"a": Size(50, 500), "b": Size(9, 90)}
    assert told_of(sizes, Size(1, 12)) == ["a"]
    assert told_of(sizes, NOBODY) == ["a", "b"]


def test_whatever_can_be_computed_from_what_is_told_is_large_enough() -> None:
    """What is told are sums; a small one must be no difference of any of them."""
    rng = np.random.default_rng(5)
    for _ in range(n_runs(200, 5000)):
        n = int(rng.integers(1, 6))
        people = rng.integers(1, 20, n)
        sizes = {
            f"{at}": Size(int(p), int(p * rng.integers(1, 12)))
            for at, p in enumerate(people)
        }
        unknown = Size(*((3, 20) if rng.random() < 0.5 else (0, 0)))
        shown = told_of(sizes, unknown)
        parts = [*sizes.values(), unknown]
        n_people = sum(one.n_people for one in parts)
        n_answers = sum(one.n_answers for one in parts)
        for k in range(len(shown) + 1):
            for some in combinations(shown, k):
                left = Size(
                    n_people - sum(sizes[name].n_people for name in some),
                    n_answers - sum(sizes[name].n_answers for name in some),
                )
                is_small = left.n_answers and not left.is_told
                assert not is_small or not shown
