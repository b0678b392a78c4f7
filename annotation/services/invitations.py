"""Links by which people join a project: with an end, a cap, and only a hash stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from annotation.errors import ConflictError, InvalidError, NotFoundError
from annotation.models import Invitation, Project, Role
from annotation.services.events import record
from annotation.services.members import add_member
from annotation.services.participants import ensure_participant
from annotation.words import gettext as _

MAX_DAYS = 365
MAX_PEOPLE = 100_000


@dataclass(frozen=True)
class NewInvitation:
    """An invitation and its secret, which is known only now."""

    invitation: Invitation
    secret: str


@transaction.atomic
def create_invitation(
    *,
    project: Project,
    user: User,
    role: str,
    days: int,
    n_max: int,
    note: str = "",
    kind: str = Invitation.Kind.LOG_IN,
) -> NewInvitation:
    """Make a link for `n_max` people that ends after `days` days.

    Raises InvalidError for a value out of range.
    """
    if role not in Role.values:
        raise InvalidError(_("There is no role {role!r}.").format(role=role))
    if not 1 <= days <= MAX_DAYS:
        raise InvalidError(
            _("A link lasts from 1 to {max_days} days.").format(max_days=MAX_DAYS)
        )
    if not 1 <= n_max <= MAX_PEOPLE:
        raise InvalidError(
            _("A link takes from 1 to {max_people:,} people.").format(
                max_people=MAX_PEOPLE
            )
        )
    secret = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        kind=kind,
        secret_sha256=_hash(secret),
        note=note.strip()[:120],
        expires_at=timezone.now() + timedelta(days=days),
        n_max=n_max,
        created_by=user,
    )
    record(
        project=project,
        user=user,
        kind="invitation_made",
        invitation=invitation.pk,
        role=role,
    )
    return NewInvitation(invitation, secret)


def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    """End a link now; whoever has joined by it stays."""
    n_ended = Invitation.objects.filter(
        pk=invitation.pk, revoked_at__isnull=True
    ).update(revoked_at=timezone.now())
    if n_ended:
        record(
            project=invitation.project,
            user=by,
            kind="invitation_revoked",
            invitation=invitation.pk,
        )


def find_invitation(secret: str, kind: str = Invitation.Kind.LOG_IN) -> Invitation:
    """Return the invitation of a link, with its project; one query.

    Raises NotFoundError for an unknown secret, or one of another kind.
    """
    found = (
        Invitation.objects.select_related("project__recruitment")
        .filter(secret_sha256=_hash(secret), kind=kind)
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def refusal(invitation: Invitation) -> str:
    """Return why an invitation takes nobody any more, or an empty string."""
    if invitation.revoked_at is not None:
        return _("This invitation was withdrawn. Ask whoever sent it for a new link.")
    if invitation.expires_at <= timezone.now():
        return _("This invitation has ended. Ask whoever sent it for a new link.")
    if invitation.n_used >= invitation.n_max:
        return _(
            "All places of this invitation are taken. Ask whoever sent it for "
            "a new link."
        )
    return ""


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User) -> Project:
    """Make the user a member with a pseudonym; a member already takes no place.

    Raises ConflictError where the link has ended or its places are taken.
    """
    # One statement takes a place, so that a cap holds however many join at once.
    n_taken = Invitation.objects.filter(
        pk=invitation.pk,
        revoked_at__isnull=True,
        expires_at__gt=timezone.now(),
        n_used__lt=F("n_max"),
    ).update(n_used=F("n_used") + 1)
    project = invitation.project
    if not n_taken:
        if project.memberships.filter(user=user).exists():
            return project
        invitation.refresh_from_db()
        raise ConflictError(refusal(invitation), code="invitation_over")
    _, is_changed = add_member(project=project, user=user, role=invitation.role)
    if not is_changed:
        Invitation.objects.filter(pk=invitation.pk).update(n_used=F("n_used") - 1)
        return project
    ensure_participant(project=project, user=user)
    record(
        project=project,
        user=user,
        kind="member_joined",
        invitation=invitation.pk,
        role=invitation.role,
    )
    return project


@transaction.atomic
def sign_up(
    *, invitation: Invitation, username: str, password: str, email: str = ""
) -> User:
    """Make a log-in and let it join; neither is kept where the other fails.

    Raises InvalidError for a name that is taken, ConflictError for a link that ended.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, email or None, password)
    except IntegrityError:
        raise InvalidError(
            _("This user name is taken. Choose another one."), code="name_taken"
        ) from None
    accept_invitation(invitation=invitation, user=user)
    return user


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
