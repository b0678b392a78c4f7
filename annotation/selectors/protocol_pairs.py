"""What people said of the same items under two protocols; for the consistency of both.

The bridge to annotation.agreement.protocols: a table for each person.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from annotation.agreement.protocols import Table, cross_table, signs_of
from annotation.answers import main_question
from annotation.models import Project
from annotation.selectors.choices import questions_of

BATCH = 5_000
_PAIRS = """
    SELECT p.participant_id, m.questions_version_id, mine.answers::text,
        s.questions_version_id, theirs.answers::text, cardinality(m."order")
    FROM protocol_pair p
    JOIN assignment m ON m.item_id = p.item_id AND m.participant_id = p.participant_id
      AND m.purpose = 'main' AND m.round = 1 AND m.state IN ('submitted', 'surplus')
    JOIN annotation mine ON mine.id = m.annotation_id
    JOIN assignment s ON s.item_id = p.item_id AND s.participant_id = p.participant_id
      AND s.purpose = 'second_protocol' AND s.round = 1 AND s.state = 'submitted'
    JOIN annotation theirs ON theirs.id = s.annotation_id
    WHERE p.project_id = %s ORDER BY p.participant_id
"""


def tables_by_person(project: Project) -> list[Table]:
    """Return for each person what their ratings say by what their other answers say.

    Rows are the rating, columns the comparison or ranking, whichever of them is the
    second protocol. Two queries.
    """
    asked = {pk: main_question(one) for pk, one in questions_of(project).items()}
    pairs: dict[int, list[Any]] = {}
    for person, mine, answers, theirs, others, n in _rows(project):
        one, other = asked[mine], asked[theirs]
        said = [
            (one, signs_of(one, json.loads(answers).get(one.name), n)),
            (other, signs_of(other, json.loads(others).get(other.name), n)),
        ]
        said.sort(key=lambda pair: pair[0].type != "rating")
        pairs.setdefault(person, []).append((said[0][1], said[1][1]))
    return [cross_table(rows) for rows in pairs.values()]


def _rows(project: Project) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as db:
        db.execute(_PAIRS, [project.pk])
        while batch := db.fetchmany(BATCH):
            yield from batch
