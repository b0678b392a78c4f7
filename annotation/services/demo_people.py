"""Step set-up: let somebody of the demo take part: agree, and answer the profile."""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User

from annotation.models import Participant, Project
from annotation.services.participants import ensure_participant, take_part
from annotation.surveys import DECLINED, parse_survey, read_replies


def take_part_as(
    project: Project, user: User, told: Mapping[str, Sequence[str]]
) -> Participant:
    """Agree to everything, and tell `told`; the rest of the profile is declined.

    Raises ValueError where the survey has no such answer, since the demo is ours.
    """
    participant = ensure_participant(project=project, user=user)
    document = project.consent_documents.get()
    version = project.survey_versions.get()
    questions = parse_survey(version.questions)
    given: dict[str, Sequence[str]] = {
        question.name: told.get(question.name, [DECLINED]) for question in questions
    }
    seed = f"{user.pk}:{version.public_id}"
    replies, problems = read_replies(questions, given, seed=seed)
    if problems:
        raise ValueError(f"The demo's profile does not fit the survey: {problems!r}")
    take_part(
        participant=participant,
        document=document,
        granted=[scope["name"] for scope in document.scopes],
        version=version,
        replies=replies,
    )
    return participant
