"""PURE: preference pairs as TRL reads them: explicit, implicit, and with a margin."""

from collections.abc import Callable, Sequence

from annotation.formats.exports import provenance
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Outcome, Reading
from annotation.formats.exports.prompts import (
    dialogue_of,
    prompt_of,
    reply_of,
    text_kind,
)
from annotation.formats.exports.types import FLOAT, INT, TEXT, Column, Row, StoredItem
from annotation.formats.exports.votes import Pair, settle_all

KINDS = ("comparison", "ranking", "rating")
OPTIONS = (
    "style",
    "unit",
    "question",
    "criterion",
    "ties",
    "both_bad",
    "conflicts",
    "min_difference",
)
MARGIN = Column(
    "margin",
    FLOAT,
    "strength of the preference in [0, 1]: grade / strongest grade, difference of "
    "ranks / (completions - 1), or difference of marks / length of the scale",
)
FACTS = (
    Column("score_chosen", FLOAT, "the mark of the chosen completion, if it is rated"),
    Column("score_rejected", FLOAT, "the mark of the rejected one, if it is rated"),
    Column("p_chosen", FLOAT, "(votes for it + half of the ties) / votes, in [0, 1]"),
    Column("n_votes", INT, "answers behind the row"),
    Column("weight", FLOAT, "1 / pairs of the item; half of that for a tie"),
    Column("chosen_model", TEXT, "which model wrote the chosen completion"),
    Column("rejected_model", TEXT, "which model wrote the rejected one"),
    Column("chosen_index", INT, "its place in the stored order, from 0"),
    Column("rejected_index", INT, "its place in the stored order, from 0"),
)
PLACES = (
    Column("chosen_position", INT, "its place on the screen, from 0; empty = unknown"),
    Column("rejected_position", INT, "its place on the screen, from 0"),
)


def _columns(options: ExportOptions, *texts: Column) -> tuple[Column, ...]:
    places = () if options.is_aggregated else PLACES
    return (*texts, *FACTS, *places, *provenance.columns(options))


def explicit_columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns of pairs with a prompt of their own."""
    kind = text_kind(options)
    return _columns(
        options,
        Column("prompt", kind, "what was asked"),
        Column("chosen", kind, "the preferred reply"),
        Column("rejected", kind, "the other reply"),
    )


def implicit_columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns of pairs in which both sides begin with the prompt."""
    kind = text_kind(options)
    return _columns(
        options,
        Column("chosen", kind, "the dialogue with the preferred reply"),
        Column("rejected", kind, "the dialogue with the other reply"),
    )


def reward_columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns of pairs with a margin, a number in every row."""
    chosen, rejected, *others = implicit_columns(options)
    return (chosen, rejected, MARGIN, *others)


def judge_explicit(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write each pair as prompt, chosen and rejected."""
    return _judge(item, readings, options, _explicit_texts)


def judge_implicit(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write each pair as two dialogues."""
    return _judge(item, readings, options, _implicit_texts)


def judge_reward(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write each pair as two dialogues and a margin."""
    return _judge(item, readings, options, _reward_texts)


def _explicit_texts(item: StoredItem, pair: Pair, options: ExportOptions) -> Row:
    return (
        prompt_of(item, options),
        reply_of(item, pair.chosen, options),
        reply_of(item, pair.rejected, options),
    )


def _implicit_texts(item: StoredItem, pair: Pair, options: ExportOptions) -> Row:
    return (
        dialogue_of(item, pair.chosen, options),
        dialogue_of(item, pair.rejected, options),
    )


def _reward_texts(item: StoredItem, pair: Pair, options: ExportOptions) -> Row:
    return (*_implicit_texts(item, pair, options), float(pair.margin))


def _judge(
    item: StoredItem,
    readings: Sequence[Reading],
    options: ExportOptions,
    texts: Callable[[StoredItem, Pair, ExportOptions], Row],
) -> Outcome:
    settled = settle_all(readings, len(item.completions), options)
    rows: list[Row] = [
        (
            *texts(item, pair, options),
            *_facts(item, pair, options),
            *provenance.values(item, [v.reading for v in pair.votes], options),
        )
        for pair in settled.pairs
    ]
    return Outcome(rows, settled.parts)


def _facts(item: StoredItem, pair: Pair, options: ExportOptions) -> Row:
    chosen, rejected = pair.chosen, pair.rejected
    facts = (
        pair.score_chosen,
        pair.score_rejected,
        pair.p_chosen,
        len(pair.votes),
        pair.weight,
        item.completions[chosen].model,
        item.completions[rejected].model,
        chosen,
        rejected,
    )
    if options.is_aggregated:
        return facts
    answer = pair.votes[0].reading.answer
    places = (provenance.place_of(answer, index) for index in (chosen, rejected))
    return (*facts, *places)
