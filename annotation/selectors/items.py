"""The item browser: one page of items with filters, at a cost that stays bounded.

Pages follow the item's number, so turning a page never counts or skips rows. A filter
that no index serves looks at windows of items, and says where it stopped.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy

from annotation.answers import Question, main_question
from annotation.models import CheckItem, Project, Route
from annotation.selectors.choices import questions_of
from annotation.selectors.item_filters import Conditions, ItemFilter, conditions
from annotation.verdicts import choice, lean, verdict_words
from annotation.words import gettext as _

PAGE = 50
# So many items are looked at in turn, until a page is full.
WINDOWS = (2_000, 10_000, 30_000)
MAX_MARKS = 12
GIST_CHARS = 160
LAST = 2**31 - 1
CHECK_WORDS = {
    **dict(CheckItem.Use.choices),
    "retired": gettext_lazy("Ended check"),
}

# What a person who annotates must never learn; only managers see these rows.
PART_WORDS = {
    "seed": gettext_lazy("Seed"),
    "audit": gettext_lazy("Audit"),
    "reserve": gettext_lazy("Reserve"),
    "chosen": gettext_lazy("Chosen"),
}


@dataclass(frozen=True)
class Verdict:
    """One answer as a mark: its place between A and B, or only its words."""

    at: float | None
    words: str
    choice: str


@dataclass(frozen=True)
class ItemRow:
    """One line of the browser."""

    id: int
    number: int
    public_id: uuid.UUID
    external_id: str
    gist: str
    category: str
    n_counted: int
    target: int
    is_excluded: bool
    left_to: str
    n_flags: int
    check: str
    is_in_pool: bool
    part: str
    human: tuple[Verdict, ...] = ()
    machine: tuple[Verdict, ...] = ()

    @property
    def name(self) -> str:
        """Return what the item is called."""
        return self.external_id or _("Item {number}").format(number=self.number)

    @property
    def check_words(self) -> str:
        """Return what the item is a check for, empty where it is none."""
        return str(CHECK_WORDS.get(self.check, ""))

    @property
    def part_words(self) -> str:
        """Return for what a policy gave the item to people, empty where none did."""
        return str(PART_WORDS.get(self.part, ""))

    @property
    def is_finished(self) -> bool:
        """Tell whether the item has all the answers that it wants."""
        return (
            self.is_in_pool
            and self.n_counted >= self.target
            and not (self.is_excluded or self.left_to)
        )

    @property
    def is_lined(self) -> bool:
        """Tell whether the verdicts lie on a line between A and B."""
        return any(mark.at is not None for mark in (*self.human, *self.machine))

    @property
    def spoken(self) -> str:
        """Return the verdicts in words, for those who do not see the line."""
        people = "; ".join(mark.words for mark in self.human) or _("none")
        machines = "; ".join(mark.words for mark in self.machine) or _("none")
        return _("People: {people}. AI: {machines}.").format(
            people=people, machines=machines
        )


@dataclass(frozen=True)
class ItemPage:
    """Rows in ascending order and where to go on.

    `after`, `before`: edges of the next and the previous page, None at an end.
    `stopped_at`: the last number looked at, where a search ended before the pool did.
    """

    rows: tuple[ItemRow, ...]
    after: int | None = None
    before: int | None = None
    stopped_at: int | None = None

    @property
    def is_lined(self) -> bool:
        """Tell whether a verdict lies on a line between A and B."""
        return any(row.is_lined for row in self.rows)


def item_page(
    project: Project, wanted: ItemFilter, *, after: int = 0, before: int | None = None
) -> ItemPage:
    """Return the items numbered past `after`, or the last ones ahead of `before`.

    Four to nine queries: the questions, an item of that very id, the bound of the
    filter, the rows (up to three windows, and the last number), and the verdicts of
    people and of machines.
    """
    questions = questions_of(project)
    filtered = conditions(project, wanted, questions)
    if before is not None:
        found, stopped_at = _search(filtered, before, is_back=True)
    else:
        found, stopped_at = _search(filtered, after, is_back=False)
    is_more = len(found) > PAGE
    rows = found[:PAGE]
    if before is not None:
        rows.reverse()
    onward = stopped_at
    if is_more:
        onward = rows[0].number if before is not None else rows[-1].number
    return ItemPage(
        rows=_with_verdicts(rows, questions),
        after=onward if before is None else before - 1,
        before=onward if before is not None else after + 1 if after > 0 else None,
        stopped_at=None if is_more else stopped_at,
    )


def is_routed(project: Project) -> bool:
    """Tell whether something was ever decided on where labels come from; one query."""
    return Route.objects.filter(project=project).exists()


_ROWS = """
    SELECT i.id, i.number, i.public_id, i.external_id,
        left(i.messages -> -1 ->> 'content', %(gist)s), i.category,
        f.n_counted, f.target, f.is_excluded,
        CASE WHEN f.is_routed_away THEN COALESCE(
          (SELECT r.source FROM route r WHERE r.item_id = i.id), 'ai') ELSE '' END,
        (SELECT count(*) FROM flag
          WHERE flag.item_id = i.id AND flag.resolved_at IS NULL),
        CASE WHEN c.is_retired THEN 'retired' ELSE COALESCE(c.use, '') END,
        COALESCE(c.is_in_pool, true),
        CASE WHEN f.is_routed_away THEN '' ELSE COALESCE(
          (SELECT r.part FROM route r WHERE r.item_id = i.id), '') END
    FROM item i JOIN frontier f ON f.item_id = i.id
    LEFT JOIN check_item c ON c.item_id = i.id
    WHERE i.number BETWEEN %(low)s AND %(high)s AND {where}
    ORDER BY i.number {direction} LIMIT %(limit)s
