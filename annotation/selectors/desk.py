"""What an annotator sees of an assignment: texts in the presented order, no names.

The hot path of `next`: one statement and one request to the cache.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.cache import cache
from django.db import connection

from annotation.answers import Question, letter, questions_from
from annotation.models import Assignment, Project
from annotation.rendering import beginning
from annotation.selectors.suggestions import Suggestion
from annotation.selectors.suggestions import as_json as suggestion_json
from annotation.selectors.texts import Alignment, alignments, rendered
from annotation.spans import has_spans

LEFT_CACHE_S = 15
LEFT_CACHED_FROM = 500
LEFT_BOUND = 10_000
# The line of a ranking's grip is cut to its width on the screen.
GIST_CHARS = 90


@dataclass(frozen=True)
class DeskText:
    """One message of the prompt."""

    role: str
    text: str
    html: str


@dataclass(frozen=True)
class DeskCompletion:
    """One answer as it is shown: place 0 is A. The model's name is not here.

    `alignment` is there only where words may be marked.
    """

    place: int
    letter: str
    text: str
    html: str
    alignment: Alignment | None = None

    @property
    def gist(self) -> str:
        """Return how it begins, in plain words; made where a page asks for it."""
        return beginning(self.html, GIST_CHARS)


@dataclass(frozen=True)
class DeskDraft:
    """Answers saved before, in the presented order."""

    answers: dict[str, Any]
    revision: int
    active_ms: int
    reading_ms: list[int] | None


@dataclass(frozen=True)
class DeskProgress:
    """Own answers so far, and items with a free place (at most LEFT_BOUND)."""

    n_done: int
    n_left: int

    @property
    def n_total(self) -> int:
        """Return the length of the progress bar."""
        return self.n_done + self.n_left

    @property
    def percent(self) -> int:
        """Return the share done, in whole percent."""
        return round(100 * self.n_done / self.n_total) if self.n_total else 0


@dataclass(frozen=True)
class Desk:
    """Everything that the annotate page shows of one assignment.

    `stage`: "training", "qualification" or "second_protocol", which are told; "" for
    all else. `suggestion` is what may be seen of a machine's verdict now, set by
    services.suggestions. `may_reveal`: the project reveals some after the first answer,
    whatever it does with this item.
    """

    id: uuid.UUID
    state: str
    lease_until: datetime | None
    lease_s: int
    language: str
    messages: tuple[DeskText, ...]
    completions: tuple[DeskCompletion, ...]
    questions: tuple[Question, ...]
    questions_number: int
    guidelines_number: int | None
    draft: DeskDraft | None
    progress: DeskProgress
    stage: str = ""
    suggestion: Suggestion | None = None
    may_reveal: bool = False


_DESK = """
    SELECT a.state, a.lease_until, i.messages::text, i.language, q.questions::text,
        q.number, g.number, d.answers::text, d.revision, d.active_ms, p.n_done,
        (SELECT array_agg(c.text ORDER BY c.index) FROM completion c
          WHERE c.item_id = i.id), d.reading_ms,
        CASE WHEN a.purpose IN ('training', 'qualification', 'second_protocol')
          THEN a.purpose ELSE '' END
    FROM assignment a
    JOIN item i ON i.id = a.item_id
    JOIN participant p ON p.id = a.participant_id
    JOIN questions_version q ON q.id = a.questions_version_id
    LEFT JOIN guidelines_version g ON g.id = a.guidelines_version_id
    LEFT JOIN draft d ON d.assignment_id = a.id
    WHERE a.id = %s
"""


def desk(assignment: Assignment, project: Project) -> Desk:
    """Return what the annotator sees; one query and two cache requests.

    Two requests more where the questions ask for marked words.
    """
    with connection.cursor() as db:
        db.execute(_DESK, [assignment.pk])
        row = db.fetchone()
    messages = json.loads(row[2])
    texts: list[str] = row[11]
    order = assignment.order or list(range(len(texts)))
    html = rendered([*(m["content"] for m in messages), *texts])
    questions = questions_from(row[4])
    return Desk(
        id=assignment.public_id,
        state=row[0],
        lease_until=row[1],
        lease_s=project.lease_s,
        language=row[3],
        messages=tuple(
            DeskText(m["role"], m["content"], html[i]) for i, m in enumerate(messages)
        ),
        completions=_completions(
            texts, html[len(messages) :], order, is_marked=has_spans(questions)
        ),
        questions=questions,
        questions_number=row[5],
        guidelines_number=row[6],
        draft=DeskDraft(json.loads(row[7]), row[8], row[9], row[12])
        if row[7]
        else None,
        progress=DeskProgress(row[10], n_left(project)),
        stage=row[13],
    )


def _completions(
    texts: Sequence[str], html: Sequence[str], order: Sequence[int], *, is_marked: bool
) -> tuple[DeskCompletion, ...]:
    places = alignments(texts, html) if is_marked else [None] * len(texts)
    return tuple(
        DeskCompletion(place, letter(place), texts[index], html[index], places[index])
        for place, index in enumerate(order)
    )


def n_left(project: Project) -> int:
    """Return how many items have a free place; one query, none while the cache knows.

    Counts at most LEFT_BOUND entries of the partial index, so the cost is bounded; a
    small pool is counted anew each time. See `veiled` for projects with checks.
    """
    key = f"left:{project.pk}"
    known = cache.get(key)
    if known is not None:
        return veiled(project, int(known))
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM frontier WHERE project_id = %s"
            " AND n_taken < target LIMIT %s) free",
            [project.pk, LEFT_BOUND],
        )
        number = int(db.fetchone()[0])
    if number > LEFT_CACHED_FROM:
        cache.set(key, number, LEFT_CACHE_S)
    return veiled(project, number)


def veiled(project: Project, n_items: int) -> int:
    """Return a number of items left that gives no check away.

    An item of the pool makes it one fewer and a check does not; so where there may be
    checks, it is rounded up to a ten.
    """
    return -(-n_items // 10) * 10 if project.check_rules else n_items


@lru_cache(maxsize=512)
def _questions_json(questions: tuple[Question, ...]) -> list[dict[str, Any]]:
    return [asdict(question) for question in questions]


def as_json(shown: Desk) -> dict[str, Any]:
    """Return the desk as the API sends it."""
    return {
        "assignment": {
            "id": str(shown.id),
            "state": shown.state,
            "stage": shown.stage,
            "lease_until": shown.lease_until and shown.lease_until.isoformat(),
            "lease_s": shown.lease_s,
            "questions_version": shown.questions_number,
            "guidelines_version": shown.guidelines_number,
        },
        "item": {
            "language": shown.language,
            "messages": [
                {"role": m.role, "content": m.text, "html": m.html}
                for m in shown.messages
            ],
        },
        "completions": [
            {"place": c.place, "letter": c.letter, "text": c.text, "html": c.html}
            for c in shown.completions
        ],
        "suggestion": suggestion_json(shown.suggestion),
        "questions": _questions_json(shown.questions),
        "draft": shown.draft and asdict(shown.draft),
        "progress": {
            "n_done": shown.progress.n_done,
            "n_left": shown.progress.n_left,
        },
    }
