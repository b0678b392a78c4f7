"""PURE: the raw tables of what people said instead of an answer: skips and flags."""

from typing import NamedTuple

from annotation.formats.exports.tables import Table
from annotation.formats.exports.types import INTS, TEXT, Column, Person, Row

_ITEM = (
    Column("item_id", TEXT, "the item's public id"),
    Column("item_external_id", TEXT, "the item's id in the file it came from"),
)
_ANNOTATOR = Column("annotator", TEXT, "the pseudonym in this export")
SKIPS = Table(
    "skips",
    "One row per item that a person was shown and skipped.",
    (
        *_ITEM,
        Column("assignment_id", TEXT, "the public id of the assignment skipped"),
        _ANNOTATOR,
        Column("skipped_at", TEXT, "when it was skipped, ISO 8601 in UTC"),
        Column("reason", TEXT, "the reason given, chosen or in own words"),
        Column("shown_at", TEXT, "when the item was shown, ISO 8601 in UTC"),
        Column("order_shown", INTS, "the completions on the screen, by index"),
        Column("purpose", TEXT, "main, training, …"),
    ),
)
FLAGS = Table(
    "flags",
    "One row per remark of a person that something is wrong with an item.",
    (
        *_ITEM,
        Column("flag_id", TEXT, "the public id of the flag"),
        _ANNOTATOR,
        Column("created_at", TEXT, "when it was raised, ISO 8601 in UTC"),
        Column("kind", TEXT, "harmful, private, broken, language or other"),
        Column("note", TEXT, "the person's own words"),
        Column("resolved_at", TEXT, "when it was dealt with; empty = open"),
    ),
)


class StoredRemark(NamedTuple):
    """A skip or a flag: who, and the cells before and after the column `annotator`."""

    person: Person
    before: Row
    after: Row
    is_text_withheld: bool = False

    @property
    def row(self) -> Row:
        """Return the row of its table."""
        return (*self.before, self.person.pseudonym, *self.after)
