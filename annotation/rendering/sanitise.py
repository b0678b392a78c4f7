"""PURE: the last gate before the page: an allow-list of tags, attributes, classes."""

import nh3

# MathML Core and what latex2mathml writes, without links, annotations and embedding.
_MATH_TAGS = (
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder "
    "mover munderover mmultiscripts mprescripts none mtable mtr mtd mstyle mpadded "
    "mphantom menclose"
)
_TEXT_TAGS = (
    "p br hr h4 h5 h6 blockquote ul ol li em strong s a code pre span div sup "
    "table thead tbody tr th td"
)
_MATH_ATTRIBUTES = (
    "accent accentunder columnalign columnlines columnspacing columnspan depth display "
    "displaystyle fence form height linethickness lspace mathvariant maxsize minsize "
    "movablelimits notation rowlines rowspacing rowspan rspace scriptlevel separator "
    "stretchy symmetric voffset width"
)
_BLOCKS_WITH_DIRECTION = "p h4 h5 h6 blockquote ul ol table div pre code"
_CLASSES: dict[str, set[str]] = {
    "code": {"math-source"},
    "div": {"footnote", "math-wrap", "table-wrap"},
    "li": {"to-do"},
    "pre": {"raw"},
    "span": {"address", "image", "to-do-box", "token-note", "token-word"},
    "sup": {"footnote-mark"},
    "td": {"align-center", "align-end"},
    "th": {"align-center", "align-end"},
}
_VALUES: dict[str, dict[str, set[str]]] = {
    "div": {"tabindex": {"0"}},
    "pre": {"tabindex": {"0"}},
    "span": {"role": {"img"}, "aria-label": {"Done", "Not done"}},
}


def _attributes() -> dict[str, set[str]]:
    math = set(_MATH_ATTRIBUTES.split())
    attributes = dict.fromkeys(_MATH_TAGS.split(), math)
    attributes |= {"a": {"href", "title"}, "ol": {"start"}}
    return attributes


def _values() -> dict[str, dict[str, set[str]]]:
    values = {tag: dict(allowed) for tag, allowed in _VALUES.items()}
    for tag in _BLOCKS_WITH_DIRECTION.split():
        values.setdefault(tag, {})["dir"] = {"auto", "ltr"}
    return values


_CLEANER = nh3.Cleaner(
    tags={*_TEXT_TAGS.split(), *_MATH_TAGS.split()},
    attributes=_attributes(),
    tag_attribute_values=_values(),
    set_tag_attribute_values={"a": {"target": "_blank"}},
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


def clean(html: str) -> str:
    """Return the HTML without anything that is not on the allow-list."""
    return _CLEANER.clean(html)
