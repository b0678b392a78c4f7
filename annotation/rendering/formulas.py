"""PURE: LaTeX formulas in Markdown to MathML, or to their source where that fails."""

import re
from collections.abc import Sequence
from html import escape, unescape
from xml.etree import ElementTree

import latex2mathml.exceptions as latex_errors
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.dollarmath.index import math_inline_dollar

# Conversion takes about 7 us a character; past these limits the source is shown.
MAX_FORMULA = 4_000
MAX_ALL_FORMULAS = 40_000
MAX_LINES = 100
# A longer formula may be wider than the text and gets a scroll box of its own.
MAX_NARROW = 60

# What the converter raises on formulas that it does not understand: its own errors,
# and those of a parser that expects more than it is given.
_CONVERTER_ERRORS: tuple[type[Exception], ...] = (
    *(
        error
        for error in vars(latex_errors).values()
        if isinstance(error, type) and issubclass(error, Exception)
    ),
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)
# An element with a child too few is a formula with a part missing.
_N_CHILDREN = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
# Definitions may expand without end; a link inside a formula is not worth its risk.
_REFUSED = re.compile(
    r"\\(?:(?:re)?newcommand|newenvironment|[egx]?def|let|DeclareMathOperator"
    r"|href|style|class|verb|includegraphics)(?![a-zA-Z])"
)
_NUMBERED = re.compile(
    r"\\(begin|end)\s*\{(align|alignat|equation|flalign|gather|multline)\}"
)
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:align|alignat|aligned|equation|flalign|gather|multline|cases"
    r"|split|array|[bBpvV]?matrix)\*?)\}"
)
# Between two amounts of money stands a sentence, in a formula without commands not.
_SENTENCE = re.compile(r"[a-zA-Z]{2,}[,;:]? [a-zA-Z]{2,}")
_DOLLARS = math_inline_dollar(allow_space=False, allow_digits=False, allow_double=True)
_CLOSING = {"\\[": "\\]", "\\(": "\\)", "$$": "$$"}


def enable_formulas(parser: MarkdownIt) -> None:
    r"""Teach the parser `$`, `$$`, `\(`, `\[` and amsmath environments.

    A dollar beside a space or a digit, and one before a sentence, is money.
    """
    parser.block.ruler.before(
        "table",
        "formula_block",
        _formula_block,
        {"alt": ["paragraph", "reference", "blockquote", "list"]},
    )
    parser.inline.ruler.before("escape", "formula_inline", _formula_inline)
    parser.inline.ruler.before("escape", "dollar_inline", _dollar_inline)
    for kind in ("math_inline", "math_inline_double", "formula_inline"):
        parser.add_render_rule(kind, _render_inline)
    parser.add_render_rule("formula_block", _render_block)


def _dollar_inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not _DOLLARS(state, True):
        return False
    source = state.src[start : state.pos]
    state.pos = start
    if "\\" not in source and _SENTENCE.search(source):
        return False
    return _DOLLARS(state, silent)


def _formula_inline(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    closing = _CLOSING[opening]
    # The bound keeps a row of openings without an end from costing its square.
    limit = min(state.posMax, state.pos + MAX_FORMULA)
    end = state.src.find(closing, state.pos + 2, limit)
    if end < 0 or not state.src[state.pos + 2 : end].strip():
        return False
    if not silent:
        token = state.push("formula_inline", "math", 0)
        token.content = state.src[state.pos + 2 : end]
        token.markup = opening
    state.pos = end + 2
    return True


def _formula_block(
    state: StateBlock, start_line: int, end_line: int, silent: bool
) -> bool:
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line)
    environment = _ENVIRONMENT.match(first)
    opening = first[:2]
    if environment:
        opening, closing = "", f"\\end{{{environment[1]}}}"
    elif opening in ("\\[", "$$"):
        closing = _CLOSING[opening]
    else:
        return False
    # One look at the text ahead spares a walk through its lines.
    start = state.bMarks[start_line] + state.tShift[start_line] + len(opening)
    if state.src.find(closing, start, start + MAX_FORMULA) < 0:
        return False
    last = _last_line(state, start_line, end_line, len(opening), closing)
    if last is None:
        return False
    if not silent:
        lines = [_line(state, line) for line in range(start_line, last + 1)]
        source = "\n".join(lines).strip()
        token = state.push("formula_block", "math", 0)
        token.block = True
        token.content = source[len(opening) : len(source) - len(closing)]
        token.markup = opening
        if environment:
            token.content = source
        token.map = [start_line, last + 1]
    state.line = last + 1
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _last_line(
    state: StateBlock, start: int, end: int, n_opening: int, closing: str
) -> int | None:
    """Return the line that ends the formula, or None where it is not a block."""
    for line in range(start, min(end, start + MAX_LINES)):
        text = _line(state, line)[n_opening if line == start else 0 :].rstrip()
        is_outside = line > start and state.sCount[line] < state.blkIndent
        if is_outside or (not text and line > start):
            return None
        if closing in text:
            return line if text.find(closing) == len(text) - len(closing) else None
    return None


def _render_inline(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[index]
    is_display = token.markup in ("$$", "\\[")
    return _formula(token, is_display=is_display, env=env)


def _render_block(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[index]
    reach = ' tabindex="0"' if len(token.content) > MAX_NARROW else ""
    formula = _formula(token, is_display=True, env=env)
    return f'<div class="math-wrap"{reach}>{formula}</div>\n'


def _formula(token: Token, *, is_display: bool, env: EnvType) -> str:
    env["formula_chars"] = env.get("formula_chars", 0) + len(token.content)
    if env["formula_chars"] <= MAX_ALL_FORMULAS:
        mathml = to_mathml(token.content, is_display=is_display)
        if mathml is not None:
            return mathml
    closing = _CLOSING.get(token.markup, token.markup)
    source = escape(f"{token.markup}{token.content}{closing}")
    return f'<code class="math-source">{source}</code>'


def to_mathml(latex: str, *, is_display: bool) -> str | None:
    """Return the formula as MathML, or None where it cannot be converted faithfully.

    The result may carry any attribute: it must still pass `sanitise.clean`.
    """
    if len(latex) > MAX_FORMULA or _REFUSED.search(latex):
        return None
    # Numbers would start at (1) in every formula.
    latex = _NUMBERED.sub(r"\\\1{\2*}", latex)
    try:
        tree = convert_to_element(latex, display="block" if is_display else "inline")
    except _CONVERTER_ERRORS:
        return None
    for element in tree.iter():
        if len(element) != _N_CHILDREN.get(element.tag, len(element)):
            return None
        # The converter writes symbols as entities and leaves other text unescaped.
        element.text = unescape(element.text or "")
        # An unknown command comes back as an identifier with its backslash.
        if element.text.startswith("\\") and len(element.text) > 1:
            return None
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)
