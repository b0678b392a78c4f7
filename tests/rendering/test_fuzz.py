"""Whatever the text, rendering ends with safe HTML and loses no page."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.rendering import render, render_raw
from tests.rendering.checks import assert_safe
from tests.rendering.test_attacks import ATTACKS
from tests.rendering.test_bounds import PATTERNS

PIECES = st.sampled_from(
    [
        *ATTACKS,
        *PATTERNS,
        *("\n", "\n\n", " ", "    ", "\t", "a", "x^2", "}", "{", "\\", "\\)", "\\]"),
        *(
            "```",
            "python",
            "](",
            ")",
            "\\frac",
            "\\text{",
            "\\end{align}",
            "\r\n",
            "\0",
        ),
        *("\ud800", "\u202e", "\u200b", "é", "中", "ש", "👍", "'", '"', "--", "[x]"),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_pieces_of_markup_in_any_order_are_safe(text: str) -> None:
    assert_safe(render(text))


@given(st.text(st.characters(codec=None), max_size=400))
def test_any_text_is_safe(text: str) -> None:
    assert_safe(render(text))
    assert_safe(render_raw(text))


@given(st.lists(PIECES, max_size=30).map("".join))
def test_same_text_gives_the_same_html_of_a_bounded_length(text: str) -> None:
    html = render(text)
    assert render(text) == html
    assert len(html) <= 500 + 120 * len(text)
