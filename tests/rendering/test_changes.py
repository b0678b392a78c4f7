"""Two versions of a text as one."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.rendering.changes import changes

texts = st.text(st.sampled_from("ab ,.\n"), max_size=60)


def test_a_word_that_came_for_another_stands_after_it() -> None:
    assert changes("We keep it for ten years.", "We keep it for two years.") == [
        ("We keep it for ", "same"),
        ("ten ", "gone"),
        ("two ", "new"),
        ("years.", "same"),
    ]


def test_the_same_text_has_no_changes() -> None:
    assert [piece.kind for piece in changes("As it was.", "As it was.")] == ["same"]


def test_what_is_only_gone_or_only_new_is_marked() -> None:
    assert changes("a b c", "a c")[1] == ("b ", "gone")
    assert changes("a c", "a b c")[1] == ("b ", "new")
    assert changes("", "a") == [("a", "new")]
    assert changes("a", "") == [("a", "gone")]


@given(texts, texts)
def test_both_versions_can_be_read_from_it(old: str, new: str) -> None:
    pieces = changes(old, new)
    for text, other in ((old, "new"), (new, "gone")):
        kept = "".join(piece.text for piece in pieces if piece.kind != other)
        assert "".join(kept.split()) == "".join(text.split())
