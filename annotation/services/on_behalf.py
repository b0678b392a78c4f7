"""Step consent: an owner withdraws a participant who asked for it and cannot do it.

Such as people known from an imported file alone, who have no log-in here, or somebody
who writes a letter. It is the withdrawal of services.withdrawals, with who did it and
why. Called by the people page.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac

from annotation.errors import ConflictError, InvalidError
from annotation.models import Participant, Project, Withdrawal
from annotation.selectors.consent import manner_of
from annotation.services.identities import fingerprint
from annotation.services.withdrawals import withdraw
from annotation.words import gettext as _
from annotation.words import gettext_noop

MAX_REASON = 500
# So many people of one name in several files are shown.
MAX_FOUND = 20
CAME = {
    "import": gettext_noop("This person is known from an imported file."),
    "recruited": gettext_noop("This person came by a recruitment link."),
    "member": gettext_noop("This person has a log-in here."),
}


@dataclass(frozen=True)
class Found:
    """Somebody who may be meant: how they came, and what a withdrawal would do.

    It says no more of the person than was asked with, so that no pseudonym ever
    stands beside a log-in or an id.
    """

    participant: Participant
    came: str
    provider: str
    n_answers: int
    manner: str


def find_people(*, project: Project, who: str) -> list[Found]:
    """Return whom a name means: a pseudonym, a log-in, or an id of file or platform.

    Who has withdrawn is not among them.
    """
    name = who.strip()
    if not name or "\x00" in name:
        return []
    mark = fingerprint(project, name)
    people = (
        Participant.objects.filter(project=project, withdrawal=None)
        .filter(
            Q(pseudonym=name)
            | Q(user__username=name)
            | Q(external_identity__value_hmac=mark)
        )
        .select_related("project", "external_identity")
        .order_by("id")[:MAX_FOUND]
    )
    return [describe(one) for one in people]


def mark_of(participant: Participant, by: User) -> str:
    """Return what stands for a found person in one owner's form; it leads nowhere.

    Their id stands beside the pseudonym on another page, so it would join the two.
    """
    meant = f"{participant.project_id}:{participant.pk}:{by.pk}"
    return salted_hmac("annotation.on_behalf", meant, algorithm="sha256").hexdigest()


def chosen(found: list[Found], mark: str, by: User) -> Found | None:
    """Return whom of those found a mark means."""
    for one in found:
        if constant_time_compare(mark_of(one.participant, by), mark):
            return one
    return None


def describe(participant: Participant) -> Found:
    """Return what an owner reads before somebody is withdrawn.

    What is owed is not told: the sum would join a pseudonym to a line of the pay list.
    """
    identity = getattr(participant, "external_identity", None)
    is_file = participant.source == Participant.Source.IMPORT
    return Found(
        participant=participant,
        came=_(CAME[participant.source]),
        provider=identity.provider if identity is not None and is_file else "",
        n_answers=participant.assignments.filter(annotation__isnull=False).count(),
        manner=manner_of(participant),
    )


def withdraw_for(*, participant: Participant, by: User, reason: str) -> Withdrawal:
    """Withdraw a participant at their wish; for good.

    The reason stays with the tombstone, the log has that it was done and by whom.
    Raises InvalidError without a reason, ConflictError where they have withdrawn.
    """
    words = reason.replace("\x00", "").strip()
    if not 1 <= len(words) <= MAX_REASON:
        text = _(
            "Say in at most {n} characters why and how the person asked for it. Name"
            " nobody."
        )
        raise InvalidError(text.format(n=MAX_REASON))
    if Withdrawal.objects.filter(participant=participant).exists():
        raise ConflictError(_("This person has withdrawn already."), code="withdrawn")
    return withdraw(participant=participant, by=by, reason=words)
