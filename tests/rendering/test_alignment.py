"""Words of a rendered text are found in its source, whatever markup stands between."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.rendering import Block, align, align_raw, render
from annotation.rendering.alignment import text_of

SAMPLE = Path(__file__).with_name("sample.md").read_text()
# Each takes words and returns a paragraph of Markdown that shows them in their order.
MARKUP = (
    "{}",
    "**{}**",
    "*{}* and `{}`",
    "- {}\n- {}",
    "1. {}\n2. {}",
    "# {}",
    "> {}",
    "[{}](https://example.org/{}/path)",
    "| {} | {} |\n|---|---|\n| {} | {} |",
    "```python\n{} = {}\n```",
    "~~{}~~ &amp; {}",
    "- [x] {}",
    "\\*{}\\* {}",
    "A formula $x^2 + {}$ then {}",
)


def found(blocks: list[Block], place: int) -> int | None:
    """Return where in the source the character at a place of the shown text stands."""
    for block in blocks:
        if block.shown <= place < block.shown + block.length:
            return block.source + place - block.shown
    return None


def check_same(source: str, blocks: list[Block], shown: str) -> None:
    ends = (0, 0)
    for block in blocks:
        assert block.length > 0
        assert (block.shown >= ends[0]) and (block.source >= ends[1])
        ends = (block.shown + block.length, block.source + block.length)
        assert shown[block.shown : ends[0]] == source[block.source : ends[1]]


@given(
    st.lists(st.sampled_from(MARKUP), min_size=1, max_size=30),
    st.booleans(),
)
def test_every_word_is_found_where_it_was_written(
    pieces: list[str], repeated: bool
) -> None:
    words = (f"word{number}x" for number in range(10_000))
    source = "\n\n".join(
        piece.format(*(next(words) for _ in range(piece.count("{}"))))
        for piece in pieces
    )
    if repeated:
        source = f"The same. The same. **The same.**\n\n{source}\n\nThe same."
    html = render(source)
    shown = text_of(html)
    blocks = align(source, html)
    check_same(source, blocks, shown)
    seen = list(re.finditer(r"word\d+x", shown))
    in_math = set(re.findall(r"\+ (word\d+x)\$", source))
    targets = set(re.findall(r"org/(word\d+x)/", source))
    for match in seen:
        if match[0] not in in_math | targets:
            assert found(blocks, match.start()) == source.index(match[0])


def test_text_that_repeats_itself_is_aligned_throughout() -> None:
    source = f"{SAMPLE}\n\n" * 30
    html = render(source)
    blocks = align(source, html)
    once = align(SAMPLE, render(SAMPLE))
    assert sum(b.length for b in blocks) >= 30 * sum(b.length for b in once) * 0.99


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &amp; b</p>\n", "a & b\n"),
        ('<pre class="raw">\n\nx</pre>', "\nx"),
        ("<pre><code>\ny</code></pre>", "\ny"),
        ("<ul>\n<li>é😀</li>\n</ul>", "\né😀\n"),
    ],
)
def test_text_is_the_one_a_browser_sees(html: str, text: str) -> None:
    assert text_of(html) == text


@given(st.text(st.sampled_from("ab\r\n "), max_size=40))
def test_raw_view_is_aligned_around_its_line_ends(source: str) -> None:
    shown = source.replace("\r\n", "\n")
    blocks = align_raw(source)
    if not blocks:
        assert shown == source
        return
    for place, sign in enumerate(shown):
        at = found(blocks, place)
        assert at is not None
        assert source[at] == sign or source[at : at + 2] == "\r\n"


def test_empty_text_has_no_blocks() -> None:
    assert align("", render("")) == []
    assert align_raw("") == []
