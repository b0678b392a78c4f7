"""PURE: what the parsed Markdown must become before it is written as HTML."""

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# A text stands below the h3 that names it.
_HEADINGS = {"h1": "h4", "h2": "h5"}
_LOWEST_HEADING = "h6"
_TO_DO = re.compile(r"\[([ xX])\][ \u00a0]")
_NUMBER = re.compile(r"[-+\u2212~≈<>]?[$€£¥]?\d[\d.,\u00a0 ]*(?:%|[a-zA-Z°]{1,3})?")
_LINKED = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_MAX_ADDRESS = 300


def enable_rewriting(parser: MarkdownIt) -> None:
    """Add the steps between parsing and writing."""
    parser.core.ruler.push("blocks", _rewrite_blocks)
    parser.core.ruler.push("tables", _rewrite_tables)
    parser.core.ruler.push("inlines", _rewrite_inlines)
    parser.add_render_rule("to_do_box", _render_box)
    parser.add_render_rule("address", _render_address)
    parser.add_render_rule("image", _render_image)
    parser.add_render_rule("table_open", _render_table_open)
    parser.add_render_rule("table_close", _render_table_close)


def _rewrite_blocks(state: StateCore) -> None:
    """Demote headings, find to-do lists, let each block run in its own direction."""
    for index, token in enumerate(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = _HEADINGS.get(token.tag, _LOWEST_HEADING)
        if token.level == 0 and token.nesting == 1 and token.tag:
            token.attrSet("dir", "auto")
        is_item = token.type == "inline" and index >= 2
        if is_item and state.tokens[index - 2].type == "list_item_open":
            _mark_to_do(state.tokens[index - 2], token)


def _mark_to_do(item: Token, inline: Token) -> None:
    first = inline.children[0] if inline.children else None
    found = _TO_DO.match(first.content) if first and first.type == "text" else None
    if inline.children is None or first is None or found is None:
        return
    item.attrSet("class", "to-do")
    first.content = first.content[found.end() :]
    box = Token("to_do_box", "", 0)
    box.meta = {"is_done": found[1] != " "}
    inline.children.insert(0, box)


def _rewrite_tables(state: StateCore) -> None:
    """Turn the alignment of cells, and that of columns of numbers, into classes."""
    cells: dict[int, list[tuple[Token, str]]] = {}
    column = 0
    for index, token in enumerate(state.tokens):
        if token.type == "table_open":
            cells = {}
        elif token.type == "tr_open":
            column = 0
        elif token.type in ("th_open", "td_open"):
            text = state.tokens[index + 1].content.strip()
            if token.tag == "th" and not text:
                # The corner of a table heads nothing; readers would announce it.
                token.tag = state.tokens[index + 2].tag = "td"
            cells.setdefault(column, []).append((token, text))
            column += 1
        elif token.type == "table_close":
            for cells_of_column in cells.values():
                _align(cells_of_column)


def _align(cells: Sequence[tuple[Token, str]]) -> None:
    """Align one column: as the text says, else to the end if it holds numbers."""
    texts = [text for cell, text in cells if cell.type == "td_open" and text]
    has_numbers = bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)
    for cell, _ in cells:
        style = str(cell.attrs.pop("style", ""))
        if "center" in style:
            cell.attrSet("class", "align-center")
        elif "right" in style or (has_numbers and "left" not in style):
            cell.attrSet("class", "align-end")


def _rewrite_inlines(state: StateCore) -> None:
    """Show the address of every link that leads nowhere outside."""
    for token in state.tokens:
        if token.children and any(c.type == "link_open" for c in token.children):
            token.children = _with_addresses(token.children)


def _with_addresses(children: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    address: str | None = None
    for child in children:
        if child.type == "link_open":
            href = str(child.attrGet("href") or "")
            address = None if _LINKED.match(href) else href
        if address is None or child.type not in ("link_open", "link_close"):
            kept.append(child)
        elif child.type == "link_close":
            shown = Token("address", "", 0)
            shown.content = address
            kept.append(shown)
    return kept


def _short(address: str) -> str:
    """Cut what is no address to read, such as an image as data; raw has it whole."""
    return address if len(address) <= _MAX_ADDRESS else f"{address[:_MAX_ADDRESS]}…"


def _render_box(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    is_done = tokens[index].meta["is_done"]
    label, sign = ("Done", "☑") if is_done else ("Not done", "☐")
    return f'<span class="to-do-box" role="img" aria-label="{label}">{sign}</span> '


def _render_address(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    return f' <span class="address">({escape(_short(tokens[index].content))})</span>'


def _render_image(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[index]
    alt = self.renderInlineAsText(token.children or (), options, env).strip()
    address = _short(str(token.attrGet("src") or ""))
    shown = ", ".join(part for part in (alt, address) if part)
    return f'<span class="image">[Image: {escape(shown)}]</span>'


def _render_table_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    table = self.renderToken(tokens, index, options, env)
    return f'<div class="table-wrap" tabindex="0">{table}'


def _render_table_close(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    return f"{self.renderToken(tokens, index, options, env)}</div>\n"
