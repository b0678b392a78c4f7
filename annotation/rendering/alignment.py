"""PURE: where the words of a rendered text stand in its source, and back.

Step annotate: marked words are stored as offsets of the source, whichever view they
were marked in. Markdown has no such map, so the words of both texts are aligned.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from annotation.rendering.differences import WORD

_LINE_END = re.compile(r"\r\n")
# How far the source is searched for what is shown, in words and signs; and how many
# units shown may have no place in the source (a formula, the box of a task).
MAX_FAR_WORD, MAX_FAR_SIGN, MAX_SKIPPED = 400, 40, 40
# Markup may stand between a unit and the next one that is shown; after a word, which
# is seldom met by chance, even the line of dashes under a table's head.
N_CLOSE_WORD, N_CLOSE_SIGN, MIN_WORD = 120, 6, 3


@dataclass(frozen=True)
class Block:
    """A stretch that both texts share; offsets and length in characters."""

    shown: int
    source: int
    length: int


class _Text(HTMLParser):
    """Collects what a browser's `textContent` gives."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.is_pre_fresh = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_pre_fresh = tag == "pre"

    def handle_data(self, data: str) -> None:
        # A page drops the first line end inside <pre>.
        if self.is_pre_fresh and data.startswith("\n"):
            data = data[1:]
        self.is_pre_fresh = False
        self.parts.append(data)


def text_of(html: str) -> str:
    """Return the text of safe HTML as a browser's `textContent` would."""
    collector = _Text()
    collector.feed(html)
    collector.close()
    return "".join(collector.parts)


def align(source: str, html: str) -> list[Block]:
    """Return what the rendered HTML shows of its source, in order.

    Words and signs are matched; what stands between two matched ones is part of a
    block only where it is the same in both. What only one text has (markup, formulas)
    belongs to no block.
    """
    shown = text_of(html)
    units_shown = list(WORD.finditer(shown))
    units_source = list(WORD.finditer(source))
    blocks: list[Block] = []
    for i, j in _matched([m[0] for m in units_shown], [m[0] for m in units_source]):
        at_shown, at_source = units_shown[i].start(), units_source[j].start()
        length = units_shown[i].end() - at_shown
        last = blocks[-1] if blocks else None
        if last is not None and _is_continued(last, at_shown, at_source, shown, source):
            length += at_shown - last.shown
            blocks[-1] = Block(last.shown, last.source, length)
        else:
            blocks.append(Block(at_shown, at_source, length))
    return blocks


def _matched(shown: Sequence[str], source: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of equal units, in one pass over both texts.

    Rendering mostly leaves markup out, so that what is shown is nearly a subsequence
    of the source, and the nearest place where both go on alike is the right one. A
    difference as in `differences` would lose texts that repeat themselves.
    """
    where: dict[str, list[int]] = {}
    for j, unit in enumerate(source):
        where.setdefault(unit, []).append(j)
    i = j = 0
    while i < len(shown) and j < len(source):
        if shown[i] != source[j]:
            found = _meeting(shown, source, where, i, j)
            if found is None:
                i += 1
                continue
            i, j = found
        yield i, j
        i, j = i + 1, j + 1


def _meeting(
    shown: Sequence[str],
    source: Sequence[str],
    where: Mapping[str, Sequence[int]],
    i: int,
    j: int,
) -> tuple[int, int] | None:
    """Return the next place where both go on alike; better to skip in the source."""
    for at in range(i, min(i + MAX_SKIPPED, len(shown))):
        unit = shown[at]
        n_far = MAX_FAR_WORD if len(unit) >= MIN_WORD else MAX_FAR_SIGN
        places = where.get(unit, ())
        for place in places[bisect_left(places, j) :]:
            if place > j + n_far:
                break
            if _goes_on(shown, source, at, place):
                return at, place
    return None


def _goes_on(shown: Sequence[str], source: Sequence[str], i: int, j: int) -> bool:
    """Tell whether both have the same unit here, and go on alike soon after."""
    if shown[i] != source[j]:
        return False
    n_close = N_CLOSE_WORD if len(shown[i]) >= MIN_WORD else N_CLOSE_SIGN
    # Rendering adds a sign now and then, such as the box of a task.
    nexts = shown[i + 1 : i + 3]
    return not nexts or any(unit in source[j + 1 : j + 1 + n_close] for unit in nexts)


def _is_continued(
    last: Block, at_shown: int, at_source: int, shown: str, source: str
) -> bool:
    """Tell whether only the same characters stand between a block and the next word."""
    between = shown[last.shown + last.length : at_shown]
    return (
        at_shown - last.shown == at_source - last.source
        and between == source[last.source + last.length : at_source]
    )


def align_raw(source: str) -> list[Block]:
    """Return the same for the raw view, where a page shows CR LF as one line end.

    An empty list says that both texts are the same, character by character.
    """
    if "\r\n" not in source:
        return []
    return list(_between_line_ends(source))


def _between_line_ends(source: str) -> Iterator[Block]:
    start = n_dropped = 0
    for found in _LINE_END.finditer(source):
        # The line end itself belongs to the stretch before it, as its CR.
        yield Block(start - n_dropped, start, found.start() + 1 - start)
        start = found.end()
        n_dropped += 1
    if start < len(source):
        yield Block(start - n_dropped, start, len(source) - start)
