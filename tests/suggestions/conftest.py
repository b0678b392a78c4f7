"""A pool with a machine's verdicts, a policy, and people who answer beside it."""

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.models import (
    Assignment,
    Exposure,
    FrontierEntry,
    Item,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    SuggestionPolicy,
)
from annotation.services import assignments, submissions
from annotation.services.suggestions import set_policy
from annotation.suggestions import draw_arm
from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]
MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
# Nothing else in the product says this.
TOKEN = "zyxqv-7731-verdict"
REASON = f"It keeps to the facts, {TOKEN}."


def make_machine(
    project: Project, name: str = "judge", **more: Any
) -> MachineAnnotator:
    """Return a judge of the project that compares pairs."""
    fields = {"protocol": "pairwise", **more}
    return MachineAnnotator.objects.create(project=project, name=name, **fields)


def judge(
    machine: MachineAnnotator, value: int = 2, *, items: Any = None, **more: Any
) -> list[PreAnnotation]:
    """Store a verdict on each item, as if it was there since an hour.

    The items are English, so that a reason may be told in any order.
    """
    project = machine.project
    Item.objects.filter(project=project).update(language="en")
    found = Item.objects.filter(project=project) if items is None else items
    rows = PreAnnotation.objects.bulk_create(
        PreAnnotation(
            project=project,
            item=item,
            machine=machine,
            questions_version=project.current_questions(),
            **{
                "answers": {"preference": {"value": value}},
                "logit": 2.0 if value > 0 else -2.0,
                "metadata": {"rationale": REASON},
                **more,
            },
        )
        for item in found
    )
    age(project)
    return rows


def age(project: Project) -> None:
    """Let verdicts and policies lie an hour back.

    In a test's one transaction every item is lent at its beginning, so before them.
    """
    earlier = timezone.now() - timedelta(hours=1)
    PreAnnotation.objects.filter(project=project).update(created_at=earlier)
    SuggestionPolicy.objects.filter(project=project).update(created_at=earlier)


def suggest(
    project: Project, machine: MachineAnnotator, arms: Mapping[str, int], **more: Any
) -> SuggestionPolicy:
    """Set a policy, in force since an hour."""
    policy = set_policy(
        project=project, by=project.created_by, machine=machine, arms=arms, **more
    )
    assert policy is not None
    age(project)
    return policy


def draw_so_that(
    policy: SuggestionPolicy, person: Participant, fits: Callable[[list[str]], bool]
) -> None:
    """Give a policy a seed by which the arms of a person's items fit.

    The arms stand in the order in which the items come. Rows have other numbers in
    each run, and no seed draws the same for all of them.
    """
    entries = FrontierEntry.objects.filter(project=policy.project_id)
    items = list(entries.order_by("random_key").values_list("item", flat=True))
    for seed in range(10_000):
        arms = [str(draw_arm(policy.arms, seed, item, person.pk)[0]) for item in items]
        if fits(arms):
            policy.seed = seed
            policy.save(update_fields=["seed"])
            return
    raise AssertionError("No seed draws arms that fit.")


def end(project: Project) -> None:
    """Show people nothing more."""
    set_policy(project=project, by=project.created_by, machine=None, arms={})


def claim(person: Participant, *, ahead: bool = False) -> Assignment:
    """Return the person's next item, with the project as it is stored now."""
    project = Project.objects.get(pk=person.project_id)
    ask = assignments.claim_ahead if ahead else assignments.claim_next
    found = ask(participant=person, project=project)
    assert found is not None
    return found


def answer(
    assignment: Assignment, value: int = 1, key: uuid.UUID | None = None
) -> submissions.Submission:
    """Answer in the presented order."""
    fresh = Assignment.objects.select_related("project").get(pk=assignment.pk)
    return submissions.submit(
        assignment=fresh,
        submission_id=key or uuid.uuid4(),
        answers={"preference": {"value": value}},
        active_ms=4000,
    )


def exposure(assignment: Assignment) -> Exposure | None:
    """Return the stored exposure, if there is one."""
    return Exposure.objects.filter(pk=assignment.pk).first()


@pytest.fixture
def pool(make_pool: MakePool) -> Project:
    """Return thirty items that want three answers each."""
    return make_pool(30, overlap=3)


@pytest.fixture
def machine(pool: Project) -> MachineAnnotator:
    """Return a judge that has judged every item of the pool."""
    found = make_machine(pool)
    judge(found)
    return found


@pytest.fixture
def person(pool: Project, make_annotator: MakeAnnotator) -> Participant:
    """Return a ready annotator of the pool."""
    return make_annotator(pool)
