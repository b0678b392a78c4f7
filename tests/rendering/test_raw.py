"""The raw view: every character, nothing more, and the marks where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.rendering import Span, render_raw, text_key
from tests.rendering.checks import text_of


@pytest.mark.parametrize(
    "text", ["<b>&amp;</b>", "a\n\n  b\tc ", "# not a title", "", "\u202eabc"]
)
def test_text_stands_as_it_is(text: str) -> None:
    html = render_raw(text)
    assert html.startswith('<pre class="raw" tabindex="0">')
    assert text_of(html) == text


def test_first_line_end_survives_the_browser() -> None:
    assert render_raw("\na") == '<pre class="raw" tabindex="0">\n\na</pre>'


def test_marks_enclose_their_characters() -> None:
    html = render_raw("a <b> c", [Span(0, 1), Span(2, 5)])
    assert html == (
        '<pre class="raw" tabindex="0"><mark class="diff-only">a</mark> '
        '<mark class="diff-only">&lt;b&gt;</mark> c</pre>'
    )


def test_marks_keep_their_place_after_what_cannot_be_shown() -> None:
    html = render_raw("\0\ud800x", [Span(2, 3)])
    assert '\ufffd\ufffd<mark class="diff-only">x</mark>' in html


@given(st.text())
def test_raw_text_reads_back(text: str) -> None:
    shown = "".join("\ufffd" if c == "\0" else c for c in text)
    before = "\n" if text.startswith(("\n", "\r")) else ""
    assert text_of(render_raw(text)) == before + shown


def test_key_is_the_hash_of_the_bytes() -> None:
    assert text_key("abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert text_key("\ud800") != text_key("\ufffd")
