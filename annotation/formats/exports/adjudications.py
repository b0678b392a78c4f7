"""PURE: the raw table of adjudications: how the team settled items, never an answer."""

from annotation.formats.exports.tables import Table
from annotation.formats.exports.types import BOOL, INT, TEXT, Column

ADJUDICATIONS = Table(
    "adjudications",
    "One row per decision of the research team on an item; the last one holds. They "
    "are no annotations.",
    (
        Column("item_id", TEXT, "the item's public id"),
        Column("item_external_id", TEXT, "the item's id in the file it came from"),
        Column("adjudication_id", TEXT, "the public id of the decision"),
        Column("number", INT, "which decision on the item it is, from 1"),
        Column("is_current", BOOL, "whether it holds: the last one, not a reopening"),
        Column("is_reopening", BOOL, "whether it opened the item again"),
        Column("answers", TEXT, "JSON: one entry per question, as of an annotation"),
        Column("reason", TEXT, "the reason given"),
        Column("role", TEXT, "who decided: owner or researcher"),
        Column("questions_version", INT, "the number of the questions version"),
        Column("created_at", TEXT, "when, ISO 8601 in UTC"),
    ),
)
