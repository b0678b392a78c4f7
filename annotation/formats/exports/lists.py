"""PURE: ranked lists of replies: one row per list, and the form that PRO trains on."""

from collections.abc import Iterator, Sequence
from math import fsum
from typing import NamedTuple

from annotation.formats.exports import provenance
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Outcome, Part, Reading
from annotation.formats.exports.prompts import prompt_of, reply_of, text_kind
from annotation.formats.exports.types import (
    BOOL,
    FLOAT,
    INT,
    INTS,
    TEXT,
    TEXTS,
    Column,
    ListOf,
    Row,
    StoredItem,
    Struct,
)
from annotation.formats.exports.votes import scores_of, side_of, tier_numbers

KINDS = ("ranking", "rating", "comparison")
OPTIONS = ("style", "unit", "question", "criterion")
PRO_OPTIONS = ("unit", "question", "criterion")
PRO_MARKS = {"user": "<|prompter|>", "assistant": "<|assistant|>"}


class Ranked(NamedTuple):
    """One list: a score in [0, 1] for each completion, and which are unacceptable."""

    readings: tuple[Reading, ...]
    scores: tuple[float, ...]
    unacceptable: tuple[bool, ...]

    @property
    def ranks(self) -> list[int]:
        """Return the rank of each completion: 1 is best, equals share the better."""
        keys = list(zip(self.unacceptable, (-s for s in self.scores), strict=True))
        return [1 + sum(other < key for other in keys) for key in keys]

    @property
    def best_first(self) -> list[int]:
        """Return the completions from best to worst; equals in canonical order."""
        ranks = self.ranks
        return sorted(range(len(ranks)), key=lambda index: (ranks[index], index))


def columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns of ranked lists."""
    kind = text_kind(options)
    order = Column("positions", INTS, "each one's place on the screen, from 0")
    return (
        Column("prompt", kind, "what was asked"),
        Column("responses", ListOf(kind), "the replies in the stored order"),
        Column("ranks", INTS, "each one's rank: 1 is best, equals share a rank"),
        Column(
            "scores",
            ListOf(FLOAT),
            "each one's score in [0, 1]: its mean mark on the scale, or 1 less "
            "1 / (completions - 1) for each tier before its own",
        ),
        Column("unacceptable", ListOf(BOOL), "whether each was called unacceptable"),
        Column("models", TEXTS, "which model wrote each"),
        Column("n_votes", INT, "answers behind the row"),
        *(() if options.is_aggregated else (order,)),
        *provenance.columns(options),
    )


def pro_columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns that PRO reads, best reply first."""
    meta = Struct((("item_id", TEXT), ("models", TEXTS), ("ranks", INTS)))
    return (
        Column("meta", meta, "the item, and the models and ranks of the suffixes"),
        Column("prefix", ListOf(TEXTS), "the turns before each reply, with markers"),
        Column("suffix", TEXTS, "the replies, best first"),
        Column("reward", ListOf(FLOAT), "each one's score in [0, 1]"),
        Column("sft_index", INT, "which reply is imitated: always the best, 0"),
        Column("n_votes", INT, "answers behind the row"),
        *provenance.columns(options),
    )


