"""Figures of texts and tags, by hand and by invariance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.features.bins import Tags, merge_rare, percentile_of, tags_of, tercile_of
from routing.features.signals import STATES, signals_of
from routing.features.space import fallback_space, space_of
from routing.features.text import (
    FORM,
    MEASURES,
    compare_form,
    count_shared,
    entities_of,
    f_measure,
    longest_common,
    measure_pairs,
)
from routing.pairs import Pairs

NAN = float("nan")


def pairs_of(a: str, b: str, prompt: str = "one two three") -> Pairs:
    """Return a single pair, for which the AI prefers A."""
    return Pairs((prompt,), (a,), (b,), np.ones(1), np.ones((1, 1)), np.zeros(1, int))


def measured(a: str, b: str) -> dict[str, float]:
    """Return the figures of a pair by name."""
    return dict(zip(MEASURES, measure_pairs(pairs_of(a, b))[0].tolist(), strict=True))


def test_overlaps_by_hand() -> None:
    found = measured("the cat sat down", "down sat the cat")
    assert found["rouge_1"] == 1
    # "the cat" is the longest that both have in one order.
    assert found["rouge_l"] == 2 * 2 / 8
    assert found["is_same"] == 0
    assert found["length_difference"] == 0


def test_empty_completions_are_the_same() -> None:
    found = measured("", " ")
    assert (found["rouge_1"], found["rouge_l"], found["is_same"]) == (1, 1, 1)


def test_words_count_as_often_as_both_have_them() -> None:
    assert count_shared(["a", "a", "b"], ["a", "a", "a"]) == 2
    assert f_measure(2, 3, 3) == pytest.approx(2 / 3)


def longest_slowly(a: list[str], b: list[str]) -> int:
    """Return the longest common subsequence by its definition."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + longest_slowly(a[1:], b[1:])
    return max(longest_slowly(a[1:], b), longest_slowly(a, b[1:]))


@given(
    st.lists(st.sampled_from("abc"), max_size=7),
    st.lists(st.sampled_from("abc"), max_size=7),
)
def test_longest_common_equals_its_definition(a: list[str], b: list[str]) -> None:
    assert longest_common(a, b) == longest_slowly(a, b)


def test_names_are_capitalised_inside_a_sentence() -> None:
    text = "The river Rhine flows. Then Basel, and the NATO office."
    assert entities_of(text) == {"rhine", "basel", "nato"}


def test_entities_overlap_as_a_share_of_both() -> None:
    a, b = "see Basel and Bern", "see Basel and Ulm and Graz"
    assert measured(a, b)["entities"] == pytest.approx(2 * 1 / (2 + 3))


def test_form_turns_its_sign_with_the_completions() -> None:
    a, b = "one two\nthree four five", "nine"
    forward = compare_form(pairs_of(a, b))
    assert forward == pytest.approx(-compare_form(pairs_of(b, a)))
    assert forward[0, FORM.index("length")] == pytest.approx(np.log(6) - np.log(2))


def test_measures_do_not_depend_on_the_order_of_completions() -> None:
    a, b = "one two Three", "two nine"
    assert measured(a, b) == measured(b, a)


def test_percentiles_share_ties_and_keep_what_is_missing() -> None:
    ranks = percentile_of(np.array([1.0, 2.0, 2.0, NAN, 9.0]))
    assert ranks.tolist()[:3] == [1 / 8, 4 / 8, 4 / 8]
    assert np.isnan(ranks[3])


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40))
def test_every_item_is_in_exactly_one_bin(values: list[int]) -> None:
    bins = tercile_of(np.array(values, dtype=float))
    assert set(bins.tolist()) <= {0.0, 1.0, 2.0}


def test_bins_hold_a_third_each_and_a_part_keeps_them() -> None:
    tags = tags_of({"length": np.arange(90.0)}, {})
    assert tags.has.sum(axis=0).tolist() == [30, 30, 30]
    # The longest items stay in the third bin, also when they alone are looked at.
    assert tags.take(np.arange(70, 90)).has.sum(axis=0).tolist() == [0, 0, 20]


def test_missing_values_have_a_tag_of_their_own() -> None:
    values = np.where(np.arange(60) < 20, NAN, np.arange(60.0))
    assert "length: missing" in tags_of({"length": values}, {}).names


def test_rare_tags_are_merged_and_empty_ones_dropped() -> None:
    has = np.zeros((40, 4), dtype=bool)
    has[:20, 0] = has[20:28, 1] = has[30:38, 2] = True
    merged = merge_rare(Tags(("common", "few", "fewer", "none"), has))
    assert merged.names == ("common", "rare")
    assert merged.has[:, 1].sum() == 16


def test_what_everything_has_tells_nothing() -> None:
    assert merge_rare(Tags(("all",), np.ones((40, 1), dtype=bool))).names == ()


def test_signals_are_held_against_the_ai() -> None:
    ai = np.array([1.0, 1.0, 1.0, 0.0, 1.0])
    said = np.array([1.0, -1.0, 0.0, 1.0, NAN])
    texts = ("x",) * 5
    pairs = Pairs(
        texts, texts, texts, ai, np.ones((5, 1)), np.arange(5), {"judge": said}
    )
    found = signals_of(pairs)
    words = [STATES[int(number)] for number in found.state[:, 0]]
    assert words == ["same", "opposite", "tie", "opposite", "missing"]
    assert found.differs[:, 0].tolist() == [False, True, True, True, False]


def test_fallback_works_on_texts_without_words() -> None:
    texts = ("", "", "")
    none = Pairs(texts, texts, texts, np.ones(3), np.ones((3, 1)), np.arange(3))
    space = fallback_space(none)
    assert space.difference.tolist() == [[0], [0], [0]]
    assert space.cosine.tolist() == [1, 1, 1]


def test_cosine_of_the_same_completion_is_one() -> None:
    vectors = np.array([[3.0, 4.0], [1.0, 0.0], [3.0, 4.0], [0.0, 1.0]], np.float32)
    space = space_of(vectors, "own")
    assert space.cosine == pytest.approx([1.0, 0.0])
    assert space.difference.tolist() == [[0, 0], [1, -1]]
