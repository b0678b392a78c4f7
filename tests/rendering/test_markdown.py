"""Markdown as models write it becomes the HTML that the page expects."""

import pytest

from annotation.rendering import render
from tests.rendering.checks import assert_safe, parse, tags_of, text_of


def classes_of(html: str, tag: str) -> list[str | None]:
    return [e.attributes.get("class") for e in parse(html).elements if e.tag == tag]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("a *b* **c** ~~d~~", "a <em>b</em> <strong>c</strong> <s>d</s>"),
        ("first\nsecond", "first<br>\nsecond"),
        ("1. a\n2. b", "<li>a</li>\n<li>b</li>"),
        ("3. a", '<ol start="3" dir="auto">'),
        ("> a", '<blockquote dir="auto">'),
        ("`x < y`", "<code>x &lt; y</code>"),
        ("a\n\n---\n\nb", "<hr>"),
        ("AT&amp;T &copy;", "AT&amp;T ©"),
        ("snake_case_name and 2*3*4", "snake_case_name"),
    ],
)
def test_known_cases(text: str, inside: str) -> None:
    assert inside in render(text)


@pytest.mark.parametrize(
    ("level", "tag"), [(1, "h4"), (2, "h5"), (3, "h6"), (4, "h6"), (6, "h6")]
)
def test_headings_stand_below_the_one_that_names_the_text(level: int, tag: str) -> None:
    assert tags_of(render("#" * level + " Title")) == [tag]


def test_underlined_headings_are_demoted_too() -> None:
    assert tags_of(render("One\n===\n\nTwo\n---")) == ["h4", "h5"]


def test_link_opens_apart_and_tells_nobody_where_from() -> None:
    html = render("[site](https://a.example/b?c=1&d=2)")
    assert 'href="https://a.example/b?c=1&amp;d=2"' in html
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in html


def test_bare_address_becomes_a_link_only_with_its_scheme() -> None:
    html = render("See https://a.example/b_c, main.py, a@b.example and www.a.example.")
    assert [e.attributes["href"] for e in parse(html).elements if e.tag == "a"] == [
        "https://a.example/b_c"
    ]


def test_address_inside_this_site_is_shown_and_not_linked() -> None:
    html = render("[log *out*](/logout/)")
    assert "a" not in tags_of(html)
    assert text_of(html).strip() == "log out (/logout/)"


def test_image_becomes_its_description_and_address() -> None:
    html = render("![A **cat**](https://a.example/cat.png 'title')")
    assert tags_of(html) == ["p", "span"]
    assert text_of(html).strip() == "[Image: A cat, https://a.example/cat.png]"


def test_image_as_data_is_told_in_few_words() -> None:
    html = render(f"![dot](data:image/png;base64,{'A' * 5000})")
    assert len(html) < 500
    assert "[Image: dot, data:image/png" in html


def test_line_break_tag_is_the_one_tag_that_is_obeyed() -> None:
    html = render("| a |\n|---|\n| x<br>y<BR />z |\n\n<b>bold</b>")
    assert tags_of(html).count("br") == 2
    assert "&lt;b&gt;bold&lt;/b&gt;" in html


def test_table_scrolls_in_a_box_that_the_keyboard_reaches() -> None:
    html = render("| a | b |\n|---|---|\n| x | y |")
    assert html.startswith('<div class="table-wrap" tabindex="0"><table dir="auto">')
    assert html.rstrip().endswith("</table>\n</div>")


def test_columns_are_aligned_as_written_and_numbers_to_the_end() -> None:
    html = render(
        "| a | b | c | d | e |\n|---|:-:|--:|:--|---|\n"
        "| x | x | x | 1 | 1,200 |\n| y | y | y | 2 | \N{MINUS SIGN}3.5% |"
    )
    assert classes_of(html, "td")[:5] == [
        None,
        "align-center",
        "align-end",
        None,
        "align-end",
    ]
    assert classes_of(html, "th") == classes_of(html, "td")[:5]
    assert "style" not in html


def test_to_do_list_has_boxes_that_are_no_controls() -> None:
    html = render("- [x] done\n- [ ] open\n- plain")
    assert classes_of(html, "li") == ["to-do", "to-do", None]
    boxes = [e for e in parse(html).elements if e.tag == "span"]
    assert [box.attributes["aria-label"] for box in boxes] == ["Done", "Not done"]
    assert "input" not in tags_of(html)
    assert "[x]" not in html


def test_footnotes_stay_where_they_are_written_even_unused() -> None:
    html = render(
        "Text[^a] and[^2].\n\n[^a]: First *note*.\n[^2]: Second.\n[^3]: Idle."
    )
    assert classes_of(html, "sup") == ["footnote-mark"] * 5
    for words in ("First <em>note</em>.", "Second.", "Idle."):
        assert words in html
    assert "a" not in tags_of(html)


def test_code_block_is_reachable_and_runs_left_to_right() -> None:
    html = render("```python\nif x < 1:  # why\n    pass\n```")
    assert html.startswith('<pre tabindex="0" dir="ltr"><code>')
    assert '<span class="token-word">if</span>' in html
    assert '<span class="token-note"># why</span>' in html


def test_every_block_finds_its_own_direction() -> None:
    html = render("שלום עולם\n\nHello\n\n- مرحبا\n\n# 你好")
    blocks = [e for e in parse(html).elements if e.tag in {"p", "ul", "h4"}]
    assert [e.attributes["dir"] for e in blocks] == ["auto"] * 4


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا بالعالم",
        "שָׁלוֹם עוֹלָם",
        "नमस्ते दुनिया",
        "สวัสดีชาวโลก",
        "你好世界",
        "こんにちは世界",
        "Здравствуй, мир",
        "👩‍👩‍👧‍👦 🏳️‍🌈",
        "e\u0301 \u00e9",
        "a\u202eb\u202cc",
        "a\u200db\u00adc\u00a0d",
    ],
)
def test_every_script_keeps_its_characters(text: str) -> None:
    assert text_of(render(text)).strip() == text


def test_what_no_page_can_carry_becomes_a_replacement_sign() -> None:
    assert text_of(render("a\0b\ud800c")).strip() == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t", "\ufeff"])
def test_empty_text_renders_to_nothing_much(text: str) -> None:
    html = render(text)
    assert_safe(html)
    assert len(html) < 30


def test_rendering_keeps_no_memory_of_the_text_before() -> None:
    first = render("[^1] [a]\n\n[^1]: note\n[a]: https://a.example\n\n$x$")
    assert render("[^1] [a]") == '<p dir="auto">[^1] [a]</p>\n'
    assert render("[^1] [a]\n\n[^1]: note\n[a]: https://a.example\n\n$x$") == first


def test_corner_of_a_table_without_words_is_no_header() -> None:
    html = render("| | a |\n|---|---|\n| x | 1 |\n")
    assert html.count("<th") - html.count("<thead") == 1
    assert "<td></td>" in html
