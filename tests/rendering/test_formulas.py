"""LaTeX in all the ways in which models write it, and money, which is no LaTeX."""

import pytest

from annotation.rendering import render
from annotation.rendering.formulas import MAX_ALL_FORMULAS, to_mathml
from tests.rendering.checks import assert_safe, parse, tags_of, text_of


def displays(html: str) -> list[str | None]:
    return [e.attributes["display"] for e in parse(html).elements if e.tag == "math"]


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("a $x^2$ b", "inline"),
        (r"a \(x^2\) b", "inline"),
        ("a $$x^2$$ b", "block"),
        (r"a \[x^2\] b", "block"),
        ("$$\nx^2\n$$", "block"),
        ("\\[\nx^2\n\\]", "block"),
        ("Then\n\\[\nx^2\n- 1\n= 0\n\\]\nfollows.", "block"),
        ("- so\n\n  $$\n  x^2\n  $$", "block"),
        ("> $$\n> x^2\n> $$", "block"),
        ("\\begin{align}\nx &= 1 \\\\\ny &= x^2\n\\end{align}", "block"),
        ("\\begin{equation*} x^2 \\end{equation*}", "block"),
    ],
)
def test_formula_becomes_mathml(text: str, display: str) -> None:
    html = render(text)
    assert displays(html) == [display]
    assert "msup" in tags_of(html)
    assert_safe(html)


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "From $5 to $7, that is 2$ more.",
        "US$5/US$10",
        "$ 5 and 6 $",
        r"\$x\$",
        "`$x$` and `\\(x\\)`",
        "```\n$x$ \\[y\\]\n```",
        r"an open \( and nothing",
        "$$\nno end",
        "\\begin{itemize}\n\\item a\n\\end{itemize}",
    ],
)
def test_money_code_and_open_ends_are_no_formulas(text: str) -> None:
    html = render(text)
    assert "math" not in tags_of(html)
    assert "math-source" not in html


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{1}",
        r"\unknowncommand{x}",
        r"a^b^c",
        r"\left( x",
        r"\begin{matrix} a",
        r"\newcommand{\a}{\a\a}\a",
        r"\def\a{x}\a",
        "{" * 900,
        "x" * 5000,
    ],
)
def test_formula_that_cannot_be_set_is_shown_as_written(latex: str) -> None:
    html = render(f"so ${latex}$ it is")
    assert '<code class="math-source">' in html
    assert latex in text_of(html)


def test_source_shown_has_its_own_delimiters() -> None:
    assert text_of(render(r"\(\frac{1}\)")).strip() == r"\(\frac{1}\)"
    assert text_of(render("\\[\n\\frac{1}\n\\]")).strip() == "\\[\n\\frac{1}\n\\]"


def test_equations_are_not_numbered_by_the_renderer() -> None:
    html = render(
        "\\begin{align}\na &= b\n\\end{align}\n\nand $$\\begin{gather}x\\end{gather}$$"
    )
    assert "(1)" not in text_of(html)


def test_signs_of_html_in_formulas_stay_signs() -> None:
    mathml = to_mathml(r"a < b \text{ & <c}", is_display=False)
    assert mathml is not None
    assert "<mo>&lt;</mo>" in mathml
    assert "&amp;\N{NO-BREAK SPACE}&lt;c" in mathml


def test_formulas_past_the_budget_are_shown_as_written() -> None:
    one = "x+" * 500
    html = render("\n\n".join([f"${one}1$"] * (MAX_ALL_FORMULAS // 1000 + 3)))
    assert html.count("<math") == MAX_ALL_FORMULAS // 1001
    assert html.count('"math-source"') >= 3


def test_long_formula_scrolls_in_a_box_that_the_keyboard_reaches() -> None:
    assert '<div class="math-wrap" tabindex="0">' in render(f"$$\n{'x + ' * 20}1\n$$")
    assert '<div class="math-wrap">' in render("$$\nx\n$$")


def test_formula_keeps_no_colour_link_or_style() -> None:
    html = render(r"$\color{red}x$ $\textcolor{#123456}{y}$ $\boxed{z}$")
    assert "red" not in html
    assert "#123456" not in html
    assert 'notation="box"' in html
