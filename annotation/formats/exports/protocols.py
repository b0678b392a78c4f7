"""PURE: the raw table of items that one person judged under two protocols."""

import json

from annotation.agreement.protocols import signs_of
from annotation.formats.exports.tables import ANNOTATIONS, Table, annotation_row
from annotation.formats.exports.types import (
    BOOL,
    INT,
    TEXT,
    Column,
    Row,
    StoredAnswer,
    Version,
)
from annotation.questions import main_question

PROTOCOLS = Table(
    "protocols",
    "One row per answer to an item that its person was asked in two forms: the answers "
    "to the project's own questions (`main`, in `annotations` too) and those to the "
    "second protocol, which are here alone. Two rows with the same `pair` are a pair.",
    (
        *ANNOTATIONS.columns,
        Column("pair", TEXT, "the item and the annotator: one for both answers"),
        Column("protocol", TEXT, "comparison, rating or ranking"),
        Column("comes_first", TEXT, "the purpose that came first, as it was drawn"),
        Column("is_first", BOOL, "whether this answer is the one that came first"),
        Column(
            "side",
            INT,
            "of two completions: 1 prefers completion 0, -1 completion 1, 0 calls them "
            "equal; empty = more completions, or it cannot be told",
        ),
    ),
)


def protocol_row(answer: StoredAnswer, version: Version) -> Row:
    """Return the row of an answer to an item under two protocols."""
    question = main_question(version.questions)
    value = json.loads(answer.answers).get(question.name)
    side = signs_of(question, value, 2) if len(answer.order or ()) == 2 else {}
    return (
        *annotation_row(answer, version),
        f"{answer.item_id}:{answer.annotator}",
        question.type,
        answer.comes_first,
        answer.purpose == answer.comes_first,
        side.get((0, 1)),
    )
