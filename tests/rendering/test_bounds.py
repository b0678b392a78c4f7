"""Texts made to be costly are shown raw, or take a bounded number of steps."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from annotation.rendering import render, render_raw
from annotation.rendering.markdown import (
    MAX_BRACKETS,
    MAX_CHARS,
    MAX_FOOTNOTES,
    MAX_LINES,
    MAX_LINKS,
)
from tests.rendering.checks import assert_safe, text_of

RAW = '<pre class="raw" tabindex="0">'
SIZE = 6_000


def n_calls(work: Callable[[], object]) -> int:
    """Count the Python calls of `work`: a cost that no machine's load changes."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


@pytest.mark.parametrize(
    "text",
    [
        "a" * (MAX_CHARS + 1),
        "a\n" * (MAX_LINES + 1),
        "[" * (MAX_BRACKETS + 1),
        "http://a.example " * (MAX_LINKS + 1),
        "[^1]: a\n" * (MAX_FOOTNOTES + 1),
        "see http://" + "(" * 5000,
        ">" * 10_000,
        "> " * 10_000 + "a",
        "*" * 5000 + "a" + "*" * 5000,
        "".join("  " * level + "- a\n" for level in range(40)),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_costly_text_is_shown_raw_and_whole(text: str) -> None:
    html = render(text)
    assert html.startswith(RAW)
    assert text_of(html) == text


def test_ten_million_characters_are_shown() -> None:
    text = "<b>&\n" * 2_000_000
    html = render(text)
    assert html.startswith(RAW)
    assert html == render_raw(text)
    assert len(html) == len(RAW) + len("&lt;b&gt;&amp;\n") * 2_000_000 + len("</pre>")


def test_deep_but_sane_nesting_is_rendered() -> None:
    assert render("> " * 20 + "a").count("<blockquote") == 20
    lists = "".join("  " * level + "- a\n" for level in range(10))
    assert render(lists).count("<ul") == 10


# Units that make some rule of some parser look at the rest of the text each time.
PATTERNS = [
    *("<http://", "- [ ] a\n", "\\begin{align}\n", "\\(", "\\[", "$", "$$", "$a$$a\n"),
    *(
        "![",
        "[",
        "[[]",
        "^[",
        "[](",
        "[a](",
        "[^a]: ",
        "> [^a]: b\n",
        "*a_ ",
        "a*b*",
    ),
    *("`", "`a``b", "~~a", "|a|b|\n|-|-|\n", "a|\n-|\n", "<", "&", "\\", "<!--", "<br"),
    *("# a\n", "1) a\n\n   ", "- - a\n", "> a\n\n", "===\n", "a  \n", "]", "](a)"),
    *("\\begin{array}\n", "$\\frac{", "```\n", "```java\na b ", "*_", "__a", "://a "),
]


@pytest.mark.parametrize("unit", PATTERNS)
def test_twice_the_text_costs_about_twice(unit: str) -> None:
    half = n_calls(lambda: render(repeated(unit, SIZE // 2)))
    whole = n_calls(lambda: render(repeated(unit, SIZE)))
    assert whole <= 2.6 * half + 5000
    assert_safe(render(repeated(unit, SIZE)))
