"""A survey with two questions, and people who have answered it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from annotation.models import Participant, Project, SurveyAnswer, SurveyVersion
from annotation.services import quotas

SURVEY = [
    {
        "name": "gender",
        "type": "single",
        "title": "Your gender?",
        "options": ["Female", "Male", "Other"],
    },
    {"name": "country", "type": "country", "title": "Where do you live?"},
]


def with_quotas(project: Project, raw: Sequence[Mapping[str, Any]]) -> Project:
    """Give a project the survey and quotas."""
    SurveyVersion.objects.get_or_create(project=project, number=1, questions=SURVEY)
    quotas.publish_quotas(project=project, user=project.created_by, raw=list(raw))
    project.refresh_from_db()
    return project


def person(
    make_annotator: Callable[[Project], Participant], project: Project, **told: str
) -> Participant:
    """Return an annotator who has told this about themselves."""
    participant = make_annotator(project)
    tell(participant, **told)
    return participant


def tell(participant: Participant, **told: str) -> None:
    """Store a profile, and sort its person into the quotas."""
    version = SurveyVersion.objects.get(project=participant.project)
    for question, value in told.items():
        SurveyAnswer.objects.update_or_create(
            participant=participant,
            version=version,
            question=question,
            defaults={"state": "answered", "value": value},
        )
    participant.refresh_from_db()
    quotas.place(participant=participant)
