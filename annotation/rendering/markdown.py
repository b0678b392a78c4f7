"""PURE: Markdown as language models write it to safe HTML for the annotation page."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from annotation.rendering.code import MAX_ALL_CODE, highlight
from annotation.rendering.formulas import enable_formulas
from annotation.rendering.raw import printable, render_raw
from annotation.rendering.sanitise import clean
from annotation.rendering.tokens import enable_rewriting

# Part of every cache key: a change of what `render` returns needs a new one.
RENDERER_VERSION = "2"

# Above these bounds a text is shown raw: rendering would take seconds.
MAX_CHARS = 100_000
MAX_LINES = 15_000
MAX_BRACKETS = 4_000
MAX_LINKS = 300
MAX_FOOTNOTES = 300
_LONG_LINK = re.compile(r"://\S{4000}")
# The parser drops what is nested deeper, so a text that comes so far is shown raw.
MAX_NESTING = 50

_LINE_BREAK = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)


def render(text: str) -> str:
    """Return the text as safe HTML, to stand inside `<div class="prose">`.

    Raw HTML in the text is shown, not obeyed; images become their description and
    address, nothing is fetched. A text that is too long or nested too deeply to be
    rendered at once comes out as `render_raw` shows it.
    """
    if _is_costly(text):
        return render_raw(text)
    parser = _parser()
    env: EnvType = {}
    try:
        tokens = parser.parse(printable(text), env)
        if _depth(tokens) >= MAX_NESTING - 1:
            return render_raw(text)
        html = parser.renderer.render(tokens, parser.options, env)
    except RecursionError:
        return render_raw(text)
    return clean(html)


def _is_costly(text: str) -> bool:
    return (
        len(text) > MAX_CHARS
        or text.count("\n") > MAX_LINES
        or text.count("[") > MAX_BRACKETS
        or text.count("://") > MAX_LINKS
        or text.count("[^") > MAX_FOOTNOTES
        or _LONG_LINK.search(text) is not None
    )


def _depth(tokens: Sequence[Token]) -> int:
    return max(
        (max(token.level, _depth(token.children or ())) for token in tokens),
        default=0,
    )


@cache
def _parser() -> MarkdownIt:
    """Build the parser once per process; it keeps no state between texts."""
    parser = MarkdownIt(
        "commonmark",
        {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_NESTING},
    ).enable(["linkify", "table", "strikethrough"])
    if parser.linkify is not None:
        # "main.py" and "Node.js" are no addresses: only a scheme makes a link.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
        parser.linkify.add("ftp:", None).add("//", None)
    parser.use(footnote_plugin, inline=False, move_to_end=False)
    parser.inline.ruler.before("autolink", "line_break", _line_break)
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    parser.add_render_rule("footnote_ref", _render_footnote_mark)
    parser.add_render_rule("footnote_reference_open", _render_footnote_open)
    parser.add_render_rule("footnote_reference_close", _render_footnote_close)
    enable_formulas(parser)
    enable_rewriting(parser)
    return parser


def _line_break(state: StateInline, silent: bool) -> bool:
    """Obey `<br>`, the one tag that models need: a table cell has no other."""
    found = _LINE_BREAK.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _render_code(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[index]
    env["code_chars"] = env.get("code_chars", 0) + len(token.content)
    words = token.info.split(maxsplit=1)
    language = words[0] if words and env["code_chars"] <= MAX_ALL_CODE else ""
    code = highlight(token.content, language)
    return f'<pre tabindex="0" dir="ltr"><code>{code}</code></pre>\n'


def _render_footnote_mark(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    label = escape(tokens[index].meta["label"])
    return f'<sup class="footnote-mark">{label}</sup>'


def _render_footnote_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    mark = _render_footnote_mark(self, tokens, index, options, env)
    return f'<div class="footnote">{mark}'


def _render_footnote_close(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    return "</div>\n"
