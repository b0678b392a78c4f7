"""What is held about one participant beside their answers, a function for each table.

Read by selectors.own_copy, which names the tables and says what is told of whom.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from annotation.models import (
    CheckPlan,
    Comment,
    Conversation,
    DerivedAttribute,
    Enrolment,
    Event,
    Flag,
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
from annotation.selectors.own_data import asked_as, consents, gist, profile
from annotation.selectors.pay import own_pay

Entry: TypeAlias = Mapping[str, Any]


def consents_rows(person: Participant) -> Iterator[Entry]:
    """Yield each record of consent with its text."""
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


def profile_rows(person: Participant) -> Iterator[Entry]:
    """Yield the profile as it is now."""
    return map(_profile_entry, profile(person))


def past_profile_rows(person: Participant) -> Iterator[Entry]:
    """Yield what the profile was before."""
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


def derived_rows(person: Participant) -> Iterable[Entry]:
    """Return what researchers made of own words."""
    found = DerivedAttribute.objects.filter(participant=person).order_by("id")
    return found.values(
        "created_at", "question", "level", "value", "method", "verdict", "is_current"
    )


def pay_rows(person: Participant) -> Iterator[Entry]:
    """Yield the part of a recruited person and their pay."""
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


def flags_rows(person: Participant) -> Iterator[Entry]:
    """Yield what they flagged."""
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


def comments_rows(person: Participant) -> Iterator[Entry]:
    """Yield what they and the team wrote."""
    found = Comment.objects.filter(thread__participant=person)
    for one in found.select_related("thread__item").order_by("thread", "number"):
        yield {
            "at": one.created_at,
            "by": "you" if one.role == Role.ANNOTATOR else "the team",
            "item": one.thread.item.public_id,
            "prompt": gist(one.thread.item),
            "text": one.text,
        }


def qualification_rows(person: Participant) -> Iterable[Entry]:
    """Return each attempt at the qualification."""
    return person.qualification_attempts.order_by("id").values(
        "created_at", "number", "n_asked", "n_correct", "pass_percent", "is_passed"
    )


def checks_rows(person: Participant) -> Iterable[Entry]:
    """Return where they are among the checks that are told."""
    # When the next silent check is due stays untold.
    return CheckPlan.objects.filter(participant=person).values("stage", "attempt")


def standing_rows(person: Participant) -> Iterable[Entry]:
    """Return what the team decided of them."""
    found = StandingChange.objects.filter(participant=person).order_by("id")
    return found.values("created_at", "standing", "reason")


def membership_rows(person: Participant) -> Iterable[Entry]:
    """Return their role in the project."""
    if person.user_id is None:
        return ()
    own = Membership.objects.filter(project=person.project_id, user=person.user_id)
    return own.values("created_at", "role")


def conversations_rows(person: Participant) -> Iterator[Entry]:
    """Yield what they wrote to models."""
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


def groups_rows(person: Participant) -> Iterator[Entry]:
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


def pairs_rows(person: Participant) -> Iterator[Entry]:
    """Yield the items asked in both ways; what is still to come is not told before."""
    found = ProtocolPair.objects.filter(participant=person, is_settled=True)
    for one in found.select_related("item").order_by("pk"):
        yield {
            "at": one.created_at,
            "item": one.item.public_id,
            "prompt": gist(one.item),
            "came_first": one.comes_first,
        }


def log_rows(person: Participant) -> Iterable[Entry]:
    """Return what the log says of them."""
    events = Event.objects.filter(project=person.project_id)
    own = events.filter(data__participant=person.pk)
    if person.user_id is not None:
        own |= events.filter(user=person.user_id)
    return own.order_by("id").values("at", "kind")
