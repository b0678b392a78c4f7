"""Code keeps every character, and only words of the language and notes stand out."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.rendering import render
from annotation.rendering.code import LANGUAGES, MAX_CODE, highlight

TAG = re.compile(r"<[^>]*>")
SAMPLE = "def f(x):\n    # note\n    return 'a' + 1 // 2 <b> & \"c\"\n\n\n{ x: [1] }\n"


def plain(html: str) -> str:
    return unescape(TAG.sub("", html))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_keeps_every_character(language: str) -> None:
    for code in (SAMPLE, SAMPLE.rstrip("\n"), "\n\n" + SAMPLE, "\t x", "\r\n", ""):
        assert plain(highlight(code, language)) == code


@given(st.sampled_from(sorted(LANGUAGES)), st.text(max_size=200))
def test_any_text_as_any_language_keeps_every_character(
    language: str, code: str
) -> None:
    assert plain(highlight(code, language)) == code


@pytest.mark.parametrize(
    ("language", "word", "note"),
    [
        ("python", "return", "# note"),
        ("js", "return", "// note"),
        ("sql", "SELECT", "-- note"),
        ("RUST", "return", "// note"),
        ("html", None, "&lt;!-- note --&gt;"),
    ],
)
def test_words_and_notes_stand_out(language: str, word: str | None, note: str) -> None:
    html = highlight(f"{word or 'x'} 1\n{unescape(note)}\n", language)
    assert f'<span class="token-note">{note}' in html
    assert word is None or f'<span class="token-word">{word}</span>' in html


@pytest.mark.parametrize("language", ["", "klingon", "../x", "python\0", "é"])
def test_unknown_language_is_plain(language: str) -> None:
    assert highlight("return 1 < 2", language) == "return 1 &lt; 2"


@pytest.mark.parametrize(
    "code",
    ["x = 1\n" * (MAX_CODE // 6 + 1), "return " * 100, "return 1" + "\n" * 40],
)
def test_costly_code_is_plain(code: str) -> None:
    assert "<span" not in highlight(code, "python")


def test_code_past_the_budget_of_a_text_is_plain() -> None:
    block = "```python\n" + "return 1\n" * 900 + "```\n\n"
    html = render(block * 6)
    assert html.count("<pre") == 6
    assert html.count('class="token-word">return') == 3 * 900
