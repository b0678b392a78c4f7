"""Which items a machine annotator is to be asked about, and what they hold."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from django.db import connection

from annotation.models import MachineAnnotator, QuestionsVersion
from annotation.questions import Question, parse_questions
from annotation.selectors import blind
from models_service.backends.base import ChatMessage
from models_service.prompts import Case
from models_service.selectors.seats import IS_HEARD, heard_values, is_jury

# labelled: people have answered it blind, to measure the machine by. unlabelled: the
# others, also where all answers were given with a suggestion in view.
Which = Literal["all", "unlabelled", "labelled"]
WHICH: tuple[Which, ...] = get_args(Which)


@dataclass(frozen=True)
class Selection:
    """Which items are meant. `n` of them at random by `seed`; 0 = all of them.

    `again`: also those of which the machine has an answer that was refused or could
    not be read before the moment `since`. What failed is always asked again. Of a jury
    `again` means those of which more members have a verdict than it had heard.
    """

    which: Which = "all"
    category: str = ""
    n: int = 0
    seed: int = 0
    again: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class WantedItem:
    """An item to be asked about."""

    id: int
    number: int
    case: Case


# Where the project has never shown a suggestion, all answers that count are blind.
_LABELLED = f"""
    (f.n_counted > 0 AND (
        NOT EXISTS (SELECT 1 FROM suggestion_policy s WHERE s.project_id = %(project)s)
        OR EXISTS (
            SELECT 1 FROM assignment a {blind.EXPOSURE}
            WHERE a.item_id = i.id AND a.state = 'submitted'
              AND a.purpose IN ('main', 'imported') AND {blind.ANSWER} IS NOT NULL)))
"""  # noqa: S608  # our own words
SCOPE = f"""
    FROM item i JOIN frontier f ON f.item_id = i.id
    WHERE i.project_id = %(project)s AND NOT f.is_excluded
      AND (%(category)s = '' OR i.category = %(category)s)
      AND (%(which)s = 'all' OR {_LABELLED} = (%(which)s = 'labelled'))
      AND NOT EXISTS (
        SELECT 1 FROM check_item c WHERE c.item_id = i.id AND NOT c.is_in_pool)
"""  # noqa: S608  # our own words
_UNANSWERED = """
      AND NOT EXISTS (
        SELECT 1 FROM pre_annotation p
        WHERE p.item_id = i.id AND p.machine_id = %(machine)s
          AND p.questions_version_id = %(questions)s AND p."order" = '{}'
          AND (p.status = 'ok' OR p.status <> 'failed'
            AND (NOT %(again)s OR p.created_at >= %(since)s)))
"""
# Of a jury: two completions, a quorum of members to hear, and no verdict of its own,
# or one that heard fewer of them. What somebody was shown is never decided anew.
# "+ 0": by the index of the item. Statistics do not know a jury that has just begun,
# and by the index of the machine each batch would read all verdicts before it.
_UNDECIDED = f"""
      AND i.n_completions = 2
      AND EXISTS (
        SELECT 1 FROM (
          SELECT count(DISTINCT v.machine_id) AS n FROM (
            SELECT m.machine_id FROM pre_annotation m
            WHERE m.item_id = i.id AND m.machine_id = ANY(%(members)s)
              AND m.questions_version_id = ANY(%(versions)s)
            GROUP BY m.machine_id, m.questions_version_id
            HAVING {IS_HEARD.format(rows="m")}) v) heard
        WHERE heard.n >= %(quorum)s AND NOT EXISTS (
          SELECT 1 FROM pre_annotation p
          WHERE p.item_id = i.id AND p.machine_id + 0 = %(machine)s
            AND p.questions_version_id = %(questions)s AND p."order" = '{{}}'
            AND p.status = 'ok' AND (NOT %(again)s
              OR EXISTS (SELECT 1 FROM exposure x WHERE x.pre_annotation_id = p.id)
              OR heard.n <= (
              SELECT count(*) FROM jsonb_array_elements(p.metadata -> 'members') e
              WHERE e ->> 'status' = 'ok' AND (e ->> 'weight')::float > 0))))
