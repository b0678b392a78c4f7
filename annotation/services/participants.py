"""Step consent and profile: who takes part, what they agreed to, what they told.

A participant is ready once the newest consent and the newest survey are given.
"""

import logging
from collections.abc import Collection, Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import InvalidError
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
)
from annotation.services.assignments import release
from annotation.services.endings import close, take_in
from annotation.services.events import record
from annotation.services.pseudonyms import new_pseudonyms
from annotation.surveys import Reply, parse_survey

logger = logging.getLogger(__name__)
ATTEMPTS = 5


def ensure_participant(*, project: Project, user: User) -> Participant:
    """Return the user's participant in the project, made at the first call."""
    for _ in range(ATTEMPTS):
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

    Raises InvalidError where a required scope is missing, or a newer text is there.
    """
    scopes = {scope["name"]: scope for scope in document.scopes}
    required = {name for name, scope in scopes.items() if scope.get("is_required")}
    if not required <= set(granted):
        raise InvalidError(
            "You can take part once you agree to the first point.", code="refused"
        )
    if document.pk != _newest_consent(participant.project_id):
        raise InvalidError(
            "The text has changed meanwhile. Read the new one, then agree again.",
            code="outdated",
        )
    kept, _ = ConsentRecord.objects.update_or_create(
        participant=participant,
        document=document,
        defaults={
            "granted": [name for name in scopes if name in granted],
            "withdrawn_at": None,
        },
    )
    record(
        project=participant.project,
        user=participant.user,
        kind="consent_given",
        participant=participant.pk,
        document=document.number,
    )
    _refresh(participant)
    return kept


@transaction.atomic
def save_profile(
    *, participant: Participant, version: SurveyVersion, replies: Sequence[Reply]
) -> None:
    """Store a whole profile: one reply for every question of the version.

    An answer that changes is kept among the past answers. Raises InvalidError where
    the replies leave a question out or name another.
    """
    names = {question.name for question in parse_survey(version.questions)}
    if {reply.question for reply in replies} != names:
        raise InvalidError("The questions have changed meanwhile. Answer them again.")
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


@transaction.atomic
def withdraw_consent(*, participant: Participant) -> None:
    """Take every consent back; items held return to the pool, answers stay stored.

    What is exported later leaves this person out, since no consent is in force.
    """
    ConsentRecord.objects.filter(
        participant=participant, withdrawn_at__isnull=True
    ).update(withdrawn_at=timezone.now())
    record(
        project=participant.project,
        user=participant.user,
        kind="consent_withdrawn",
        participant=participant.pk,
    )
    _refresh(participant)
    close(
        participant=participant,
        state=Enrolment.State.WITHDRAWN,
        reason=Enrolment.Reason.CONSENT,
    )
    give_items_back(participant=participant)


def give_items_back(*, participant: Participant) -> None:
    """Return to the pool what a participant holds: the open item and the next one."""
    held = Assignment.objects.filter(
        participant=participant,
        state__in=(Assignment.State.OPEN, Assignment.State.QUEUED),
    )
    for assignment in held:
        release(assignment=assignment)


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
    has_consent = ConsentRecord.objects.filter(
        participant=participant,
        document_id=_newest_consent(participant.project_id),
        withdrawn_at__isnull=True,
    ).exists()
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
