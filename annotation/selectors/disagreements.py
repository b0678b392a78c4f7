"""The disagreement browser: items by how much their answers disagree.

The worker's narrow table is read along its index; what is shown says as of when.
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db import connection

from annotation.agreement.disagreement import MEASURES
from annotation.answers import Question, main_question, parse_questions
from annotation.models import DisagreementRun, Item, ItemDisagreement, Project
from annotation.words import gettext as _

PAGE = 50
GIST_CHARS = 160
COUNT_BOUND = 10_000
MAX_CHARS = 200
SETTLING = ("open", "settled")


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty parts do not narrow the list, but `question` is one.

    `question`: "" for the main one. `kind`: side or taste. `settling`: open or settled.
    """

    question: str = ""
    kind: str = ""
    settling: str = ""
    category: str = ""

    @property
    def parts(self) -> dict[str, str]:
        """Return the parts that are set, as an address has them."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_parts(cls, parts: Mapping[str, str]) -> "Wanted":
        """Read an address; what is unknown narrows nothing."""
        texts = {
            name: parts.get(name, "").replace("\x00", "").strip()[:MAX_CHARS]
            for name in ("question", "category")
        }
        known = {"kind": ItemDisagreement.Kind.values, "settling": SETTLING}
        choices = {
            name: parts.get(name, "") if parts.get(name) in values else ""
            for name, values in known.items()
        }
        return cls(**choices, **texts)


class Line(NamedTuple):
    """An item of the list; `value` in (0, 1], `kind` side or taste."""

    id: int
    public_id: uuid.UUID
    number: int
    external_id: str
    gist: str
    category: str
    value: float
    kind: str
    n_answers: int
    is_settled: bool

    @property
    def name(self) -> str:
        """Return what the item is called."""
        return self.external_id or _("Item {number}").format(number=self.number)

    @property
    def kind_words(self) -> str:
        """Say in which way people disagree."""
        return _("the side") if self.kind == "side" else _("the strength")


@dataclass(frozen=True)
class DisagreementPage:
    """One page of the list, most disagreement first; `n` counts up to COUNT_BOUND."""

    lines: tuple[Line, ...]
    n: int
    is_more: bool
    number: int


@dataclass(frozen=True)
class Place:
    """Where one item stands in the list: its line and the items beside it."""

    line: Line | None
    previous: uuid.UUID | None
    next: uuid.UUID | None


# The last decision on an item holds, and a reopening is none.
_SETTLED = """
    COALESCE((SELECT NOT z.is_reopening FROM adjudication z WHERE z.item_id = i.id
        ORDER BY z.number DESC LIMIT 1), false)
"""
# What is excluded from the work is nobody's to read and settle.
_FROM = f"""
    FROM item_disagreement d JOIN item i ON i.id = d.item_id
    JOIN frontier f ON f.item_id = i.id AND NOT f.is_excluded
    WHERE d.project_id = %(project)s AND d.question = %(question)s
      AND (%(kind)s = '' OR d.kind = %(kind)s)
      AND (%(settling)s = '' OR {_SETTLED} = (%(settling)s = 'settled'))
      AND (%(category)s = '' OR i.category = %(category)s)
"""
_LINES = f"""
    SELECT i.id, i.public_id, i.number, i.external_id,
        left(i.messages -> -1 ->> 'content', %(gist)s), i.category, d.value, d.kind,
        d.n_answers, {_SETTLED}
    {_FROM} {{more}}
    ORDER BY {{order}} LIMIT %(limit)s OFFSET %(offset)s
"""
_COUNT = f"""
    SELECT count(*) FROM (SELECT 1 {_FROM} LIMIT {COUNT_BOUND}) found
"""  # noqa: S608 - our own words
_DOWN = "d.value DESC, d.item_id"
_UP = "d.value, d.item_id DESC"
_PAST = "AND (d.value < %(value)s OR (d.value = %(value)s AND d.item_id > %(item)s))"
_BEFORE = "AND (d.value > %(value)s OR (d.value = %(value)s AND d.item_id < %(item)s))"


def measured_questions(project: Project) -> tuple[Question, ...]:
    """Return the project's questions on which disagreement is measured; one query."""
    version = project.current_questions()
    asked = parse_questions(version.questions) if version else ()
    return tuple(question for question in asked if question.type in MEASURES)


def question_of(questions: tuple[Question, ...], wanted: Wanted) -> str:
    """Return the name of the question that is looked at: the named or main one."""
    if wanted.question or not questions:
        return wanted.question
    return main_question(questions).name


def last_run(project: Project) -> DisagreementRun | None:
    """Return when and over how many items it was measured; one query."""
    return DisagreementRun.objects.filter(project=project).first()


def disagreement_page(
    project: Project, wanted: Wanted, question: str, number: int
) -> DisagreementPage:
    """Return a page of the list, counted from 1; two queries."""
    number = min(max(number, 1), COUNT_BOUND // PAGE)
    values = {"limit": PAGE + 1, "offset": PAGE * (number - 1)}
    found = _lines(project, wanted, question, "", _DOWN, values)
    with connection.cursor() as db:
        db.execute(_COUNT, _parameters(project, wanted, question))
        (n,) = db.fetchone()
    return DisagreementPage(tuple(found[:PAGE]), n, len(found) > PAGE, number)


def _parameters(project: Project, wanted: Wanted, question: str) -> dict[str, Any]:
    return {
        "project": project.pk,
        "question": question,
        "kind": wanted.kind,
        "settling": wanted.settling,
        "category": wanted.category,
    }


def place_of(project: Project, wanted: Wanted, question: str, item: Item) -> Place:
    """Return where an item stands under a filter; at most four queries.

    An item that is not in the list, or not any more, leads to its beginning.
    """
    one = {"limit": 1, "offset": 0}
    own = _lines(
        project,
        wanted,
        question,
        "AND d.item_id = %(item)s",
        _DOWN,
        {**one, "item": item.pk},
    )
    if not own:
        first = _lines(project, wanted, question, "", _DOWN, one)
        return Place(None, None, first[0].public_id if first else None)
    at = {**one, "item": item.pk, "value": own[0].value}
    after = _lines(project, wanted, question, _PAST, _DOWN, at)
    before = _lines(project, wanted, question, _BEFORE, _UP, at)
    return Place(
        own[0],
        before[0].public_id if before else None,
        after[0].public_id if after else None,
    )


def _lines(
    project: Project,
    wanted: Wanted,
    question: str,
    more: str,
    order: str,
    values: Mapping[str, Any],
) -> list[Line]:
    parameters = {
        **_parameters(project, wanted, question),
        "gist": GIST_CHARS,
        **values,
    }
    with connection.cursor() as db:
        db.execute(_LINES.format(more=more, order=order), parameters)
        return [Line(*row) for row in db.fetchall()]
