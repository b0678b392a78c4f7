"""Step annotate: people's remarks that something is wrong with an item."""

from django.db import transaction
from django.utils import timezone

from annotation.errors import InvalidError
from annotation.models import Assignment, Flag
from annotation.words import gettext as _


@transaction.atomic
def raise_flag(*, assignment: Assignment, kind: str, note: str = "") -> Flag:
    """Store a flag; the same kind again by the same person changes its note."""
    if kind not in Flag.Kind.values:
        raise InvalidError(
            _("kind must be one of {values}.").format(
                values=", ".join(Flag.Kind.values)
            )
        )
    flag, _made = Flag.objects.update_or_create(
        item_id=assignment.item_id,
        participant_id=assignment.participant_id,
        kind=kind,
        defaults={
            "project_id": assignment.project_id,
            "note": note.strip()[:2000],
            "resolved_at": None,
        },
    )
    return flag


@transaction.atomic
def resolve_flag(*, flag: Flag) -> None:
    """Mark a flag as dealt with."""
    Flag.objects.filter(pk=flag.pk, resolved_at=None).update(resolved_at=timezone.now())
