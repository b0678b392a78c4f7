"""Step consent and profile: who takes part, what they agreed to, what they told.

A participant is ready once the newest consent and the newest survey are given.
"""

import logging
from collections.abc import Collection, Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotation.consent import required
from annotation.errors import ConflictError, InvalidError
from annotation.models import (
    Assignment,
    ConsentDocument,
    ConsentRecord,
    Enrolment,
    Participant,
    PastSurveyAnswer,
    Project,
    SurveyAnswer,
    SurveyVersion,
    Withdrawal,
)
from annotation.selectors.consent import last_word
from annotation.services import quotas
from annotation.services.assignments import give_reserved_back, release
from annotation.services.endings import close, take_in
from annotation.services.events import record
from annotation.services.pseudonyms import new_pseudonyms
from annotation.services.self_descriptions import retire_changed
from annotation.surveys import Reply, parse_survey
from annotation.words import gettext as _

logger = logging.getLogger(__name__)
ATTEMPTS = 5


def ensure_participant(*, project: Project, user: User) -> Participant:
    """Return the user's participant in the project, made at the first call."""
    for _attempt in range(ATTEMPTS):
        found = Participant.objects.filter(project=project, user=user).first()
        if found is not None:
            return found
        name = new_pseudonyms(project=project, n=1)[0]
        try:
            with transaction.atomic():
                return Participant.objects.create(
                    project=project, user=user, pseudonym=name
                )
        except IntegrityError:
            # Another request of this person, or another person with this pseudonym,
            # was faster; look again.
            logger.info("participant_race project=%s", project.pk)
    raise RuntimeError(f"no free pseudonym in project {project.pk!r}")


@transaction.atomic
def give_consent(
    *, participant: Participant, document: ConsentDocument, granted: Collection[str]
) -> ConsentRecord:
    """Store to which scopes of the newest document a participant agrees.

    Adds a record; what was agreed to before stays stored. The same again adds none.

    Raises InvalidError where a required scope is missing, or a newer text is there.
    """
    if not required(document.scopes) <= set(granted):
        raise InvalidError(
            _("You can take part once you agree to the first point."), code="refused"
        )
    if document.pk != _newest_consent(participant.project_id):
        raise InvalidError(
            _("The text has changed meanwhile. Read the new one, then agree again."),
            code="outdated",
        )
    kept = _keep_consent(participant, document, granted)
    _refresh(participant)
    return kept


@transaction.atomic
def change_scopes(
    *, participant: Participant, granted: Collection[str]
) -> ConsentRecord:
    """Change single scopes of the document that a participant has agreed to.

    A scope can be taken back though a newer text waits to be read; a new one is given
    with the newest text only.

    Raises InvalidError as `give_consent`, ConflictError where nothing is in force.
    """
    _lock(participant)
    held = last_word(participant)
    if held is None or held.withdrawn_at is not None:
        raise ConflictError(_("No consent of yours is in force. Give it first."))
    if set(granted) <= set(held.granted):
        if not required(held.document.scopes) <= set(granted):
            raise InvalidError(
                _("This scope is needed to take part. To take it back, withdraw."),
                code="refused",
            )
        return _keep_consent(participant, held.document, granted)
    return give_consent(
        participant=participant, document=held.document, granted=granted
    )


def _lock(participant: Participant) -> None:
    """Let one change of a person's consent or profile at a time follow the other.

    Raises ConflictError where they withdrew meanwhile: nothing may follow that.
    """
    Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    if Withdrawal.objects.filter(participant=participant).exists():
        raise ConflictError(_("You have withdrawn meanwhile. Load the page again."))


def _keep_consent(
    participant: Participant, document: ConsentDocument, granted: Collection[str]
) -> ConsentRecord:
    names = [scope["name"] for scope in document.scopes if scope["name"] in granted]
    _lock(participant)
    held = last_word(participant)
    if held is not None and _says(held, document, names):
        return held
    kept = ConsentRecord.objects.create(
        participant=participant, document=document, granted=names
    )
    record(
        project=participant.project,
        user=participant.user,
        kind="consent_given",
        participant=participant.pk,
        document=document.number,
    )
    return kept


def _says(held: ConsentRecord, document: ConsentDocument, names: list[str]) -> bool:
    """Tell whether a record gives just this."""
    is_same = (held.document_id, held.granted) == (document.pk, names)
    return is_same and held.withdrawn_at is None


