"""Everything held about one participant, as tables for that participant's own copy.

Nothing here tells which model wrote a completion, which items are gold or which rows
are silent checks, since the person may still be at work. Written by services.own_copy;
a test holds `TABLES` and `LEFT_OUT` full.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from annotation.answers import Question, parse_questions, to_presented
from annotation.models import (
    Annotation,
    Assignment,
    CheckPlan,
    Comment,
    Conversation,
    DerivedAttribute,
    Enrolment,
    Event,
    Flag,
    Item,
    Membership,
    Participant,
    PastSurveyAnswer,
    ProtocolPair,
    QuotaCell,
    QuotaHold,
    Role,
    StandingChange,
    SurveyAnswer,
)
from annotation.selectors.feedback import as_json, feedback
from annotation.selectors.own_data import asked_as, consents, gist, profile
from annotation.selectors.pay import own_pay
from annotation.verdicts import verdict_words
from annotation.words import gettext_noop

BATCH = 500
# What its person takes for any other item, and must while they are at work.
SILENT = ("monitoring", "attention", "mirror")
Entry: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Callable[[Participant], Iterable[Entry]]


@dataclass(frozen=True)
class Table:
    """One kind of thing that is held.

    `models`: the tables of the database that it tells of.
    """

    name: str
    title: str
    about: str
    models: tuple[str, ...]
    rows: Rows


# --- what is small ------------------------------------------------------------------


def _consents(person: Participant) -> Iterator[Entry]:
    for one in consents(person):
        document = one.document
        yield {
            "at": one.created_at,
            "is_withdrawal": one.withdrawn_at is not None,
            "agreed_to": one.granted,
            "consent_version": document.number,
            "sha256": document.sha256,
            "text": document.text,
            "scopes": document.scopes,
            "on_withdrawal": document.on_withdrawal,
        }


def _profile(person: Participant) -> Iterator[Entry]:
    return map(_profile_entry, profile(person))


def _past_profile(person: Participant) -> Iterator[Entry]:
    past = PastSurveyAnswer.objects.filter(participant=person)
    for one in past.select_related("version").order_by("id"):
        yield _profile_entry(one) | {"given_at": one.given_at}


def _profile_entry(one: SurveyAnswer | PastSurveyAnswer) -> dict[str, Any]:
    asked = asked_as(one)
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


def _derived(person: Participant) -> Iterable[Entry]:
    found = DerivedAttribute.objects.filter(participant=person).order_by("id")
    return found.values(
        "created_at", "question", "level", "value", "method", "verdict", "is_current"
    )


def _pay(person: Participant) -> Iterator[Entry]:
    found = own_pay(person)
    if found is None:
        return
    stored = found.stored
    # Silent checks are told apart by how many there are, so not before the end.
    is_over = stored.state != Enrolment.State.WORKING
    yield {
        "platform": found.platform,
        "state": stored.state,
        "reason": stored.reason,
        "platform_says": stored.provider_status,
        "began_at": stored.started_at,
        "due_at": found.due_at,
        "ended_at": stored.finished_at,
        "code": stored.code_kind,
        "code_shown_at": stored.code_shown_at,
        "n_items": stored.n_items + stored.n_checks,
        "n_checks_among_them": stored.n_checks if is_over else None,
        "active_s": stored.active_s,
        "total_s": stored.total_s,
        "amount_before_top_up": found.amount,
        "currency": found.currency,
        "paid_amount": stored.paid_amount,
        "paid_at": stored.paid_at,
    }


def _flags(person: Participant) -> Iterator[Entry]:
    found = Flag.objects.filter(participant=person).select_related("item")
    for one in found.order_by("id"):
        yield {
            "at": one.created_at,
            "item": one.item.public_id,
            "prompt": gist(one.item),
            "kind": one.kind,
            "note": one.note,
            "resolved_at": one.resolved_at,
        }


def _comments(person: Participant) -> Iterator[Entry]:
    found = Comment.objects.filter(thread__participant=person)
    for one in found.select_related("thread__item").order_by("thread", "number"):
        yield {
            "at": one.created_at,
            "by": "you" if one.role == Role.ANNOTATOR else "the team",
            "item": one.thread.item.public_id,
            "prompt": gist(one.thread.item),
            "text": one.text,
        }


def _qualification(person: Participant) -> Iterable[Entry]:
    return person.qualification_attempts.order_by("id").values(
        "created_at", "number", "n_asked", "n_correct", "pass_percent", "is_passed"
    )


def _checks(person: Participant) -> Iterable[Entry]:
    # When the next silent check is due stays untold.
    return CheckPlan.objects.filter(participant=person).values("stage", "attempt")


def _standing(person: Participant) -> Iterable[Entry]:
    found = StandingChange.objects.filter(participant=person).order_by("id")
    return found.values("created_at", "standing", "reason")


def _membership(person: Participant) -> Iterable[Entry]:
    if person.user_id is None:
        return ()
    own = Membership.objects.filter(project=person.project_id, user=person.user_id)
    return own.values("created_at", "role")


def _conversations(person: Participant) -> Iterator[Entry]:
    found = Conversation.objects.filter(participant=person).order_by("id")
    for one in found.prefetch_related("turns"):
        yield {
            "id": one.public_id,
            "type": one.type,
            "language": one.language,
            "metadata": one.metadata,
            "messages": [
                {"number": t.number, "text": t.user_message, "sent_at": t.sent_at}
                for t in sorted(one.turns.all(), key=lambda turn: turn.number)
            ],
        }


def _groups(person: Participant) -> Iterator[Entry]:
    """Yield the groups of the quotas in which answers count, each once; two queries.

    Silent checks count in none, so neither which answers these are is told, nor how
    many: a copy before and after an answer would show what it was.
    """
    holds = QuotaHold.objects.filter(participant=person)
    keys = dict(
        QuotaCell.objects.filter(project=person.project_id).values_list("pk", "key")
    )
    found = holds.order_by("category", "cells").values_list("category", "cells")
    for category, cells in found.distinct():
        groups = [keys[cell] for cell in cells if cell in keys]
        yield {"category": category, "groups": groups}


def _pairs(person: Participant) -> Iterator[Entry]:
    """Yield the items asked in both ways; what is still to come is not told before."""
    found = ProtocolPair.objects.filter(participant=person, is_settled=True)
    for one in found.select_related("item").order_by("pk"):
        yield {
            "at": one.created_at,
            "item": one.item.public_id,
            "prompt": gist(one.item),
            "came_first": one.comes_first,
        }


def _log(person: Participant) -> Iterable[Entry]:
    events = Event.objects.filter(project=person.project_id)
    own = events.filter(data__participant=person.pk)
    if person.user_id is not None:
        own |= events.filter(user=person.user_id)
    return own.order_by("id").values("at", "kind")


# --- answers ------------------------------------------------------------------------


def batches(person: Participant) -> Iterator[list[Entry]]:
    """Yield assignments oldest first, by keyset over the primary key.

    Four queries for each 500, and three for each training item. What is reserved for
    later is not told before its turn, as it is lent to nobody yet.
    """
    questions: dict[int, tuple[Question, ...]] = {}
    last = 0
    while True:
        rows = list(
            Assignment.objects.filter(participant=person, pk__gt=last)
            .exclude(state=Assignment.State.RESERVED, draft=None)
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
) -> list[Entry]:
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
) -> Entry:
    guidelines = row.guidelines_version
    draft = getattr(row, "draft", None)
    told = feedback(row)
    return {
        "id": row.public_id,
        "item": item.public_id,
        "prompt": gist(item),
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
        "feedback": told and as_json(told),
        "answers": [_answer(row, one, questions) for one in answers],
    }


def _answer(row: Assignment, one: Annotation, questions: tuple[Question, ...]) -> Entry:
    shown = to_presented(questions, one.answers, row.order or [])
    said = {
        question.title: verdict_words(question, shown.get(question.name))
        for question in questions
    }
    return {
        "id": one.public_id,
        "at": one.created_at,
        "in_words": {title: words for title, words in said.items() if words},
        "is_current": one.pk == row.annotation_id,
        "is_retraction": one.is_retraction,
        "answers_as_shown": shown,
        "came_by": one.source,
        "active_ms": one.active_ms,
        "total_ms": one.total_ms,
        "reading_ms": one.reading_ms,
        "metadata": one.metadata,
    }


TABLES: tuple[Table, ...] = (
    Table(
        "consents",
        gettext_noop("What you agreed to"),
        gettext_noop(
            "Every time you said what may be done with your data, with the text you"
            " read."
        ),
        ("ConsentRecord",),
        _consents,
    ),
    Table(
        "profile",
        gettext_noop("What you told about yourself"),
        gettext_noop(
            "Each question of the profile with its state: answered, skipped, not "
            "shown, prefer not to say, not applicable."
        ),
        ("SurveyAnswer",),
        _profile,
    ),
    Table(
        "past_profile",
        gettext_noop("Earlier answers of your profile"),
        gettext_noop("As they were before you changed them."),
        ("PastSurveyAnswer",),
        _past_profile,
    ),
    Table(
        "derived",
        gettext_noop("What researchers made of your own words"),
        gettext_noop("Coarser categories of what you said of yourself."),
        ("DerivedAttribute",),
        _derived,
    ),
    Table(
        "pay",
        gettext_noop("Your part and your pay"),
        gettext_noop(
            "When you began and ended, the time you took, and what is paid. The "
            "amount is by your own work, before a top-up for everybody."
        ),
        ("Enrolment",),
        _pay,
    ),
    Table(
        "flags",
        gettext_noop("Your flags"),
        gettext_noop("What you said is wrong with an item."),
        ("Flag",),
        _flags,
    ),
    Table(
        "comments",
        gettext_noop("Comments"),
        gettext_noop("What you and the team wrote each other about items."),
        (
            "Thread",
            "Comment",
        ),
        _comments,
    ),
    Table(
        "qualification",
        gettext_noop("Qualification"),
        gettext_noop("Each attempt at the qualification, and how it went."),
        ("QualificationAttempt",),
        _qualification,
    ),
    Table(
        "checks",
        gettext_noop("Training and qualification: where you are"),
        gettext_noop(
            "Silent checks among your items are not told while the project uses them."
        ),
        ("CheckPlan",),
        _checks,
    ),
    Table(
        "standing",
        gettext_noop("Decisions on your part"),
        gettext_noop(
            "When the team paused or ended your work, or let you go on, and why."
        ),
        ("StandingChange",),
        _standing,
    ),
    Table(
        "groups",
        gettext_noop("Groups of the quotas"),
        gettext_noop("For which groups of people your answers were counted."),
        ("QuotaHold",),
        _groups,
    ),
    Table(
        "pairs",
        gettext_noop("Items asked in two ways"),
        gettext_noop(
            "Items that you were asked about twice, and which way came first."
        ),
        ("ProtocolPair",),
        _pairs,
    ),
    Table(
        "conversations",
        gettext_noop("Conversations"),
        gettext_noop("Conversations with models that you held, with your messages."),
        (
            "Conversation",
            "Turn",
        ),
        _conversations,
    ),
    Table(
        "membership",
        gettext_noop("Membership"),
        gettext_noop("Your role here."),
        ("Membership",),
        _membership,
    ),
    Table(
        "log",
        gettext_noop("What the log says of you"),
        gettext_noop("What happened and when; the log holds no words."),
        ("Event",),
        _log,
    ),
)
# Told at the head of the copy, and with each item lent.
AT_HEAD = ("Participant", "ExternalIdentity")
WITH_ITEMS = ("Assignment", "Annotation", "Draft")
# What names a person, or leads to one, and is in no copy; and why.
LEFT_OUT: dict[str, str] = {
    "Adjudication": "the team's decision on an item; the log has that it was made",
    "ApiToken": "belongs to the account, whose page lists it, and not to a project",
    "Candidate": "what models wrote in a conversation, and which they were",
    "Invitation": "a link that a manager made; the log has that it was made",
    "Job": "work that a manager started; the page of jobs names them",
    "Project": "is shared; who made it is its first owner",
    "QuotaVersion": "quotas that an owner set; the log has that they were set",
    "SavedFilter": "a manager's own, listed beside the items",
    "Withdrawal": "the tombstone: from then on nothing leads to the person",
}
