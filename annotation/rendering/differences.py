"""PURE: which words of two texts differ, for the switch "Mark differences"."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Scripts written without spaces count by character, all others by word. Signs that
# belong to the letter before them (Mn, Mc) lie between U+0300 and U+1FFF.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_SIGN = r"(?![\w\s\u037e\u060c\u061b\u061f\u06d4\u0964\u0965])[\u0300-\u1fff]"
_LETTER = rf"[^\W{_UNSPACED}]"
WORD = re.compile(
    rf"{_LETTER}(?:{_LETTER}|{_SIGN})*|[{_UNSPACED}](?:{_SIGN})*|[^\w\s](?:{_SIGN})*"
)
_LINE = re.compile(r"\S[^\n]*")

# Words are compared up to this many characters of both texts together (about a
# second at worst); past it lines are, and words only inside the lines that differ.
MAX_CHARS = 300_000
# difflib's cost grows with the cube at worst, so it sees short stretches only.
MAX_UNITS = 300
# Each level of `_gaps` is one pass over the texts.
MAX_DEPTH = 12


@dataclass(frozen=True)
class Span:
    """A stretch of text in characters: `start` is inside, `end` is not."""

    start: int
    end: int


_Pair = tuple[Span, Span]


def differences(a: str, b: str) -> tuple[list[Span], list[Span]]:
    """Return the spans that only `a` has, and those that only `b` has.

    Words, signs and unspaced characters are compared, white space is not. The cost
    is bounded: stretches too long to be compared word by word are marked whole.

    Returns
    -------
    tuple of two lists of Span
        Ascending, not overlapping, in characters of each text.
    """
    whole = (Span(0, len(a)), Span(0, len(b)))
    is_short = len(a) + len(b) <= MAX_CHARS
    pairs = list(_compare(WORD, a, b, whole) if is_short else _by_line(a, b, whole))
    return (
        [first for first, _ in pairs if first.start < first.end],
        [second for _, second in pairs if second.start < second.end],
    )


def units(text: str) -> list[Span]:
    """Return the words, signs and unspaced characters that are compared, in order."""
    return [Span(*match.span()) for match in WORD.finditer(text)]


def _by_line(a: str, b: str, whole: _Pair) -> Iterator[_Pair]:
    left = MAX_CHARS
    for stretch in _compare(_LINE, a, b, whole):
        left -= sum(span.end - span.start for span in stretch)
        if left < 0:
            yield stretch
        else:
            yield from _compare(WORD, a, b, stretch)


def _compare(unit: re.Pattern[str], a: str, b: str, within: _Pair) -> Iterator[_Pair]:
    """Yield the stretches that differ; an empty one is `Span(0, 0)`."""
    found_a = list(unit.finditer(a, within[0].start, within[0].end))
    found_b = list(unit.finditer(b, within[1].start, within[1].end))
    units_a = [match[0] for match in found_a]
    units_b = [match[0] for match in found_b]
    ends = (Span(0, len(units_a)), Span(0, len(units_b)))
    for gap_a, gap_b in _gaps(units_a, units_b, ends, MAX_DEPTH):
        yield _stretch(found_a, gap_a), _stretch(found_b, gap_b)


def _stretch(found: Sequence[re.Match[str]], gap: Span) -> Span:
    if gap.start == gap.end:
        return Span(0, 0)
    return Span(found[gap.start].start(), found[gap.end - 1].end())


def _gaps(
    a: Sequence[str], b: Sequence[str], within: _Pair, depth: int
) -> Iterator[_Pair]:
    """Yield the gaps between what both have in common, as indexes of units.

    Patience: units that occur once on each side, in the longest order they share,
    part the texts; the parts are treated alike until difflib can take them.
    """
    within = _without_common_ends(a, b, within)
    n_a = within[0].end - within[0].start
    n_b = within[1].end - within[1].start
    if not n_a or not n_b:
        if n_a or n_b:
            yield within
        return
    if n_a <= MAX_UNITS and n_b <= MAX_UNITS:
        yield from _gaps_of_short(a, b, within)
        return
    anchors = _anchors(a, b, within) if depth else []
    if not anchors:
        yield within
        return
    start_a, start_b = within[0].start, within[1].start
    for end_a, end_b in [*anchors, (within[0].end, within[1].end)]:
        part = (Span(start_a, end_a), Span(start_b, end_b))
        yield from _gaps(a, b, part, depth - 1)
        start_a, start_b = end_a + 1, end_b + 1


def _gaps_of_short(
    a: Sequence[str], b: Sequence[str], within: _Pair
) -> Iterator[_Pair]:
    start_a, start_b = within[0].start, within[1].start
    matcher = SequenceMatcher(
        None,
        a[start_a : within[0].end],
        b[start_b : within[1].end],
        autojunk=False,
    )
    for tag, from_a, to_a, from_b, to_b in matcher.get_opcodes():
        if tag != "equal":
            yield (
                Span(start_a + from_a, start_a + to_a),
                Span(start_b + from_b, start_b + to_b),
            )


def _without_common_ends(a: Sequence[str], b: Sequence[str], within: _Pair) -> _Pair:
    start_a, end_a = within[0].start, within[0].end
    start_b, end_b = within[1].start, within[1].end
    while start_a < end_a and start_b < end_b and a[start_a] == b[start_b]:
        start_a, start_b = start_a + 1, start_b + 1
    while start_a < end_a and start_b < end_b and a[end_a - 1] == b[end_b - 1]:
        end_a, end_b = end_a - 1, end_b - 1
    return Span(start_a, end_a), Span(start_b, end_b)


def _anchors(
    a: Sequence[str], b: Sequence[str], within: _Pair
) -> list[tuple[int, int]]:
    """Return (index in a, index in b) of units unique on both sides, in order."""
    part_a = a[within[0].start : within[0].end]
    part_b = b[within[1].start : within[1].end]
    count_a, count_b = Counter(part_a), Counter(part_b)
    place_b = {unit: index for index, unit in enumerate(part_b, within[1].start)}
    once = [
        (index, place_b[unit])
        for index, unit in enumerate(part_a, within[0].start)
        if count_a[unit] == 1 and count_b[unit] == 1
    ]
    return _longest_rising(once)


def _longest_rising(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence whose second numbers rise (patience sorting)."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, value) in enumerate(points):
        pile = bisect_left(tails, value)
        before.append(last[pile - 1] if pile else -1)
        tails[pile : pile + 1] = [value]
        last[pile : pile + 1] = [index]
    chain = []
    index = last[-1] if last else -1
    while index >= 0:
        chain.append(points[index])
        index = before[index]
    return chain[::-1]
