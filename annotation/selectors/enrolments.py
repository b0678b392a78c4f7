"""Who came by a recruitment link, and how far they are."""

from annotation.models import Enrolment, Participant, Project, Recruitment


def own_enrolment(participant: Participant | None) -> Enrolment | None:
    """Return a participant's enrolment with project and rules; one query.

    None, without a query, for somebody who was not recruited.
    """
    if participant is None or participant.source != Participant.Source.RECRUITED:
        return None
    return (
        Enrolment.objects.select_related("project__recruitment", "participant")
        .filter(participant=participant)
        .first()
    )


def recruitment_of(project: Project) -> Recruitment | None:
    """Return how a project recruits, if it does; one query."""
    return Recruitment.objects.filter(project=project).first()
