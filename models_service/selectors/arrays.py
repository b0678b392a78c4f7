"""The one bridge from people's answers and machines' verdicts to numpy.

What is compared is the main question, as the sign of its first two completions: 1 =
completion 0, -1 = completion 1, 0 = tie, NaN = nothing. Withdrawn answers, checks,
mirrored items and second protocols never count, and neither does an answer that was
given with a suggestion in view: see annotation.selectors.blind.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from django.db import connection

from annotation.agreement.coefficients import Floats
from annotation.agreement.protocols import signs_of
from annotation.answers import Question, main_question
from annotation.models import MachineAnnotator, Project, QuestionsVersion
from annotation.selectors import blind
from annotation.selectors.choices import comparable, purposes_of, questions_of
from annotation.verdicts import rating_means
from models_service.answers_table import AnswersTable
from models_service.selectors.verdict_rows import Verdict, verdict_of

MOST_ITEMS = 20_000
SEED = 1
BATCH = 10_000
Questions = Mapping[int, Question]

_COUNTED = "a.state = 'submitted' AND a.purpose IN ('main', 'imported')"
# Routing gave it to people since the machine may be wrong there.
_CHOSEN = (
    "EXISTS (SELECT 1 FROM route r WHERE r.item_id = i.id AND r.source = 'human'"
    " AND r.part = 'chosen')"
)
_N_CHOSEN = f"""
    SELECT count(*) FROM item i JOIN frontier f ON f.item_id = i.id
    WHERE i.project_id = %(project)s AND f.n_counted > 0 AND {_CHOSEN}
      AND EXISTS (SELECT 1 FROM pre_annotation p WHERE p.item_id = i.id
        AND p.machine_id = %(machine)s)
"""  # noqa: S608  # our own words
# A hash of the number, so that the same seed draws the same items on every server.
_ITEMS = f"""
    SELECT i.id, i.number, i.n_completions, md5(i.messages::text), i.category,
        i.language, i.source, count(*) OVER ()
    FROM item i
    WHERE i.project_id = %(project)s
      AND EXISTS (SELECT 1 FROM pre_annotation p WHERE p.item_id = i.id
        AND p.machine_id = %(machine)s AND p.questions_version_id = ANY(%(versions)s))
      AND (NOT %(labelled)s OR NOT {_CHOSEN} AND EXISTS (
        SELECT 1 FROM assignment a {blind.EXPOSURE}
        WHERE a.item_id = i.id AND {_COUNTED}
          AND a.questions_version_id = ANY(%(versions)s)
          AND {blind.ANSWER} IS NOT NULL))
    ORDER BY md5(i.number::text || ':' || %(seed)s), i.number LIMIT %(most)s
"""  # noqa: S608  # our own words
_ANSWERS = f"""
    SELECT a.item_id, a.participant_id, a.questions_version_id, a.purpose,
        n.answers::text
    FROM assignment a {blind.EXPOSURE}
    LEFT JOIN annotation n ON n.id = {blind.ANSWER}
    WHERE a.item_id = ANY(%(items)s) AND {_COUNTED}
      AND a.questions_version_id = ANY(%(versions)s)
    ORDER BY a.item_id, a.id
"""  # noqa: S608  # our own words
_VERDICTS = """
    SELECT p.item_id, p.questions_version_id, p."order", p.status, p.answers::text,
        p.logit, p.bias, p.flags, p.probability
    FROM pre_annotation p
    WHERE p.machine_id = %(machine)s AND p.item_id = ANY(%(items)s)
      AND p.questions_version_id = ANY(%(versions)s)
    ORDER BY p.item_id, p.questions_version_id DESC, p."order"
"""
_LENGTHS = """
    SELECT item_id, index, length(text) FROM completion
    WHERE item_id = ANY(%(items)s) AND index < 2
