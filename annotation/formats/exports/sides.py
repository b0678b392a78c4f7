"""PURE: pairs with a, b or tie as their label: one row each, ties among them.

The columns are those that `simulate_routing` reads.
"""

from collections.abc import Sequence

from annotation.formats.exports import provenance
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Outcome, Part, Reading
from annotation.formats.exports.prompts import prompt_text
from annotation.formats.exports.types import FLOAT, INT, TEXT, Column, Row, StoredItem
from annotation.formats.exports.votes import SIDES, side_of, votes_of

KINDS = ("comparison", "ranking", "rating")
OPTIONS = ("unit", "question", "criterion")


def columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the columns of pairs with a label."""
    return (
        Column("prompt", TEXT, "what was asked; a conversation as a transcript"),
        Column("completion_a", TEXT, "the first completion in the stored order"),
        Column("completion_b", TEXT, "the second"),
        Column("label", TEXT, "a, b or tie; a tie too where no answer has most"),
        Column("p_a", FLOAT, "(answers for a + half of the ties) / answers"),
        Column("n_votes", INT, "answers behind the row"),
        Column("model_a", TEXT, "which model wrote the first"),
        Column("model_b", TEXT, "which model wrote the second"),
        *provenance.columns(options),
    )


def judge(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Outcome:
    """Write the label of an item with two completions."""
    outcome = Outcome()
    said: list[tuple[Reading, float]] = []
    for reading in readings:
        found = _grade(item, reading, options)
        reason = found if isinstance(found, str) else ""
        outcome.parts.append(Part(reading.answer.id, reason))
        if not isinstance(found, str):
            said.append((reading, found))
    groups = [said] if options.is_aggregated and said else [[one] for one in said]
    outcome.rows = [_row(item, group, options) for group in groups]
    return outcome


def _grade(item: StoredItem, reading: Reading, options: ExportOptions) -> float | str:
    """Return the grade for the first completion, or why there is none."""
    if len(item.completions) != 2:
        return "not_two"
    for vote in votes_of(reading, 2, options):
        return vote.reason or (0.0 if vote.is_both_bad else vote.grade)
    return "no_answer"


def _row(
    item: StoredItem, said: Sequence[tuple[Reading, float]], options: ExportOptions
) -> Row:
    grades = [grade for _, grade in said]
    n_a, n_ties = sum(grade > 0 for grade in grades), grades.count(0)
    first, second = item.completions
    return (
        prompt_text(item),
        first.text,
        second.text,
        SIDES[side_of(grades)],
        (n_a + n_ties / 2) / len(grades),
        len(grades),
        first.model,
        second.model,
        *provenance.values(item, [reading for reading, _ in said], options),
    )
