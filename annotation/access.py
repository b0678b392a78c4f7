"""The only way to fetch an object on a user's behalf.

The unknown and the forbidden look the same: every function raises `NotFoundError`.
"""

import uuid
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User

from annotation.errors import NotFoundError
from annotation.models import (
    Annotation,
    ApiToken,
    Assignment,
    Enrolment,
    Flag,
    Invitation,
    Item,
    Job,
    MachineAnnotator,
    Membership,
    OwedPay,
    Participant,
    PreAnnotation,
    Project,
    Role,
    SavedFilter,
    Thread,
    Withdrawal,
)

AnyUser = User | AnonymousUser
Owned = TypeVar(
    "Owned",
    Annotation,
    Item,
    Job,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Assignment,
    Flag,
    Membership,
    Invitation,
    Enrolment,
    SavedFilter,
    Thread,
)
MANAGERS = (Role.OWNER, Role.RESEARCHER)
# Jobs that cost money as they go on: an owner begins them, and lets them go on.
PAID_JOBS = (Job.Kind.PRE_ANNOTATE,)
EVERYONE = (Role.OWNER, Role.RESEARCHER, Role.ANNOTATOR)


@dataclass(frozen=True)
class Seat:
    """A person's place in a project: which project, in which role."""

    project: Project
    role: str
    user_id: int

    @property
    def is_owner(self) -> bool:
        """Tell whether this person may change the project and its money."""
        return self.role == Role.OWNER

    @property
    def is_manager(self) -> bool:
        """Tell whether this person may see every answer and export."""
        return self.role in MANAGERS


def seat(user: AnyUser, slug: str, *, roles: tuple[str, ...] = EVERYONE) -> Seat:
    """Return the user's seat in the project `slug`, in one query.

    Raises NotFoundError for an outsider, or where the role is not in `roles`.
    """
    membership = (
        Membership.objects.select_related("project")
        .filter(project__slug=slug, user_id=_id(user), role__in=roles)
        .first()
    )
    if membership is None:
        raise NotFoundError
    return Seat(membership.project, membership.role, membership.user_id)


def seats(user: AnyUser) -> list[Seat]:
    """Return all of a user's seats, by name of project, in one query."""
    memberships = (
        Membership.objects.select_related("project")
        .filter(user_id=_id(user))
        .order_by("project__name", "project_id")
    )
    return [Seat(m.project, m.role, m.user_id) for m in memberships]


def maker(user: AnyUser) -> User:
    """Return the user, who may make projects: everybody with a log-in of their own.

    Whom a recruitment link brought in has none.
    """
    if isinstance(user, AnonymousUser) or not user.has_usable_password():
        raise NotFoundError
    return user


