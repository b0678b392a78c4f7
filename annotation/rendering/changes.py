"""PURE: two versions of a text as one, with the words that are gone and new marked."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from annotation.rendering.differences import Span, differences, units

Kind = Literal["same", "gone", "new"]


class Piece(NamedTuple):
    """A stretch of text, and whether both versions have it."""

    text: str
    kind: Kind


def changes(old: str, new: str) -> list[Piece]:
    """Return one text of both versions; where they differ, first the old words.

    White space is not compared; it is that of the version which a word comes from.
    """
    gone, added = differences(old, new)
    woven = _woven(_marked(old, gone), _marked(new, added))
    return [
        Piece("".join(piece.text for piece in run), kind)
        for kind, run in groupby(woven, key=lambda piece: piece.kind)
    ]


def _woven(
    old: Sequence[tuple[str, bool]], new: Sequence[tuple[str, bool]]
) -> Iterator[Piece]:
    """Yield the words of both; what is unmarked comes in the same order in both."""
    at = 0
    for text, is_new in new:
        # Words that are gone stand before those that came for them.
        while at < len(old) and old[at][1]:
            yield Piece(old[at][0], "gone")
            at += 1
        yield Piece(text, "new" if is_new else "same")
        at += not is_new
    for text, _ in old[at:]:
        yield Piece(text, "gone")


def _marked(text: str, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """Return each word with the space after it, and whether a span holds it."""
    found = units(text)
    ends = [*(unit.start for unit in found), len(text)][1:]
    left = list(reversed(spans))
    marked = []
    for unit, end in zip(found, ends, strict=True):
        while left and left[-1].end <= unit.start:
            left.pop()
        is_inside = bool(left) and left[-1].start <= unit.start
        marked.append((text[unit.start : end], is_inside))
    return marked
