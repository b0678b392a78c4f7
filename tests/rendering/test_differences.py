"""Words that only one of two texts has, at a bounded cost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.rendering import Span, differences
from annotation.rendering.differences import MAX_CHARS, MAX_UNITS

WORDS = st.lists(st.sampled_from(["a", "b", "c", "the", "cat", "\n", ","]), max_size=60)


def words(text: str, spans: list[Span]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def left(text: str, spans: list[Span]) -> str:
    """The text without what is marked and without white space."""
    kept, position = [], 0
    for span in spans:
        kept.append(text[position : span.start])
        position = span.end
    return "".join("".join([*kept, text[position:]]).split())


@pytest.mark.parametrize(
    ("a", "b", "only_a", "only_b"),
    [
        ("the same", "the same", [], []),
        ("", "", [], []),
        ("a b c", "a c", ["b"], []),
        ("a c", "a b c", [], ["b"]),
        ("It is 5.", "It was 6!", ["is 5."], ["was 6!"]),
        ("white  space\n", "white space", [], []),
        ("one two three", "", ["one two three"], []),
        ("costs 3.5", "costs 3,5", ["."], [","]),
        ("今天天气不错", "今天天气很好", ["不错"], ["很好"]),
        ("मैं घर जा रहा", "मैं घर आ रहा", ["जा"], ["आ"]),
        ("سلام عليكم", "سلام لكم", ["عليكم"], ["لكم"]),
        ("cafe\u0301 now", "cafe now", ["cafe\u0301"], ["cafe"]),
        ("I like 🐈 much", "I like 🐕 much", ["🐈"], ["🐕"]),
    ],
)
def test_known_cases(a: str, b: str, only_a: list[str], only_b: list[str]) -> None:
    ours, theirs = differences(a, b)
    assert words(a, ours) == only_a
    assert words(b, theirs) == only_b


@given(WORDS, WORDS)
def test_what_is_not_marked_is_the_same_on_both_sides(
    first: list[str], second: list[str]
) -> None:
    a, b = " ".join(first), " ".join(second)
    ours, theirs = differences(a, b)
    assert left(a, ours) == left(b, theirs)


@given(WORDS, WORDS)
def test_spans_ascend_and_never_overlap(first: list[str], second: list[str]) -> None:
    a, b = " ".join(first), " ".join(second)
    for text, spans in zip((a, b), differences(a, b), strict=True):
        ends = [edge for span in spans for edge in (span.start, span.end)]
        assert ends == sorted(ends)
        assert all(span.start < span.end <= len(text) for span in spans)


@given(WORDS)
def test_a_text_does_not_differ_from_itself(text: list[str]) -> None:
    assert differences(" ".join(text), " ".join(text)) == ([], [])


def test_one_word_in_a_long_text_is_found() -> None:
    many = [f"w{number}" for number in range(MAX_UNITS * 5)]
    other = [*many[:700], "new", *many[701:]]
    ours, theirs = differences(" ".join(many), " ".join(other))
    assert words(" ".join(many), ours) == ["w700"]
    assert words(" ".join(other), theirs) == ["new"]


def test_texts_past_the_bound_are_compared_by_line_then_by_word() -> None:
    lines = [f"line {number} of the long text" for number in range(MAX_CHARS // 40)]
    other = [*lines]
    other[5] = "line 5 of a long text"
    a, b = "\n".join(lines), "\n".join(other)
    assert len(a) + len(b) > MAX_CHARS
    ours, theirs = differences(a, b)
    assert (words(a, ours), words(b, theirs)) == (["the"], ["a"])


def test_long_stretches_with_nothing_of_their_own_are_marked_whole() -> None:
    rng = random.Random(1)
    a, b = (" ".join(rng.choices("xyz", k=MAX_UNITS * 3)) for _ in range(2))
    ours, theirs = differences(f"same {a} end", f"same {b} end")
    assert len(ours) == len(theirs) == 1
    assert left(f"same {a} end", ours).startswith("same")


def test_marks_past_the_bound_stay_true() -> None:
    rng = random.Random(2)
    a, b = (
        "\n".join(" ".join(rng.choices("abcdef", k=20)) for _ in range(9000))
        for _ in range(2)
    )
    ours, theirs = differences(a, b)
    assert left(a, ours) == left(b, theirs)
