"""What is held about one participant, as their own page shows it.

All of it, and not the newest alone, is in the copy: see selectors.own_copy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from annotation.countries import country_words
from annotation.models import (
    Assignment,
    Comment,
    ConsentRecord,
    ExternalIdentity,
    Flag,
    Item,
    Participant,
    PastSurveyAnswer,
    SurveyAnswer,
)
from annotation.selectors.own_work import GIST_CHARS
from annotation.selectors.pay import OwnPay, own_pay
from annotation.words import gettext as _
from annotation.words import gettext_noop

SHOWN = 50
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
    """What the page shows; the newest SHOWN drafts, skips and flags are `lines`.

    `comments`: the newest, newest first. `pay` is empty for who was not recruited.
    """

    consents: tuple[ConsentRecord, ...]
    profile: tuple[Told, ...]
    provider: str
    n_answers: int
    n_held: int
    n_drafts: int
    n_skipped: int
    n_flags: int
    lines: tuple[Line, ...]
    comments: tuple[Comment, ...]
    pay: OwnPay | None


def own_data(participant: Participant) -> OwnData:
    """Return what is held about a participant; twelve queries at most."""
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
        consents=tuple(consents(participant)),
        profile=tuple(_told(answer) for answer in profile(participant)),
        provider=identity.provider if identity else "",
        n_drafts=drafts.count(),
        n_flags=flags.count(),
        lines=tuple(_lines(own, drafts, flags)),
        comments=tuple(_comments(participant)),
        pay=own_pay(participant),
        **counts,
    )


def _lines(
    own: QuerySet[Assignment], drafts: QuerySet[Assignment], flags: QuerySet[Flag]
) -> Iterator[Line]:
    drafts = drafts.select_related("item", "draft").order_by("-draft__updated_at")
    for one in drafts[:SHOWN]:
        yield Line(gist(one.item), "draft", one.draft.updated_at)
    skips = own.filter(state=Assignment.State.SKIPPED).select_related("item")
    for one in skips.order_by("-finished_at")[:SHOWN]:
        words = (
            _("skipped: {skip_reason}").format(skip_reason=_(one.skip_reason))
            if one.skip_reason
            else _("skipped")
        )
        yield Line(gist(one.item), words, one.finished_at)
    for flag in flags.select_related("item").order_by("-id")[:SHOWN]:
        words = ". ".join(filter(None, (flag.get_kind_display(), flag.note)))
        yield Line(
            gist(flag.item), _("flagged: {words}").format(words=words), flag.created_at
        )


def _comments(participant: Participant) -> QuerySet[Comment]:
    found = Comment.objects.filter(thread__participant=participant)
    return found.select_related("thread__item").order_by("-id")[:SHOWN]


def gist(item: Item) -> str:
    """Return the beginning of an item's prompt."""
    return str(item.messages[-1]["content"])[:GIST_CHARS] if item.messages else ""


def consents(participant: Participant) -> Sequence[ConsentRecord]:
    """Return everything a participant ever said on consent, newest first."""
    found = ConsentRecord.objects.filter(participant=participant)
    return list(found.select_related("document").order_by("-id"))


def profile(participant: Participant) -> Sequence[SurveyAnswer]:
    """Return the answers of a participant's profile, each with its survey version."""
    found = SurveyAnswer.objects.filter(participant=participant)
    return list(found.select_related("version").order_by("version__number", "id"))


def asked_as(answer: SurveyAnswer | PastSurveyAnswer) -> Mapping[str, Any]:
    """Return the question of a profile answer, as its version asked it."""
    questions = {str(q.get("name")): q for q in answer.version.questions}
    found: Mapping[str, Any] = questions.get(answer.question, {})
    return found


def _told(answer: SurveyAnswer) -> Told:
    asked, value = asked_as(answer), answer.value
    words = ", ".join(map(str, value)) if isinstance(value, list) else value
    if asked.get("type") == "country" and value:
        words = country_words(str(value))
    return Told(
        title=str(asked.get("title") or answer.question),
        state=_(STATES.get(answer.state, "")),
        words="" if words is None else str(words),
        sensitivity=str(asked.get("sensitivity") or ""),
    )
