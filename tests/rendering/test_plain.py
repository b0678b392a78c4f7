"""The plain beginning of a text: the words that a reader sees first, without marks."""

import pytest

from annotation.rendering import beginning, render, render_raw
from annotation.rendering.plain import PIECE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# Title\n\nA **bold** claim", "Title A bold claim"),
        ("- one\n- two", "one two"),
        ("`x < 1` &amp; more", "x < 1 & more"),
        ("See [the page](https://example.org).", "See the page."),
        ("```py\nprint(1)\n```", "print(1)"),
        ("un**believ**able", "unbelievable"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
        ("<b>shown, not obeyed</b>", "<b>shown, not obeyed</b>"),
        ("one  \ntwo", "one two"),
        ("", ""),
        ("$x^2$ is", "x2 is"),
    ],
)
def test_marks_are_gone_and_words_stay_apart(text: str, words: str) -> None:
    assert beginning(render(text), 90) == words


def test_a_long_text_ends_in_an_ellipsis() -> None:
    found = beginning(render("word " * 200), 12)
    assert found == "word word w…"
    assert beginning(render("exactly this"), 12) == "exactly this"


@pytest.mark.parametrize("n", range(6))
def test_a_tag_or_a_sign_is_whole_wherever_the_piece_ends(n: int) -> None:
    html = "<i></i>" * ((PIECE - 30) // 7) + "x" * n
    html += '<strong class="a">' * 3 + "R&amp;D &lt;1&gt;" + "</strong>" * 3
    assert beginning(html + "<p>end</p>", 90) == "x" * n + "R&D <1> end"


def test_a_raw_text_is_shown_as_it_is() -> None:
    assert beginning(render_raw("# Not a title"), 90) == "# Not a title"
