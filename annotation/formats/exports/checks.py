"""PURE: the raw table of checks: answers that look after the work and are no data."""

import json

from annotation.formats.exports.tables import ANNOTATIONS, Table, annotation_row
from annotation.formats.exports.types import (
    BOOL,
    TEXT,
    Column,
    Row,
    StoredAnswer,
    Version,
)
from annotation.gold import InvalidGoldError, grade, read_gold
from annotation.questions import main_question
from annotation.verdicts import choice

CHECKS = Table(
    "checks",
    "One row per answer to a check: training, qualification, silent gold, attention "
    "checks, and repeats of a pair with its sides swapped. None of them is data.",
    (
        *ANNOTATIONS.columns,
        Column(
            "is_right",
            BOOL,
            "whether the answer is as known, or of a repeat (`mirror`) whether it "
            "chooses what the first answer chose; empty = cannot be told",
        ),
        Column(
            "reference",
            TEXT,
            "JSON: the known answer, or of a repeat the same person's first answers",
        ),
    ),
)


def check_row(answer: StoredAnswer, version: Version) -> Row:
    """Return the row of an answer to a check."""
    is_right = _is_right(answer, version)
    return (*annotation_row(answer, version), is_right, answer.reference)


def _is_right(answer: StoredAnswer, version: Version) -> bool | None:
    if answer.reference is None:
        return None
    given, reference = json.loads(answer.answers), json.loads(answer.reference)
    if answer.purpose == "mirror":
        main = main_question(version.questions)
        said, before = (choice(main, x.get(main.name)) for x in (given, reference))
        return said == before if said and before else None
    try:
        gold = read_gold(reference, version.questions, len(answer.order or ()))
    except InvalidGoldError:
        return None
    return grade(gold, given).is_correct