"""  # noqa: S608  # our own words
# A hash of the number, so that the same seed draws the same items on every server.
_DRAWN = """
    SELECT i.number {wanted}
    ORDER BY md5(i.number::text || ':' || %(seed)s), i.number LIMIT %(n)s
"""
_BATCH = """
    SELECT i.id, i.number, i.messages::text,
        (SELECT array_agg(c.text ORDER BY c.index) FROM completion c
         WHERE c.item_id = i.id)
    {wanted} AND i.number > %(after)s
      AND (%(drawn)s::int[] IS NULL OR i.number = ANY(%(drawn)s::int[]))
    ORDER BY i.number LIMIT %(limit)s
"""


def count_wanted(
    machine: MachineAnnotator,
    questions: QuestionsVersion,
    selection: Selection,
    most: int | None = None,
) -> int:
    """Return how many items a run would ask about, at most `most`.

    One query, of a jury four; likewise the other functions here.
    """
    with connection.cursor() as db:
        db.execute(
            f"SELECT count(*) FROM (SELECT 1 {_wanted(machine)} LIMIT %(most)s) w",  # noqa: S608 - our own words
            _values(machine, questions, selection) | {"most": most},
        )
        found = int(db.fetchone()[0])
    return min(found, selection.n) if selection.n else found


def draw(
    machine: MachineAnnotator, questions: QuestionsVersion, selection: Selection
) -> list[int]:
    """Return the numbers of `selection.n` items drawn at random; one query."""
    values = _values(machine, questions, selection)
    with connection.cursor() as db:
        db.execute(
            _DRAWN.format(wanted=_wanted(machine)),
            values | {"seed": str(selection.seed), "n": selection.n},
        )
        return sorted(row[0] for row in db.fetchall())


def wanted_batches(
    machine: MachineAnnotator,
    questions: QuestionsVersion,
    selection: Selection,
    drawn: list[int] | None,
    size: int,
) -> Iterator[list[WantedItem]]:
    """Yield the items that need asking, by number; one query for each batch."""
    asked = parse_questions(questions.questions)
    guidelines = _guidelines(machine)
    values = _values(machine, questions, selection) | {"drawn": drawn, "limit": size}
    statement = _BATCH.format(wanted=_wanted(machine))
    after = 0
    while True:
        with connection.cursor() as db:
            db.execute(statement, values | {"after": after})
            rows = db.fetchall()
        if not rows:
            return
        after = rows[-1][1]
        yield [_item(row, asked, guidelines) for row in rows]


def selection_from(raw: Mapping[str, Any], since: datetime) -> Selection:
    """Return the stored selection of a run that was asked for at `since`."""
    return Selection(**raw, since=since)


def _item(row: Any, questions: tuple[Question, ...], guidelines: str) -> WantedItem:
    item_id, number, messages, texts = row
    prompt = tuple(
        ChatMessage(message["role"], message["content"])
        for message in json.loads(messages)
    )
    return WantedItem(
        item_id, number, Case(prompt, tuple(texts or ()), questions, guidelines)
    )


def _guidelines(machine: MachineAnnotator) -> str:
    found = machine.project.current_guidelines()
    is_told = machine.parameters.get("tell_guidelines", False)
    return found.text if found and is_told else ""


def _wanted(machine: MachineAnnotator) -> str:
    return SCOPE + (_UNDECIDED if is_jury(machine) else _UNANSWERED)


def _values(
    machine: MachineAnnotator, questions: QuestionsVersion, selection: Selection
) -> dict[str, Any]:
    heard = heard_values(machine) if is_jury(machine) else {}
    return heard | scope_values(machine, questions, selection)


def scope_values(
    machine: MachineAnnotator, questions: QuestionsVersion, selection: Selection
) -> dict[str, Any]:
    """Return what a statement needs to find the items that a selection means."""
    return {
        "project": machine.project_id,
        "machine": machine.pk,
        "questions": questions.pk,
        "which": selection.which,
        "category": selection.category,
        "again": selection.again,
        "since": selection.since,
    }
