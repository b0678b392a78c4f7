"""Whether anybody has met a version of the questions or guidelines: see versions.

People meet it with an item that they are given, machine annotators in a run.
"""

from django.db.models import Q

from annotation.models import (
    Assignment,
    GuidelinesVersion,
    Job,
    PreAnnotation,
    Project,
    QuestionsVersion,
)

# A paused run goes on with what it began with.
_UNENDED = Q(
    kind=Job.Kind.PRE_ANNOTATE,
    state__in=(Job.State.WAITING, Job.State.RUNNING, Job.State.PAUSED),
)


def questions_are_met(project: Project, version: QuestionsVersion) -> bool:
    """Tell whether an item was given, or a verdict stored, with these questions.

    A run of AI labels that has not ended counts too. At most three queries.
    """
    return (
        Assignment.objects.filter(project=project, questions_version=version).exists()
        or PreAnnotation.objects.filter(questions_version=version).exists()
        or Job.objects.filter(_UNENDED, project=project).exists()
    )


def guidelines_are_met(project: Project, version: GuidelinesVersion) -> bool:
    """Tell whether an item was given to a person, or a machine, with these guidelines.

    A verdict names no guidelines: a machine that is told them was told the newest of
    its time. A run of one that has not ended counts too. At most four queries.
    """
    if Assignment.objects.filter(project=project, guidelines_version=version).exists():
        return True
    told = project.machine_annotators.filter(parameters__tell_guidelines=True)
    ids = {str(public_id): pk for pk, public_id in told.values_list("pk", "public_id")}
    if not ids:
        return False
    return (
        PreAnnotation.objects.filter(
            machine__in=ids.values(), created_at__gte=version.created_at
        ).exists()
        or Job.objects.filter(
            _UNENDED, project=project, parameters__machine__in=list(ids)
        ).exists()
    )