def own_assignment(user: AnyUser, public_id: uuid.UUID) -> Assignment:
    """Return one of the user's own assignments with its participant and project.

    A person who has left the project no longer reaches its assignments.
    """
    found = (
        Assignment.objects.select_related("participant", "project")
        .filter(
            public_id=public_id,
            participant__user_id=_id(user),
            project__memberships__user_id=_id(user),
        )
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def item(seat: Seat, public_id: uuid.UUID) -> Item:
    """Return an item of the seat's project; for managers only."""
    return _of_project(Item, seat, public_id)


def job(seat: Seat, public_id: uuid.UUID) -> Job:
    """Return a job of the seat's project; for managers only."""
    return _of_project(Job, seat, public_id)


def may_resume(seat: Seat, job: Job) -> bool:
    """Tell whether a manager may let a job go on that rests; no query."""
    return seat.is_owner or job.kind not in PAID_JOBS


def job_to_resume(seat: Seat, public_id: uuid.UUID) -> Job:
    """Return a job that the seat may let go on; for owners only where it costs."""
    found = job(seat, public_id)
    if not may_resume(seat, found):
        raise NotFoundError
    return found


def machine(seat: Seat, public_id: uuid.UUID) -> MachineAnnotator:
    """Return a machine annotator of the seat's project; for managers only."""
    return _of_project(MachineAnnotator, seat, public_id)


def pre_annotation(seat: Seat, public_id: uuid.UUID) -> PreAnnotation:
    """Return a machine's stored verdict in the seat's project; for managers only."""
    return _of_project(PreAnnotation, seat, public_id)


def lease(seat: Seat, public_id: uuid.UUID) -> Assignment:
    """Return anybody's assignment in the seat's project; for managers only."""
    return _of_project(Assignment, seat, public_id)


def flag(seat: Seat, public_id: uuid.UUID) -> Flag:
    """Return a flag of the seat's project; for managers only."""
    return _of_project(Flag, seat, public_id)


def saved_filter(seat: Seat, public_id: uuid.UUID) -> SavedFilter:
    """Return a filter of the user's own, or a shared one where they own the project."""
    found = _of_project(SavedFilter, seat, public_id)
    if found.user_id != seat.user_id and not (found.is_shared and seat.is_owner):
        raise NotFoundError
    return found


def answer(seat: Seat, public_id: uuid.UUID) -> Annotation:
    """Return anybody's answer in the seat's project; for managers only."""
    return _of_project(Annotation, seat, public_id)


def thread(seat: Seat, public_id: uuid.UUID) -> Thread:
    """Return anybody's thread in the seat's project; for managers only."""
    return _of_project(Thread, seat, public_id)


def own_thread(seat: Seat, public_id: uuid.UUID) -> Thread:
    """Return a thread of the seat's own user, with its item."""
    found = (
        Thread.objects.select_related("item", "participant")
        .filter(
            public_id=public_id,
            project=seat.project,
            participant__user_id=seat.user_id,
        )
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def any_job(user: AnyUser, public_id: uuid.UUID) -> Job:
    """Return a job of any project that the user manages."""
    found = Job.objects.filter(
        public_id=public_id,
        project__memberships__user_id=_id(user),
        project__memberships__role__in=MANAGERS,
    ).first()
    if found is None:
        raise NotFoundError
    return found


def any_job_to_resume(user: AnyUser, public_id: uuid.UUID) -> Job:
    """Return a job of any project that the user may let go on."""
    found = any_job(user, public_id)
    return job_to_resume(seat(user, found.project.slug), public_id)


@dataclass(frozen=True)
class OwnPlace:
    """A person's own data in a project: `seat` is empty for who left it."""

    project: Project
    seat: Seat | None
    participant: Participant | None


def own_place(user: AnyUser, slug: str) -> OwnPlace:
    """Return where a user's own data in a project are, in one or two queries.

    Who is no longer a member still reaches what is held about them. Raises
    NotFoundError for an outsider.
    """
    own = (
        Participant.objects.select_related("project", "user")
        .filter(project__slug=slug, user_id=_id(user))
        .first()
    )
    try:
        found = seat(user, slug)
    except NotFoundError:
        if own is None:
            raise
        return OwnPlace(own.project, None, own)
    return OwnPlace(found.project, found, own)


def participant(seat: Seat) -> Participant | None:
    """Return the participant row of the seat's user, if they have begun."""
    return Participant.objects.filter(
        project=seat.project, user_id=seat.user_id
    ).first()


def annotator(seat: Seat, public_id: uuid.UUID) -> Participant:
    """Return a participant of the seat's project; for managers only."""
    return _of_project(Participant, seat, public_id)


def membership(seat: Seat, public_id: uuid.UUID) -> Membership:
    """Return a membership of the seat's project; for owners only."""
    if not seat.is_owner:
        raise NotFoundError
    return _of_project(Membership, seat, public_id)


def invitation(seat: Seat, public_id: uuid.UUID) -> Invitation:
    """Return an invitation to the seat's project; for owners only."""
    if not seat.is_owner:
        raise NotFoundError
    return _of_project(Invitation, seat, public_id)


def enrolment(seat: Seat, public_id: uuid.UUID) -> Enrolment:
    """Return who came to the seat's project by a recruitment link; for owners only.

    Who has withdrawn is not found: see `owed_pay`.
    """
    if not seat.is_owner:
        raise NotFoundError
    found = _of_project(Enrolment, seat, public_id)
    if Withdrawal.objects.filter(participant_id=found.participant_id).exists():
        raise NotFoundError
    return found


def owed_pay(seat: Seat, public_id: uuid.UUID) -> OwedPay:
    """Return what somebody who withdrew is still owed; for owners only."""
    found = OwedPay.objects.filter(
        project=seat.project, pk=public_id, paid_at=None
    ).first()
    if found is None or not seat.is_owner:
        raise NotFoundError
    return found


def token(user: AnyUser, public_id: uuid.UUID) -> ApiToken:
    """Return one of the user's own tokens."""
    found = ApiToken.objects.filter(user_id=_id(user), public_id=public_id).first()
    if found is None:
        raise NotFoundError
    return found


def _id(user: AnyUser) -> int:
    """Return the user's key; nobody's is 0, which matches no row."""
    return user.pk or 0


def _of_project(model: type[Owned], seat: Seat, public_id: uuid.UUID) -> Owned:
    if not seat.is_manager:
        raise NotFoundError
    found = model.objects.filter(project=seat.project, public_id=public_id).first()
    if found is None:
        raise NotFoundError
    return found