@transaction.atomic
def save_profile(
    *, participant: Participant, version: SurveyVersion, replies: Sequence[Reply]
) -> None:
    """Store a whole profile: one reply for every question of the version.

    An answer that changes is kept among the past answers. Raises InvalidError where
    the replies leave a question out or name another.
    """
    _lock(participant)
    names = {question.name for question in parse_survey(version.questions)}
    if {reply.question for reply in replies} != names:
        raise InvalidError(
            _("The questions have changed meanwhile. Answer them again.")
        )
    known = {
        answer.question: answer
        for answer in SurveyAnswer.objects.select_for_update().filter(
            participant=participant, version=version
        )
    }
    changed = [
        reply
        for reply in replies
        if reply.question not in known or _differs(reply, known[reply.question])
    ]
    retire_changed(
        participant=participant, now={reply.question: reply.value for reply in changed}
    )
    _keep_past([known[reply.question] for reply in changed if reply.question in known])
    SurveyAnswer.objects.bulk_create(
        [
            SurveyAnswer(
                participant=participant,
                version=version,
                question=reply.question,
                state=reply.state,
                value=reply.value,
                order_shown=reply.order_shown and list(reply.order_shown),
            )
            for reply in changed
        ],
        update_conflicts=True,
        unique_fields=["participant", "version", "question"],
        update_fields=["state", "value", "order_shown", "created_at"],
    )
    _refresh(participant)


def _differs(reply: Reply, answer: SurveyAnswer) -> bool:
    order = reply.order_shown and list(reply.order_shown)
    stored = (answer.state, answer.value, answer.order_shown)
    return (reply.state, reply.value, order) != stored


def _keep_past(answers: Sequence[SurveyAnswer]) -> None:
    """Keep answers about to be changed, so that a correction loses nothing."""
    PastSurveyAnswer.objects.bulk_create(
        PastSurveyAnswer(
            participant_id=answer.participant_id,
            version_id=answer.version_id,
            question=answer.question,
            state=answer.state,
            value=answer.value,
            order_shown=answer.order_shown,
            given_at=answer.created_at,
        )
        for answer in answers
    )


@transaction.atomic
def take_part(
    *,
    participant: Participant,
    document: ConsentDocument,
    granted: Collection[str],
    version: SurveyVersion,
    replies: Sequence[Reply],
) -> None:
    """Store consent and profile together, or neither; raises as the two above.

    Who was recruited and had refused, or taken the consent back, is in again.
    """
    give_consent(participant=participant, document=document, granted=granted)
    save_profile(participant=participant, version=version, replies=replies)
    has_withdrawn = Enrolment.objects.filter(
        participant=participant, state=Enrolment.State.WITHDRAWN
    ).exclude(reason=Enrolment.Reason.LEFT)
    if participant.source == Participant.Source.RECRUITED and has_withdrawn.exists():
        take_in(participant=participant, by=participant.user)


@transaction.atomic
def refuse(*, participant: Participant) -> None:
    """End the part of a recruited person who does not agree; nothing else is stored."""
    close(
        participant=participant,
        state=Enrolment.State.WITHDRAWN,
        reason=Enrolment.Reason.REFUSED,
    )


def give_items_back(*, participant: Participant) -> None:
    """Return to the pool what a participant holds: open, next, or reserved for them."""
    held = Assignment.objects.filter(
        participant=participant,
        state__in=(Assignment.State.OPEN, Assignment.State.QUEUED),
    )
    for assignment in held:
        release(assignment=assignment)
    give_reserved_back(participant=participant)


def _newest_consent(project_id: int) -> int | None:
    return (
        ConsentDocument.objects.filter(project_id=project_id)
        .order_by("-number")
        .values_list("pk", flat=True)
        .first()
    )


def _refresh(participant: Participant) -> None:
    """Set `is_ready` from what is stored; the one place that sets it to true.

    The lock lets a text that is published at this moment wait, or be seen: it asks
    everybody again who is ready by then.
    """
    Project.objects.select_for_update(no_key=True).get(pk=participant.project_id)
    held = last_word(participant)
    has_consent = (
        held is not None
        and held.withdrawn_at is None
        and held.document_id == _newest_consent(participant.project_id)
    )
    survey = (
        SurveyVersion.objects.filter(project_id=participant.project_id)
        .order_by("-number")
        .first()
    )
    has_profile = (
        survey is None
        or not survey.questions
        or SurveyAnswer.objects.filter(participant=participant, version=survey).exists()
    )
    participant.is_ready = has_consent and has_profile
    participant.save(update_fields=["is_ready"])
    quotas.place(participant=participant)
