"""The consent and survey in force, and what a person agreed to and told."""

from annotation.models import (
    ConsentDocument,
    ConsentRecord,
    Participant,
    Project,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.selectors.consent import last_word
from annotation.surveys import DECLINED, NOT_APPLICABLE


def current_consent(project: Project) -> ConsentDocument | None:
    """Return the consent in force; one query."""
    return project.consent_documents.order_by("-number").first()


def current_survey(project: Project) -> SurveyVersion | None:
    """Return the profile survey in force; one query."""
    return project.survey_versions.order_by("-number").first()


def n_ready(project: Project) -> int:
    """Count who may work now, and would be asked again by a new text; one query."""
    return project.participants.filter(is_ready=True).count()


def consent_in_force(participant: Participant | None) -> ConsentRecord | None:
    """Return what a participant agreed to and has not withdrawn; one query."""
    record = None if participant is None else last_word(participant)
    return None if record is None or record.withdrawn_at else record


def told_before(participant: Participant | None) -> dict[str, list[str]]:
    """Return what a form would have sent for a stored profile; one query.

    Of several versions the newest counts, so a new survey asks only what is new.
    """
    if participant is None:
        return {}
    answers = participant.survey_answers.order_by("version__number")
    return {answer.question: _as_sent(answer) for answer in answers}


def _as_sent(answer: SurveyAnswer) -> list[str]:
    if answer.state == SurveyAnswer.State.PREFER_NOT:
        return [DECLINED]
    if answer.state == SurveyAnswer.State.NOT_APPLICABLE:
        return [NOT_APPLICABLE]
    if answer.value is None:
        return []
    values = answer.value if isinstance(answer.value, list) else [answer.value]
    return [str(value) for value in values]
