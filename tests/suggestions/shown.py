"""Suggestions that people saw, laid into the database at once."""

import uuid
from collections.abc import Mapping

from django.utils import timezone

from annotation.models import (
    Annotation,
    Assignment,
    Exposure,
    Item,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    SuggestionPolicy,
)

HALF = {"blind": 1, "shown": 1}


def make_policy(
    machine: MachineAnnotator, arms: Mapping[str, int] | None = None
) -> SuggestionPolicy:
    """Return the next policy of the machine's project, in force."""
    project = machine.project
    policy = SuggestionPolicy.objects.create(
        project=project,
        number=SuggestionPolicy.objects.filter(project=project).count() + 1,
        machine=machine,
        arms=dict(arms or HALF),
        seed=1,
        created_by=project.created_by,
    )
    project.suggestion_policy = policy
    project.save(update_fields=["suggestion_policy"])
    return policy


def says_always(machine: MachineAnnotator, value: int = 1) -> None:
    """Let a machine say the same of every item of its project."""
    version = machine.project.current_questions()
    assert version is not None
    PreAnnotation.objects.bulk_create(
        PreAnnotation(
            project=machine.project,
            item=item,
            machine=machine,
            questions_version=version,
            answers={"preference": {"value": value}},
        )
        for item in Item.objects.filter(project=machine.project)
    )


def expose(
    person: Participant, policy: SuggestionPolicy, arm: str, *, share: float = 0.5
) -> list[Exposure]:
    """Put all main answers of a person into an arm; revealed ones come after."""
    verdicts = {
        one.item_id: one
        for one in PreAnnotation.objects.filter(machine=policy.machine, order=[])
    }
    lent = Assignment.objects.filter(participant=person, purpose="main")
    return Exposure.objects.bulk_create(
        Exposure(
            assignment=one,
            policy=policy,
            pre_annotation=verdicts[one.item_id],
            arm=arm,
            propensity=share,
            visible_at=None if arm == "blind" else timezone.now(),
            words="" if arm == "blind" else "A is better.",
            first_answer=one.annotation if arm == "revealed" else None,
        )
        for one in lent.select_related("annotation").order_by("item__number")
    )


def change(exposure: Exposure, value: int) -> Annotation:
    """Let a person put another answer in the place of a first one."""
    assignment = exposure.assignment
    before = assignment.annotation
    assert before is not None
    after = Annotation.objects.create(
        project=before.project,
        item=before.item,
        assignment=assignment,
        participant=before.participant,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": value}},
        source="web",
        supersedes=before,
    )
    assignment.annotation = after
    assignment.save(update_fields=["annotation"])
    return after


def policies_of(project: Project) -> list[SuggestionPolicy]:
    """Return the policies of a project, the oldest first."""
    return list(SuggestionPolicy.objects.filter(project=project).order_by("number"))
