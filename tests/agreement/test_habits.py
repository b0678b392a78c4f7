"""Haste and straight-lining: rules with known answers."""

from itertools import product

import pytest

from annotation.agreement.habits import hint_words, longest_run, pace_limit


@pytest.mark.parametrize(
    ("answers", "length"), [("", 0), ("a", 1), ("abab", 1), ("abbba", 3), ("aaaa", 4)]
)
def test_longest_run_is_found(answers: str, length: int) -> None:
    assert longest_run(answers).length == length


@pytest.mark.parametrize("answers", ["aababa", "aaabab", "abaaaaab", "aaaaaaaa"])
def test_chance_of_a_run_is_the_one_of_brute_force(answers: str) -> None:
    found = longest_run(answers)
    share = answers.count("a") / len(answers)
    total = 0.0
    for draw in product((0, 1), repeat=len(answers)):
        if "1" * found.length in "".join(map(str, draw)):
            total += share ** sum(draw) * (1 - share) ** (len(draw) - sum(draw))
    assert found.p == pytest.approx(total)


def test_run_that_chance_explains_is_told_from_one_it_does_not() -> None:
    assert longest_run("ab" * 20 + "a" * 20).p < 0.02
    assert longest_run("aabab" * 12).p > 0.9


def test_pace_is_held_against_the_project_itself() -> None:
    usual = [0.8, 0.9, 1.0, 1.1, 1.25] * 5
    limit = pace_limit([*usual, 0.01])
    assert limit is not None
    assert 0.4 < limit < 0.8
    assert pace_limit(usual[:10]) is None
    assert pace_limit([0.0] * 50) is None


def test_hint_is_kind_and_rare() -> None:
    mixed = list("ababababab")
    assert hint_words([4.0] * 10, mixed, 40.0).startswith(
        "Your last 10 answers took about 4 seconds each."
    )
    assert hint_words([30.0] * 10, mixed, 40.0) == ""
    assert hint_words([4.0] * 10, mixed, None) == ""
    assert "all the same" in hint_words([30.0] * 10, ["a"] * 10, 40.0)
    assert hint_words([30.0] * 9, ["a"] * 9, 40.0) == ""
    assert hint_words([1.0] * 4, ["a"] * 4, 40.0) == ""
