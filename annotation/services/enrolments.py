"""Step recruit: people who come through a recruitment link, and come back.

An id in a link is no secret: it stands in histories and can be guessed. So it enrols a
person once, and after that opens nothing by itself. Whoever comes back goes on with the
session of their browser, or with the resume code that was shown to them; only while
nothing is stored yet may the same id begin afresh, which ends the earlier session.
"""

import hmac
import json
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from annotation.errors import ConflictError, InvalidError, LimitError
from annotation.models import (
    Enrolment,
    ExternalIdentity,
    Invitation,
    Participant,
    Project,
    Role,
)
from annotation.recruiting import Arrival
from annotation.services.endings import due_after
from annotation.services.events import record
from annotation.services.identities import encrypt, fingerprint
from annotation.services.invitations import refusal
from annotation.services.members import add_member
from annotation.services.participants import ensure_participant
from annotation.words import gettext as _

# What `external_identity.provider` says of ids that came by a recruitment link.
BY_LINK = "recruitment"
# No letter or digit that is taken for another one; 12 of 32 are 60 bits.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_CHARS, CODE_GROUP = 12, 4
TRIES_PER_HOUR = 10
NAME_BYTES = 5


@dataclass(frozen=True)
class Enrolled:
    """A person who may go on now. `resume_code` is known only at this moment."""

    user: User
    enrolment: Enrolment
    resume_code: str


def find_enrolment(project: Project, external_id: str) -> Enrolment | None:
    """Return the enrolment of an id, found by its HMAC; one query."""
    return (
        Enrolment.objects.select_related("participant__user", "project")
        .filter(
            participant__external_identity__project=project,
            participant__external_identity__provider=BY_LINK,
            participant__external_identity__value_hmac=fingerprint(
                project, external_id
            ),
        )
        .first()
    )


def find_enrolments(
    project: Project, external_ids: Collection[str]
) -> dict[str, Enrolment]:
    """Return the enrolments of those ids that have come, by id; one query."""
    ids = {fingerprint(project, one): one for one in external_ids}
    found = ExternalIdentity.objects.select_related("participant__enrolment").filter(
        project=project, provider=BY_LINK, value_hmac__in=ids
    )
    return {ids[one.value_hmac]: one.participant.enrolment for one in found}


@transaction.atomic
def enrol(*, invitation: Invitation, arrival: Arrival) -> Enrolled:
    """Take a newcomer in: an account without a password, a pseudonym, the id encrypted.

    Raises ConflictError where the link has ended, its places are taken, or the id has
    come by another browser at the same moment.
    """
    project = invitation.project
    # One statement takes a place, so that a cap holds however many come at once.
    n_taken = Invitation.objects.filter(
        pk=invitation.pk,
        revoked_at__isnull=True,
        expires_at__gt=timezone.now(),
        n_used__lt=F("n_max"),
    ).update(n_used=F("n_used") + 1)
    if not n_taken:
        invitation.refresh_from_db()
        raise ConflictError(refusal(invitation), code="invitation_over")
    user = User.objects.create_user(f"recruited-{secrets.token_hex(NAME_BYTES)}")
    add_member(project=project, user=user, role=Role.ANNOTATOR)
    participant = ensure_participant(project=project, user=user)
    participant.source = Participant.Source.RECRUITED
    participant.n_wanted = project.recruitment.n_items_wanted
    participant.save(update_fields=("source", "n_wanted"))
    _keep_identity(project, participant, arrival)
    code = _new_code()
    enrolment = Enrolment.objects.create(
        project=project,
        participant=participant,
        invitation=invitation,
        provider=project.recruitment.provider,
        due_at=due_after(project.recruitment),
        resume_hmac=_code_hmac(project, code),
    )
    record(project=project, user=user, kind="enrolled", enrolment=enrolment.pk)
    return Enrolled(user, enrolment, code)


def _keep_identity(
    project: Project, participant: Participant, arrival: Arrival
) -> None:
    details = {"study": arrival.study, "session": arrival.session}
    try:
        with transaction.atomic():
            ExternalIdentity.objects.create(
                project=project,
                participant=participant,
                provider=BY_LINK,
                value_encrypted=encrypt(arrival.external_id),
                value_hmac=fingerprint(project, arrival.external_id),
                details_encrypted=encrypt(json.dumps(details)),
            )
    except IntegrityError:
        raise ConflictError(
            _(
                "This study was just begun with your id in another window. Go on "
                "there, or open the link again."
            ),
            code="enrolled",
        ) from None


def is_untouched(enrolment: Enrolment) -> bool:
    """Tell whether nothing of the person is stored yet: no consent, no answer."""
    person = enrolment.participant
    return not (person.n_done or person.consent_records.exists())


@transaction.atomic
def begin_afresh(*, enrolment: Enrolment) -> Enrolled:
    """Let an id begin again of which nothing is stored; earlier sessions end.

    Raises ConflictError where something is stored by now.
    """
    Participant.objects.select_for_update(no_key=True).get(pk=enrolment.participant_id)
    if not is_untouched(enrolment):
        raise ConflictError(
            _(
                "This study was begun in another browser. Go on there, or enter "
                "the resume code that was shown to you."
            ),
            code="enrolled",
        )
    user = _user(enrolment)
    # Another unusable password is another session key: who came first is logged out.
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return Enrolled(user, enrolment, new_resume_code(enrolment=enrolment))


def resume(*, enrolment: Enrolment, code: str) -> User:
    """Return the person whose resume code this is.

    Raises LimitError after too many tries within an hour, InvalidError for a wrong
    code.
    """
    # A key per hour, so that a counter never lives without an end.
    key = f"resume:{enrolment.pk}:{int(time.time() // 3600)}"
    cache.add(key, 0, 2 * 3600)
    if cache.incr(key) > TRIES_PER_HOUR:
        raise LimitError(
            _(
                "These were too many wrong codes. Wait an hour, or go on in the "
                "browser in which you began."
            )
        )
    tidy = "".join(sign for sign in code.upper() if sign.isalnum())
    if not hmac.compare_digest(
        _code_hmac(enrolment.project, tidy), enrolment.resume_hmac
    ):
        raise InvalidError(
            _(
                "This is not the resume code of your id. It has 12 letters and "
                "digits and was shown when you began."
            ),
            code="resume_code",
        )
    return _user(enrolment)


def new_resume_code(*, enrolment: Enrolment) -> str:
    """Make another resume code, shown once; the earlier one no longer works."""
    code = _new_code()
    enrolment.resume_hmac = _code_hmac(enrolment.project, code)
    enrolment.save(update_fields=["resume_hmac"])
    return code


def grouped(code: str) -> str:
    """Return a code as people read it: ABCD-EFGH-JKLM."""
    starts = range(0, len(code), CODE_GROUP)
    return "-".join(code[start : start + CODE_GROUP] for start in starts)


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))


def _code_hmac(project: Project, code: str) -> str:
    return fingerprint(project, f"resume:{code}")


def _user(enrolment: Enrolment) -> User:
    user = enrolment.participant.user
    if user is None or not user.is_active:
        raise ConflictError(
            _("This participation was ended. Ask the people who run the study."),
            code="ended",
        )
    return user
