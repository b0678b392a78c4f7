"""A person's decision on whether an annotator may go on: pause, block, and back.

Logged with its reason, reversible, and never made by a rule. Answers stay stored.
"""

from django.contrib.auth.models import User
from django.db import transaction

from annotation.errors import InvalidError
from annotation.models import Participant, StandingChange
from annotation.services.events import record
from annotation.services.participants import give_items_back
from annotation.words import gettext as _

MAX_REASON = 500


@transaction.atomic
def set_standing(
    *, participant: Participant, standing: str, reason: str, by: User
) -> StandingChange | None:
    """Pause, block or let a person go on; None where nothing changes.

    What they hold returns to the pool, and its draft stays. Raises InvalidError for an
    unknown standing or without a reason.
    """
    reason = reason.strip()
    if standing not in Participant.Standing.values:
        raise InvalidError(
            _("There is no standing {standing!r}.").format(standing=standing)
        )
    if not 1 <= len(reason) <= MAX_REASON:
        raise InvalidError(
            _("Give a reason of at most {max_reason} characters.").format(
                max_reason=MAX_REASON
            )
        )
    person = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    if person.standing == standing:
        return None
    person.standing = standing
    person.save(update_fields=["standing"])
    if standing != Participant.Standing.ACTIVE:
        give_items_back(participant=person)
    change = StandingChange.objects.create(
        participant=person, standing=standing, reason=reason, by=by
    )
    record(
        project=person.project,
        user=by,
        kind="standing_changed",
        participant=person.pk,
        standing=standing,
    )
    return change
