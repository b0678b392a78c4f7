"""Who belongs to a project, and in which role. A project never loses its last owner."""

from django.contrib.auth.models import User
from django.db import transaction

from annotation.errors import ConflictError, InvalidError
from annotation.models import Membership, Participant, Project, Role
from annotation.services.events import record
from annotation.services.participants import give_items_back
from annotation.words import gettext as _
from annotation.words import gettext_noop

RANK = {Role.ANNOTATOR: 0, Role.RESEARCHER: 1, Role.OWNER: 2}
LAST_OWNER = gettext_noop(
    "This is the last owner of the project. Make somebody else an owner "
    "first, so that the project stays in good hands."
)


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: User) -> Membership:
    """Give a member another role.

    Raises InvalidError for an unknown role, ConflictError for the last owner.
    """
    if role not in Role.values:
        raise InvalidError(_("There is no role {role!r}.").format(role=role))
    if role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    record(
        project=membership.project,
        user=by,
        kind="role_changed",
        member=membership.user_id,
        role=role,
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """End a membership; answers stay, and items held return to the pool.

    Raises ConflictError for the last owner.
    """
    _keep_an_owner(membership)
    person = Participant.objects.filter(
        project=membership.project, user=membership.user_id
    ).first()
    if person is not None:
        give_items_back(participant=person)
    record(
        project=membership.project,
        user=by,
        kind="member_removed",
        member=membership.user_id,
    )
    membership.delete()


def _keep_an_owner(membership: Membership) -> None:
    """Refuse where no other owner is left.

    The rows are locked: two owners who leave at the same moment would else each see
    the other one stay.
    """
    owners = Membership.objects.select_for_update().filter(
        project=membership.project_id, role=Role.OWNER
    )
    ids = {owner.pk for owner in owners.order_by("pk")}
    if ids == {membership.pk}:
        raise ConflictError(_(LAST_OWNER), code="last_owner")


def add_member(*, project: Project, user: User, role: str) -> tuple[Membership, bool]:
    """Make or raise a membership; tell whether anything changed. Never lowers a role.

    Call it in a transaction.
    """
    membership, is_new = Membership.objects.select_for_update().get_or_create(
        project=project, user=user, defaults={"role": role}
    )
    if is_new or RANK[Role(role)] <= RANK[Role(membership.role)]:
        return membership, is_new
    membership.role = role
    membership.save(update_fields=["role"])
    return membership, True
