"""Whether a person may change an own answer, and the versions there are of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from annotation.answers import main_question, parse_questions, to_presented
from annotation.models import Annotation, Assignment
from annotation.verdicts import verdict_words
from annotation.words import gettext as _

# Answers to these stand once they are given.
FINAL = (Assignment.Purpose.TRAINING, Assignment.Purpose.QUALIFICATION)
# Silent checks and repeats may be changed as items may, or the difference would tell
# them apart; a check alone wants no answers, so it closes as an item here would.
# A first answer to which a suggestion was revealed may be changed once, as long as a
# lease goes, whatever the project says else.
_EDITABLE = """
    SELECT a.annotation_id IS NOT NULL AND a.purpose IN (
            'main', 'mirror', 'monitoring', 'attention', 'second_protocol')
        AND a.state IN ('submitted', 'surplus')
        AND (n.created_at > now() - make_interval(secs => p.grace_s)
            OR p.editing = 'always'
            OR (e.first_answer_id = a.annotation_id
                AND e.visible_at > now() - make_interval(secs => p.lease_s))
            OR (p.editing = 'until_complete' AND CASE
                WHEN a.purpose = 'main' OR f.target > 0 THEN f.n_counted < f.target
                ELSE p.overlap > (SELECT count(*) FROM assignment o
                    WHERE o.item_id = a.item_id AND o.state = 'submitted') END))
    FROM assignment a JOIN project p ON p.id = a.project_id
    LEFT JOIN annotation n ON n.id = a.annotation_id
    LEFT JOIN exposure e ON e.assignment_id = a.id
    LEFT JOIN frontier f ON f.item_id = a.item_id WHERE a.id = %s
"""


def is_editable(assignment: int) -> bool:
    """Tell whether a submitted answer may be changed now: in its grace or by a rule.

    Asked for second answers only, so that the first one costs nothing.
    """
    with connection.cursor() as db:
        db.execute(_EDITABLE, [assignment])
        return bool(db.fetchone()[0])


@dataclass(frozen=True)
class OwnVersion:
    """One version of an own answer: its number from 1, when, and in words."""

    number: int
    at: datetime
    words: str
    is_current: bool


def own_versions(assignment: Assignment) -> list[OwnVersion]:
    """Return all versions of an own answer, newest first; one query."""
    questions = parse_questions(assignment.questions_version.questions)
    main = main_question(questions)
    rows = Annotation.objects.filter(
        assignment=assignment, is_retraction=False
    ).order_by("id")
    versions = []
    for number, row in enumerate(rows, start=1):
        shown = to_presented(questions, row.answers, assignment.order or [])
        words = verdict_words(main, shown.get(main.name)) or _("Answered")
        is_current = row.pk == assignment.annotation_id
        versions.append(OwnVersion(number, row.created_at, words, is_current))
    return versions[::-1]


def answers_shown(assignment: Assignment) -> dict[str, Any]:
    """Return the current answers in the presented order; at most two queries."""
    questions = parse_questions(assignment.questions_version.questions)
    answer = assignment.annotation
    if answer is None:
        return {}
    return to_presented(questions, answer.answers, assignment.order or [])
