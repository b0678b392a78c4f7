"""What rendered HTML may hold, said once more and apart from the allow-list itself."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

TEXT_TAGS = {
    *("p", "br", "hr", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "em"),
    *("strong", "s", "a", "code", "pre", "span", "div", "sup", "mark"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
MATH_TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt"),
    *("mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable"),
    *("mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose", "none"),
    *("mmultiscripts", "mprescripts"),
}
VOID = {"br", "hr"}
TEXT_ATTRIBUTES = {
    *("class", "dir", "tabindex", "href", "target", "rel", "title", "start", "role"),
    "aria-label",
}
CLASSES = {
    *("address", "align-center", "align-end", "diff-only", "footnote", "image", "raw"),
    *("footnote-mark", "math-source", "math-wrap", "table-wrap", "to-do", "to-do-box"),
    *("token-note", "token-word"),
}
REL = "noopener noreferrer nofollow"


@dataclass
class Element:
    """One start tag as a browser would read it."""

    tag: str
    attributes: dict[str, str | None]


@dataclass
class Page(HTMLParser):
    """The start tags and the text of a piece of HTML."""

    elements: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"A comment is left: {data!r}.")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"A declaration is left: {decl!r}.")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"A processing instruction is left: {data!r}.")


def parse(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


def text_of(html: str) -> str:
    return "".join(parse(html).texts)


def tags_of(html: str) -> list[str]:
    return [element.tag for element in parse(html).elements]


def assert_safe(html: str) -> None:
    """Fail on anything that can run, load, submit, cover or pose as the page."""
    page = parse(html)
    assert page.open_tags == []
    for element in page.elements:
        is_math = element.tag in MATH_TAGS
        assert is_math or element.tag in TEXT_TAGS, element
        for name, value in element.attributes.items():
            assert not name.startswith("on"), element
            assert name not in {"style", "id", "src", "srcset", "xlink:href"}, element
            assert is_math or name in TEXT_ATTRIBUTES, element
            assert "javascript:" not in (value or "").lower() or name == "title"
        assert set((element.attributes.get("class") or "").split()) <= CLASSES, element
        assert not (is_math and "href" in element.attributes), element
        if element.tag == "a":
            assert_outside_link(element)
    html.encode("utf-8")
    assert "\0" not in html


def assert_outside_link(element: Element) -> None:
    href = element.attributes["href"] or ""
    assert href.lower().startswith(("http://", "https://", "mailto:")), element
    assert element.attributes["rel"] == REL
    assert element.attributes["target"] == "_blank"