def judge(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write one row for each list."""
    lists, parts = _lists(item, readings, options)
    return Outcome([_row(item, ranked, options) for ranked in lists], parts)


def judge_pro(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write each list as PRO reads it."""
    lists, parts = _lists(item, readings, options)
    return Outcome([_pro_row(item, ranked, options) for ranked in lists], parts)


def _lists(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> tuple[list[Ranked], list[Part]]:
    parts: list[Part] = []
    lists: list[Ranked] = []
    for read in _ranked(item, readings, options):
        if isinstance(read, Part):
            parts.append(read)
        else:
            lists.append(read)
            parts.append(Part(read.readings[0].answer.id, ""))
    if options.is_hybrid and _are_comparisons(lists):
        lists = [_side(lists)]
    elif options.is_aggregated and lists:
        lists = [_mean(lists)]
    return lists, parts


def _are_comparisons(lists: Sequence[Ranked]) -> bool:
    return bool(lists) and lists[0].readings[0].question.type == "comparison"


def _side(lists: Sequence[Ranked]) -> Ranked:
    """Return the one label of several comparisons: the side that most name."""
    side = side_of([one.scores[0] - one.scores[1] for one in lists])
    return _mean(lists)._replace(scores=(float(side >= 0), float(side <= 0)))


def _ranked(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Iterator[Ranked | Part]:
    n = len(item.completions)
    for reading in readings:
        if n < 2 or (reading.question.type == "comparison" and n > 2):
            yield Part(reading.answer.id, "not_two")
        elif reading.question.type == "rating":
            yield _from_marks(reading, n, options)
        else:
            yield _from_places(reading, n)


def _from_marks(reading: Reading, n: int, options: ExportOptions) -> Ranked | Part:
    low, high = reading.question.low, reading.question.high
    marks = scores_of(reading, options)
    known = tuple((m - low) / (high - low) for m in marks if m is not None)
    if len(known) < n:
        return Part(reading.answer.id, "not_rated")
    return Ranked((reading,), known, (False,) * n)


def _from_places(reading: Reading, n: int) -> Ranked | Part:
    if reading.question.type == "comparison":
        grade = reading.value.get("value")
        places = {0: int(grade < 0), 1: int(grade > 0)} if type(grade) is int else {}
        out = {0, 1} if reading.value.get("both_bad") else set()
    else:
        places = tier_numbers(reading.value)
        out = set(reading.value.get("unacceptable", []))
        if reading.value.get("not_judged"):
            return Part(reading.answer.id, "not_judged")
    if set(places) != set(range(n)):
        return Part(reading.answer.id, "no_answer")
    scores = tuple(1 - places[index] / (n - 1) for index in range(n))
    return Ranked((reading,), scores, tuple(index in out for index in range(n)))


def _mean(lists: Sequence[Ranked]) -> Ranked:
    """Return the mean of several lists; unacceptable is what most call so."""
    n = len(lists)
    return Ranked(
        tuple(reading for ranked in lists for reading in ranked.readings),
        # Exactly rounded, so that equal sums stay equal whatever their order.
        tuple(fsum(c) / n for c in zip(*(r.scores for r in lists), strict=True)),
        tuple(
            2 * sum(cells) > n
            for cells in zip(*(r.unacceptable for r in lists), strict=True)
        ),
    )


def _row(item: StoredItem, ranked: Ranked, options: ExportOptions) -> Row:
    answer = ranked.readings[0].answer
    indexes = range(len(item.completions))
    places = [provenance.place_of(answer, index) for index in indexes]
    known = [place for place in places if place is not None]
    return (
        prompt_of(item, options),
        [reply_of(item, index, options) for index in indexes],
        ranked.ranks,
        list(ranked.scores),
        list(ranked.unacceptable),
        [completion.model for completion in item.completions],
        len(ranked.readings),
        *(() if options.is_aggregated else (known,)),
        *provenance.values(item, ranked.readings, options),
    )


def _pro_row(item: StoredItem, ranked: Ranked, options: ExportOptions) -> Row:
    order = ranked.best_first
    prefix = [
        f"{PRO_MARKS.get(message['role'], '')}{message['content']}"
        for message in item.messages
    ]
    prefix.append(PRO_MARKS["assistant"])
    ranks = ranked.ranks
    meta = {
        "item_id": item.id,
        "models": [item.completions[index].model for index in order],
        "ranks": [ranks[index] for index in order],
    }
    return (
        meta,
        [prefix for _ in order],
        [item.completions[index].text for index in order],
        [ranked.scores[index] for index in order],
        0,
        len(ranked.readings),
        *provenance.values(item, ranked.readings, options),
    )
