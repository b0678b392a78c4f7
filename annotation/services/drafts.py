"""Step annotate: keep unfinished answers, and notice a second tab."""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from annotation.answers import Answers
from annotation.errors import ConflictError, InvalidError
from annotation.models import Assignment, Draft, Participant
from annotation.services.pairings import refuse_unshown, revive
from annotation.times import clipped
from annotation.words import gettext as _

State = Assignment.State
MAX_DRAFT_BYTES = 1_000_000
# An escape after an even number of backslashes; after an odd one it is plain text.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True)
class SavedDraft:
    """What a tab must remember to save again."""

    assignment: uuid.UUID
    revision: int


def save_draft(
    *,
    assignment: Assignment,
    answers: Answers,
    revision: int,
    active_ms: int = 0,
    reading_ms: Sequence[float] | None = None,
    tab: str = "",
) -> SavedDraft:
    """Store the draft if nobody saved a newer one; `revision` 0 = none seen yet.

    The presented order is kept as it is: an assignment's order never changes.

    Raises
    ------
    ConflictError
        "stale" with the newer draft, so that the person can choose between the two;
        "not_yet" where it is reserved for later and was never shown.
    """
    body = _json(answers)
    with connection.cursor() as db:
        # The conditional upsert decides between two tabs that save at once.
        db.execute(
            "INSERT INTO draft AS d (assignment_id, answers, active_ms, reading_ms,"
            " revision, tab, updated_at) SELECT a.id, %(answers)s::jsonb, %(ms)s,"
            " %(reading)s::bigint[], 1, %(tab)s, now()"
            # Waits for an answer on its way, which leaves no draft behind.
            " FROM assignment a WHERE a.id = %(id)s"
            " AND a.state NOT IN ('submitted', 'surplus', 'withdrawn')"
            " AND (a.state <> 'reserved' OR a.shown_at IS NOT NULL OR EXISTS ("
            "  SELECT 1 FROM draft o WHERE o.assignment_id = a.id)) FOR SHARE OF a"
            " ON CONFLICT (assignment_id) DO UPDATE SET answers = EXCLUDED.answers,"
            " active_ms = EXCLUDED.active_ms, reading_ms = EXCLUDED.reading_ms,"
            " revision = d.revision + 1,"
            " tab = EXCLUDED.tab, updated_at = now()"
            " WHERE d.revision = %(revision)s OR d.tab = %(tab)s"
            " RETURNING revision",
            {
                "id": assignment.pk,
                "answers": body,
                "ms": clipped(active_ms),
                "reading": [clipped(ms) for ms in reading_ms] if reading_ms else None,
                "tab": tab[:40],
                "revision": revision,
            },
        )
        row: Any = db.fetchone()
    if row is None:
        refuse_unshown(assignment.pk)
        newer = Draft.objects.filter(assignment_id=assignment.pk).first()
        if newer is None or not _is_open(assignment):
            raise ConflictError(_("This item is submitted already."), code="submitted")
        raise ConflictError(
            _("Another tab saved something newer for this item."),
            code="stale",
            revision=newer.revision,
            answers=newer.answers,
        )
    return _saved(assignment, int(row[0]))


def _saved(assignment: Assignment, revision: int) -> SavedDraft:
    """Return what to remember; a first draft of what was lost is found by a claim."""
    is_lost = assignment.state in (State.EXPIRED, State.RELEASED)
    if is_lost and revision == 1 and assignment.project.protocol_rules:
        with transaction.atomic():
            Participant.objects.select_for_update(no_key=True).get(
                pk=assignment.participant_id
            )
            revive(assignment=assignment)
    return SavedDraft(assignment.public_id, revision)


def _json(answers: Answers) -> str:
    try:
        body = json.dumps(answers, allow_nan=False)
    except ValueError as error:
        raise InvalidError(_("A number of this draft is not finite.")) from error
    if _NUL.search(body):
        raise InvalidError(_("This draft contains a NUL character. Remove it."))
    if len(body) > MAX_DRAFT_BYTES:
        raise InvalidError(_("This draft is larger than 1 MB. Shorten the text."))
    return body


def _is_open(assignment: Assignment) -> bool:
    done = (Assignment.State.SUBMITTED, Assignment.State.SURPLUS)
    return Assignment.objects.filter(pk=assignment.pk).exclude(state__in=done).exists()
