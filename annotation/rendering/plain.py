"""PURE: the beginning of a rendered text as plain words, for a line that names it."""

import re
from html.parser import HTMLParser

# Tags that end a word; all others stand within a line.
BLOCK = re.compile(
    r"h[1-6]|p|div|[bh]r|pre|blockquote|[uo]l|li|table|thead|tbody|t[rdh]|section"
)
# So much is read at once: most texts show their beginning in the first piece.
PIECE = 1_000


def beginning(html: str, n_chars: int) -> str:
    """Return the first words that a reader sees, at most so many characters.

    `html`: what `render` or `render_raw` returned, so its tags are well formed. It is
    read only as far as needed; a text that goes on ends in an ellipsis.
    """
    reader = _Reader()
    words = ""
    for start in range(0, len(html), PIECE):
        reader.feed(html[start : start + PIECE])
        words = reader.words()
        if len(words) > n_chars:
            return words[: n_chars - 1].rstrip() + "…"
    reader.close()
    words = reader.words()
    return words if len(words) <= n_chars else words[: n_chars - 1].rstrip() + "…"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if BLOCK.fullmatch(tag):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if BLOCK.fullmatch(tag):
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def words(self) -> str:
        return " ".join("".join(self.parts).split())
