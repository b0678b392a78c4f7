"""Who belongs to a project and by which links others may still come.

A pseudonym is never shown beside a log-in: that would undo it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import (
    Assignment,
    Enrolment,
    Invitation,
    Membership,
    Participant,
    Project,
    Withdrawal,
)


@dataclass(frozen=True)
class Member:
    """A member as the people page shows them. `last_seen` is empty before a log-in."""

    id: uuid.UUID
    user_id: int
    name: str
    email: str
    role: str
    is_ready: bool
    n_done: int
    last_seen: datetime | None
    joined: datetime


def n_withdrawn(project: Project) -> int:
    """Return how many have withdrawn; one query. Who they were nobody can tell."""
    return Withdrawal.objects.filter(project=project).count()


def members(project: Project) -> list[Member]:
    """Return the members, owners first and then by name; one query.

    People who came by a recruitment link are not among them: the pay page has them.
    """
    person = Participant.objects.filter(
        project=OuterRef("project"), user=OuterRef("user")
    )
    shown = (
        Assignment.objects.filter(participant=OuterRef("participant"))
        .order_by()
        .values("participant")
        .annotate(last=Max("shown_at"))
        .values("last")
    )
    rows = (
        Membership.objects.select_related("user")
        .filter(project=project)
        .annotate(
            participant=Subquery(person.values("pk")[:1]),
            n_done=Subquery(person.values("n_done")[:1]),
            is_ready=Subquery(person.values("is_ready")[:1]),
            last_shown=Subquery(shown),
            source=Coalesce(Subquery(person.values("source")[:1]), Value("")),
        )
        .exclude(source=Participant.Source.RECRUITED)
    )
    found = [
        Member(
            id=row.public_id,
            user_id=row.user_id,
            name=row.user.username,
            email=row.user.email,
            role=row.role,
            is_ready=bool(row.is_ready),
            n_done=row.n_done or 0,
            last_seen=max(
                filter(None, (row.user.last_login, row.last_shown)), default=None
            ),
            joined=row.created_at,
        )
        for row in rows
    ]
    places = {"owner": 0, "researcher": 1, "annotator": 2}
    return sorted(found, key=lambda member: (places[member.role], member.name.lower()))


@dataclass(frozen=True)
class Link:
    """An invitation as the people page shows it. `ended`: why it takes nobody."""

    id: uuid.UUID
    role: str
    note: str
    n_used: int
    n_max: int
    expires_at: datetime
    made_by: str
    ended: str


def n_recruited(project: Project) -> int:
    """Return how many came by a recruitment link; one query."""
    return Enrolment.objects.filter(project=project).count()


def links(project: Project, kind: str = Invitation.Kind.LOG_IN) -> list[Link]:
    """Return the invitations of a kind, newest first; one query."""
    rows = (
        Invitation.objects.select_related("created_by")
        .filter(project=project, kind=kind)
        .order_by("-pk")
    )
    return [
        Link(
            id=row.public_id,
            role=row.role,
            note=row.note,
            n_used=row.n_used,
            n_max=row.n_max,
            expires_at=row.expires_at,
            made_by=row.created_by.username,
            ended=_ended(row),
        )
        for row in rows
    ]


def _ended(row: Invitation) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at <= timezone.now():
        return "ended"
    return "full" if row.n_used >= row.n_max else ""
