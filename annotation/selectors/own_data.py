"""What is held about one participant, for that participant alone: overview, download.

Nothing here tells which model wrote a completion or which items are gold, since the
person may still be at work. The download is written in batches, so it takes constant
memory and holds no transaction however much somebody has answered.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, Q, QuerySet

from annotation.answers import Question, parse_questions, to_presented
from annotation.countries import country_words
from annotation.models import (
    Annotation,
    Assignment,
    Comment,
    ConsentRecord,
    Event,
    ExternalIdentity,
    Flag,
    Item,
    Participant,
    PastSurveyAnswer,
    SurveyAnswer,
)
from annotation.selectors.own_work import GIST_CHARS
from annotation.words import gettext as _
from annotation.words import gettext_noop

FORMAT, VERSION = "polyphony-own-data", 1
BATCH = 500
SHOWN = 50
# What its person takes for any other item, and must while they are at work.
SILENT = ("monitoring", "attention", "mirror")
STATES = {
    "prefer_not": gettext_noop("preferred not to say"),
    "skipped": gettext_noop("left open"),
    "not_shown": gettext_noop("not asked"),
    "not_applicable": gettext_noop("does not apply"),
}
ANSWERED = (Assignment.State.SUBMITTED, Assignment.State.SURPLUS)
HELD = (
    Assignment.State.OPEN,
    Assignment.State.QUEUED,
    Assignment.State.RESERVED,
)


@dataclass(frozen=True)
class Told:
    """One answer of the profile, in words; `sensitivity` as the survey says."""

    title: str
    state: str
    words: str
    sensitivity: str


@dataclass(frozen=True)
class Line:
    """A draft, skip or flag: the item's prompt, and what was done in words."""

    gist: str
    words: str
    at: datetime | None


@dataclass(frozen=True)
class OwnData:
    """What the page shows; the newest SHOWN drafts, skips and flags are `lines`."""

    consents: tuple[ConsentRecord, ...]
    profile: tuple[Told, ...]
    provider: str
    n_answers: int
    n_held: int
    n_drafts: int
    n_skipped: int
    n_flags: int
    lines: tuple[Line, ...]


def own_data(participant: Participant) -> OwnData:
    """Return what is held about a participant; nine queries."""
    own = Assignment.objects.filter(participant=participant)
    counts = own.aggregate(
        n_answers=Count("id", filter=Q(annotation__isnull=False)),
        n_held=Count("id", filter=Q(state__in=HELD)),
        n_skipped=Count("id", filter=Q(state=Assignment.State.SKIPPED)),
    )
    drafts = own.filter(draft__isnull=False)
    flags = Flag.objects.filter(participant=participant)
    identity = ExternalIdentity.objects.filter(participant=participant).first()
    return OwnData(
        consents=tuple(_consents(participant)),
        profile=tuple(_told(answer) for answer in _profile(participant)),
        provider=identity.provider if identity else "",
        n_drafts=drafts.count(),
        n_flags=flags.count(),
        lines=tuple(_lines(own, drafts, flags)),
        **counts,
    )


def _lines(
    own: QuerySet[Assignment], drafts: QuerySet[Assignment], flags: QuerySet[Flag]
) -> Iterator[Line]:
    drafts = drafts.select_related("item", "draft").order_by("-draft__updated_at")
    for one in drafts[:SHOWN]:
        yield Line(_gist(one.item), "draft", one.draft.updated_at)
    skips = own.filter(state=Assignment.State.SKIPPED).select_related("item")
    for one in skips.order_by("-finished_at")[:SHOWN]:
        words = (
            _("skipped: {skip_reason}").format(skip_reason=_(one.skip_reason))
            if one.skip_reason
            else _("skipped")
        )
        yield Line(_gist(one.item), words, one.finished_at)
    for flag in flags.select_related("item").order_by("-id")[:SHOWN]:
        words = ". ".join(filter(None, (flag.get_kind_display(), flag.note)))
        yield Line(
            _gist(flag.item), _("flagged: {words}").format(words=words), flag.created_at
        )


def _gist(item: Item) -> str:
    return str(item.messages[-1]["content"])[:GIST_CHARS] if item.messages else ""


def _consents(participant: Participant) -> Sequence[ConsentRecord]:
    """Return everything a participant ever said on consent, newest first."""
    found = ConsentRecord.objects.filter(participant=participant)
    return list(found.select_related("document").order_by("-id"))


def _profile(participant: Participant) -> Sequence[SurveyAnswer]:
    found = SurveyAnswer.objects.filter(participant=participant)
    return list(found.select_related("version").order_by("version__number", "id"))


def _asked(answer: SurveyAnswer | PastSurveyAnswer) -> Mapping[str, Any]:
    """Return the question of a profile answer, as its version asked it."""
    questions = {str(q.get("name")): q for q in answer.version.questions}
    found: Mapping[str, Any] = questions.get(answer.question, {})
    return found


def _told(answer: SurveyAnswer) -> Told:
    asked, value = _asked(answer), answer.value
    words = ", ".join(map(str, value)) if isinstance(value, list) else value
    if asked.get("type") == "country" and value:
        words = country_words(str(value))
    return Told(
        title=str(asked.get("title") or answer.question),
        state=_(STATES.get(answer.state, "")),
        words="" if words is None else str(words),
        sensitivity=str(asked.get("sensitivity") or ""),
    )


# --- the download -------------------------------------------------------------------