"""


@dataclass(frozen=True)
class ItemRow:
    """What is known of an item without its texts. `prompt`: a hash of its messages."""

    id: int
    number: int
    n_completions: int
    prompt: str
    category: str
    language: str
    source: str


@dataclass(frozen=True)
class Drawn:
    """Items, by their number; of `n_all`, drawn at random where these are too many."""

    items: tuple[ItemRow, ...]
    n_all: int

    @property
    def ids(self) -> list[int]:
        """Return the keys of the items."""
        return [item.id for item in self.items]


@dataclass(frozen=True)
class Labels:
    """What people said of items. `people[k]`: the participant whose index is k.

    `n_seen`: so many more have no answer here but one with a suggestion in view.
    `grades`: float [n_answers], beside the table's choices: how strongly, in [-1, 1].
    """

    table: AnswersTable
    people: tuple[int, ...]
    n_main: int
    n_imported: int
    n_seen: int = 0
    grades: Floats = field(default_factory=lambda: np.zeros(0))


def compared_questions(project: Project) -> Questions:
    """Return the main question of each version that can be compared; two queries.

    Beside the project's own, those of files whose main question is of the same type.
    """
    asked, purposes = questions_of(project), purposes_of(project)
    found = {pk: main_question(one) for pk, one in comparable(asked, purposes).items()}
    types = {question.type for question in found.values()}
    for pk, questions in asked.items():
        if purposes[pk] == QuestionsVersion.Purpose.IMPORTED:
            question = main_question(questions)
            if not types or question.type in types:
                found[pk] = question
    return found


def drawn_items(
    machine: MachineAnnotator,
    questions: Questions,
    *,
    is_labelled: bool,
    most: int = MOST_ITEMS,
) -> Drawn:
    """Return the items that a machine has answered, and people where so; one query.

    Where people are to have answered, those that routing chose for people are left
    out: it chose them where a machine may be wrong, so they would belie all others.
    """
    with connection.cursor() as db:
        db.execute(
            _ITEMS,
            {
                "project": machine.project_id,
                "machine": machine.pk,
                "versions": list(questions),
                "labelled": is_labelled,
                "seed": str(SEED),
                "most": most,
            },
        )
        rows = db.fetchall()
    items = sorted((ItemRow(*row[:-1]) for row in rows), key=lambda one: one.number)
    return Drawn(tuple(items), rows[0][-1] if rows else 0)


def n_chosen_of(machine: MachineAnnotator) -> int:
    """Return how many labelled items `drawn_items` leaves out; one query."""
    with connection.cursor() as db:
        db.execute(_N_CHOSEN, {"project": machine.project_id, "machine": machine.pk})
        return int(db.fetchone()[0])


def labels_of(drawn: Drawn, questions: Questions) -> Labels:
    """Return what people answered blind on these items; one query.

    Of several answers by one person to one item, the last one counts.
    """
    places = {item.id: at for at, item in enumerate(drawn.items)}
    n_completions = {item.id: item.n_completions for item in drawn.items}
    people: dict[int, int] = {}
    found: dict[tuple[int, int], tuple[int, str, float]] = {}
    n_seen = 0
    for item_id, person, version, purpose, text in _rows(_ANSWERS, drawn, questions):
        if text is None:
            n_seen += 1
            continue
        question, answers = questions[version], json.loads(text)
        sign = sign_of(question, answers, n_completions[item_id])
        if sign is not None:
            index = people.setdefault(person, len(people))
            grade = grade_of(question, answers, sign)
            found[places[item_id], index] = (sign, purpose, grade)
    keys = sorted(found)
    purposes = [found[key][1] for key in keys]
    table = AnswersTable(
        np.array([item for item, _ in keys], np.int64),
        np.array([person for _, person in keys], np.int64),
        np.array([found[key][0] for key in keys], float),
        len(drawn.items),
    )
    n_main, n_imported = purposes.count("main"), purposes.count("imported")
    grades = np.array([found[key][2] for key in keys], float)
    return Labels(table, tuple(people), n_main, n_imported, n_seen, grades)


def sign_of(
    question: Question, answers: Mapping[str, Any], n_completions: int
) -> int | None:
    """Return what an answer says of the first two completions; None = nothing."""
    value = answers.get(question.name)
    return signs_of(question, value, n_completions).get((0, 1))


def grade_of(question: Question, answers: Mapping[str, Any], sign: int) -> float:
    """Return how strongly an answer prefers one of the first two, in [-1, 1].

    Of a comparison its strength, of a rating the difference of marks on the scale, as
    votes of exports are graded; anything else is as strong as it can be.
    """
    value = answers.get(question.name)
    if question.type == "comparison" and sign:
        strength = abs(value["value"]) if isinstance(value, Mapping) else 0
        return sign * strength / max(question.strength, strength, 1)
    if question.type == "rating" and sign and isinstance(value, Mapping):
        first, second = rating_means(value)[:2]
        span = question.high - question.low
        if first is not None and second is not None and span:
            return float(np.clip((first - second) / span, -1.0, 1.0))
    return float(sign)


def verdicts_of(
    machine: MachineAnnotator, drawn: Drawn, questions: Questions
) -> list[Verdict]:
    """Return what a machine says of each of these items; one query.

    Of verdicts under several versions of the questions, the newest counts.
    """
    n_completions = {item.id: item.n_completions for item in drawn.items}
    rows = _rows(_VERDICTS, drawn, questions, machine=machine.pk)
    found: dict[int, Verdict] = {}
    for item_id, of_item in groupby(rows, key=itemgetter(0)):
        stored = list(of_item)
        newest = stored[0][1]
        found[item_id] = verdict_of(
            questions[newest],
            [row[2:] for row in stored if row[1] == newest],
            n_completions[item_id],
        )
    return [found.get(item.id, Verdict()) for item in drawn.items]


def choices_of(verdicts: Sequence[Verdict]) -> Floats:
    """Return the choices of verdicts: float [n_items], NaN where there is none."""
    return np.array([one.choice for one in verdicts], float)


def length_differences(drawn: Drawn) -> Floats:
    """Return the characters of completion 0 less those of completion 1; one query."""
    places = {item.id: at for at, item in enumerate(drawn.items)}
    lengths = np.full((2, len(drawn.items)), np.nan)
    for item_id, index, n_characters in _rows(_LENGTHS, drawn, {}):
        lengths[index, places[item_id]] = n_characters
    return np.asarray(lengths[0] - lengths[1])


def _rows(
    statement: str, drawn: Drawn, questions: Questions, **more: int
) -> Iterator[Any]:
    parameters: dict[str, Any] = {
        "items": drawn.ids,
        "versions": list(questions),
    } | more
    with connection.cursor() as db:
        db.execute(statement, parameters)
        while batch := db.fetchmany(BATCH):
            yield from batch