"""


def _search(
    filtered: Conditions, edge: int, *, is_back: bool
) -> tuple[list[ItemRow], int | None]:
    """Return up to PAGE + 1 rows, and the number at which the search gave up."""
    if filtered.is_indexed:
        bounds = (1, edge - 1) if is_back else (edge + 1, LAST)
        return _rows(filtered, bounds, PAGE + 1, is_back), None
    end = 1 if is_back else _last_number(filtered)
    found: list[ItemRow] = []
    for window in WINDOWS:
        bounds = (edge - window, edge - 1) if is_back else (edge + 1, edge + window)
        found += _rows(filtered, bounds, PAGE + 1 - len(found), is_back)
        edge = bounds[0] if is_back else bounds[1]
        is_through = edge <= end if is_back else edge >= end
        if is_through or len(found) > PAGE:
            return found, None
    return found, edge


def _rows(
    filtered: Conditions, bounds: tuple[int, int], limit: int, is_back: bool
) -> list[ItemRow]:
    statement = _ROWS.format(where=filtered.sql, direction="DESC" if is_back else "ASC")
    parameters = {
        **filtered.parameters,
        "gist": GIST_CHARS,
        "low": bounds[0],
        "high": bounds[1],
        "limit": limit,
    }
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return [ItemRow(*row) for row in db.fetchall()]


def _last_number(filtered: Conditions) -> int:
    with connection.cursor() as db:
        db.execute(
            "SELECT COALESCE(max(number), 0) FROM item WHERE project_id = %s",
            [filtered.parameters["project"]],
        )
        return int(db.fetchone()[0])


_HUMAN = """
    SELECT wanted.id, one.questions_version_id, one.answers
    FROM unnest(%s::bigint[]) AS wanted(id) CROSS JOIN LATERAL (
        SELECT a.questions_version_id, n.answers::text AS answers
        FROM assignment a JOIN annotation n ON n.id = a.annotation_id
        WHERE a.item_id = wanted.id AND a.state IN ('submitted', 'surplus')
          AND a.purpose IN ('main', 'imported')
        ORDER BY a.id LIMIT %s) AS one
"""
_MACHINE = """
    SELECT wanted.id, one.questions_version_id, one.answers
    FROM unnest(%s::bigint[]) AS wanted(id) CROSS JOIN LATERAL (
        SELECT p.questions_version_id, p.answers::text AS answers
        FROM pre_annotation p WHERE p.item_id = wanted.id AND p.status = 'ok'
        ORDER BY p.id LIMIT %s) AS one
"""


def _with_verdicts(
    rows: Sequence[ItemRow], questions: Mapping[int, tuple[Question, ...]]
) -> tuple[ItemRow, ...]:
    ids = [row.id for row in rows]
    human = _verdicts(_HUMAN, ids, questions)
    machine = _verdicts(_MACHINE, ids, questions)
    return tuple(
        replace(
            row,
            human=tuple(human.get(row.id, ())),
            machine=tuple(machine.get(row.id, ())),
        )
        for row in rows
    )


def _verdicts(
    statement: str, ids: list[int], questions: Mapping[int, tuple[Question, ...]]
) -> dict[int, list[Verdict]]:
    found: dict[int, list[Verdict]] = {}
    with connection.cursor() as db:
        db.execute(statement, [ids, MAX_MARKS])
        for item_id, version, answers in db.fetchall():
            mark = verdict(questions[version], json.loads(answers))
            found.setdefault(item_id, []).append(mark)
    return found


def verdict(questions: Sequence[Question], answers: Mapping[str, Any]) -> Verdict:
    """Return the answer to the main question as a mark."""
    question = main_question(questions)
    value = answers.get(question.name)
    return Verdict(
        at=lean(question, value),
        words=verdict_words(question, value) or _("No answer"),
        choice=choice(question, value),
    )