def own_data_json(participant: Participant) -> Iterator[bytes]:
    """Yield one JSON document with everything that is held about a participant.

    Five queries, and four for each 500 assignments.
    """
    head = _dump(_head(participant)).removesuffix("}")
    yield f'{head},"assignments":['.encode()
    comma = ""
    for batch in _batches(participant):
        lines = ",\n".join(_dump(entry) for entry in batch)
        yield f"{comma}\n{lines}".encode()
        comma = ","
    yield b"\n]}\n"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)


def _head(participant: Participant) -> dict[str, Any]:
    user, project = participant.user, participant.project
    identity = ExternalIdentity.objects.filter(participant=participant).first()
    return {
        "format": FORMAT,
        "version": VERSION,
        "project": {"name": project.name, "slug": project.slug},
        "log_in": {"name": user.username, "email": user.email} if user else None,
        "pseudonym": participant.pseudonym,
        "since": participant.created_at,
        "external_id": _("an id from {provider}").format(provider=identity.provider)
        if identity
        else None,
        "imported_profile": participant.imported_profile,
        "consents": [_consent(one) for one in _consents(participant)],
        "profile": [_profile_entry(one) for one in _profile(participant)],
        "past_profile": [
            _profile_entry(one) | {"given_at": one.given_at}
            for one in PastSurveyAnswer.objects.filter(participant=participant)
            .select_related("version")
            .order_by("id")
        ],
        "flags": list(
            Flag.objects.filter(participant=participant)
            .order_by("id")
            .values("created_at", "item__public_id", "kind", "note", "resolved_at")
        ),
        "derived": list(
            participant.derived_attributes.order_by("id").values(
                "created_at", "question", "level", "value", "is_current"
            )
        ),
        "comments": list(
            Comment.objects.filter(thread__participant=participant)
            .order_by("thread", "number")
            .values("created_at", "thread__item__public_id", "role", "text")
        ),
        "qualification": list(
            participant.qualification_attempts.order_by("id").values(
                "created_at", "number", "n_asked", "n_correct", "is_passed"
            )
        ),
        "standing": list(
            participant.standing_changes.order_by("id").values(
                "created_at", "standing", "reason"
            )
        ),
        "events": list(
            Event.objects.filter(
                project=project, data__participant=participant.pk
            ).values("at", "kind")
        ),
    }


def _consent(one: ConsentRecord) -> dict[str, Any]:
    document = one.document
    return {
        "at": one.created_at,
        "is_withdrawal": one.withdrawn_at is not None,
        "agreed_to": one.granted,
        "consent_version": document.number,
        "sha256": document.sha256,
        "text": document.text,
        "scopes": document.scopes,
        "on_withdrawal": document.on_withdrawal,
    }


def _profile_entry(one: SurveyAnswer | PastSurveyAnswer) -> dict[str, Any]:
    asked = _asked(one)
    return {
        "at": one.created_at,
        "survey_version": one.version.number,
        "question": one.question,
        "title": asked.get("title"),
        "sensitivity": asked.get("sensitivity"),
        "state": one.state,
        "value": one.value,
        "order_shown": one.order_shown,
    }


def _batches(participant: Participant) -> Iterator[list[dict[str, Any]]]:
    """Yield assignments oldest first, by keyset over the primary key."""
    questions: dict[int, tuple[Question, ...]] = {}
    last = 0
    while True:
        rows = list(
            Assignment.objects.filter(participant=participant, pk__gt=last)
            .select_related("draft", "questions_version", "guidelines_version")
            .order_by("pk")[:BATCH]
        )
        if not rows:
            return
        last = rows[-1].pk
        for row in rows:
            version = row.questions_version
            if version.pk not in questions:
                questions[version.pk] = parse_questions(version.questions)
        yield _entries(rows, questions)


def _entries(
    rows: Sequence[Assignment], questions: Mapping[int, tuple[Question, ...]]
) -> list[dict[str, Any]]:
    items = Item.objects.in_bulk([row.item_id for row in rows])
    answers: dict[int, list[Annotation]] = {row.pk: [] for row in rows}
    for one in Annotation.objects.filter(assignment__in=rows).order_by("id"):
        answers[one.assignment_id].append(one)
    return [
        _entry(
            row,
            items[row.item_id],
            answers[row.pk],
            questions[row.questions_version_id],
        )
        for row in rows
    ]


def _entry(
    row: Assignment,
    item: Item,
    answers: Sequence[Annotation],
    questions: tuple[Question, ...],
) -> dict[str, Any]:
    guidelines = row.guidelines_version
    draft = getattr(row, "draft", None)
    return {
        "id": row.public_id,
        "item": item.public_id,
        "prompt": _gist(item),
        "purpose": "main" if row.purpose in SILENT else row.purpose,
        "state": row.state,
        "lent_at": row.created_at,
        "shown_at": row.shown_at,
        "finished_at": row.finished_at,
        "lease_until": row.lease_until,
        "order_shown": row.order,
        "layout": row.layout,
        "view": row.view,
        "is_suggestion_visible": row.is_suggestion_visible,
        "questions_version": row.questions_version.number,
        "guidelines_version": guidelines.number if guidelines else None,
        "skip_reason": row.skip_reason,
        "draft": draft and {"answers": draft.answers, "saved_at": draft.updated_at},
        "answers": [_answer(row, one, questions) for one in answers],
    }


def _answer(
    row: Assignment, one: Annotation, questions: tuple[Question, ...]
) -> dict[str, Any]:
    return {
        "id": one.public_id,
        "at": one.created_at,
        "is_current": one.pk == row.annotation_id,
        "is_retraction": one.is_retraction,
        "answers_as_shown": to_presented(questions, one.answers, row.order or []),
        "came_by": one.source,
        "active_ms": one.active_ms,
        "total_ms": one.total_ms,
        "reading_ms": one.reading_ms,
        "metadata": one.metadata,
    }
