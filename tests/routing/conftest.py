"""A pool with the verdicts of an AI and of judges, and people who answer by a rule."""

import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from annotation.models import (
    Assignment,
    Item,
    Job,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    Route,
)
from annotation.services import assignments, submissions
from annotation.services.jobs import UNFINISHED, claim_job, run_claimed
from models_service.backends.embeddings import ChosenEncoder, default_encoder
from routing.models import RoutingPolicy
from routing.services import embedding
from routing.services.due import refresh_due
from routing.services.embedding import run_embedding
from routing.services.policies import PolicyDraft, set_policy
from routing.services.runs import run_routing
from tests.models.test_embedding_cache import CountingEncoder
from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]
MakePool = Callable[..., Project]
MakeAnnotator = Callable[[Project], Participant]
# The side that is said of an item, by its number.
Says = Callable[[int], int]


def make_machine(project: Project, name: str, says: Says | None) -> MachineAnnotator:
    """Return a judge that says so of every item; None = of none."""
    machine = MachineAnnotator.objects.create(
        project=project, name=name, protocol="pairwise"
    )
    if says is not None:
        judge(machine, says, Item.objects.filter(project=project))
    return machine


def judge(machine: MachineAnnotator, says: Says, items: Any) -> None:
    """Store what a machine says of these items."""
    asked = machine.project.current_questions()
    PreAnnotation.objects.bulk_create(
        PreAnnotation(
            project=machine.project,
            item=item,
            machine=machine,
            questions_version=asked,
            answers={"preference": {"value": says(item.number)}},
            logit=2.0 * says(item.number),
        )
        for item in items
    )


def draft_of(machine: MachineAnnotator | None, **more: Any) -> PolicyDraft:
    """Return a policy of a seed of 40 and labels for half of the items."""
    given: dict[str, Any] = {
        "machine": machine,
        "n_seed": 40,
        "budget": Decimal("0.5"),
        "budget_unit": "share",
        "label_usd": Decimal("0.2"),
        "seed": 1,
    }
    return PolicyDraft(**{**given, **more})


def start(project: Project, machine: MachineAnnotator, **more: Any) -> RoutingPolicy:
    """Set a policy, and let its first job run."""
    policy = set_policy(
        project=project, by=project.created_by, draft=draft_of(machine, **more)
    )
    run_newest(project)
    return policy


def run_newest(project: Project) -> Job:
    """Run the newest job of routing as a worker does, and what embeds before it."""
    jobs = Job.objects.filter(project=project, state__in=UNFINISHED)
    if (embeds := jobs.filter(kind="embed").first()) is not None:
        assert run_job(embeds).state == "done"
        if not jobs.filter(kind="route").exists():
            refresh_due()
    return run_job(Job.objects.filter(project=project, kind="route").latest("id"))


def run_job(job: Job) -> Job:
    """Run a job as a worker does; no sentence model is loaded for it."""
    claimed = claim_job(job.pk)
    assert claimed is not None
    if job.kind != "embed":
        run_claimed(claimed, run_routing)
    elif vars(embedding)["default_encoder"] is not default_encoder:
        run_claimed(claimed, run_embedding)
    else:
        with pytest.MonkeyPatch.context() as patch:
            stand_in(patch)
            run_claimed(claimed, run_embedding)
    job.refresh_from_db()
    return job


def stand_in(patch: pytest.MonkeyPatch) -> CountingEncoder:
    """Stand in for a sentence model, which takes seconds to load."""
    made = CountingEncoder()
    patch.setattr(embedding, "default_encoder", lambda: ChosenEncoder(made))
    return made


def routes_of(project: Project) -> dict[int, Route]:
    """Return the routes by the number of their item."""
    found = Route.objects.filter(project=project).select_related("item")
    return {route.item.number: route for route in found}


def lend(person: Participant) -> Assignment | None:
    """Lend the next item."""
    project = Project.objects.get(pk=person.project_id)
    return assignments.claim_next(participant=person, project=project)


def answer(assignment: Assignment, side: int) -> None:
    """Answer so that the side of the stored order is preferred: 1, -1, 0."""
    fresh = Assignment.objects.select_related("project").get(pk=assignment.pk)
    value = side if fresh.order == [0, 1] else -side
    submissions.submit(
        assignment=fresh,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": value}},
        active_ms=4000,
    )


def work(person: Participant, says: Says, most: int = 10_000) -> list[int]:
    """Let a person answer what there is; return the numbers of the items."""
    numbers: list[int] = []
    while len(numbers) < most and (lent := lend(person)) is not None:
        number = Item.objects.get(pk=lent.item_id).number
        answer(lent, says(number))
        numbers.append(number)
    return numbers


def says_always(_number: int) -> int:
    """Say A of every item."""
    return 1


def lookup(table: Mapping[int, int]) -> Says:
    """Say what a table says."""
    return lambda number: table[number]


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> CountingEncoder:
    """Return what stands in for a sentence model."""
    return stand_in(monkeypatch)


@pytest.fixture
def pool(make_pool: MakePool) -> Project:
    """Return a hundred items."""
    return make_pool(100)


@pytest.fixture
def machine(pool: Project) -> MachineAnnotator:
    """Return an AI that prefers A of every item of the pool."""
    return make_machine(pool, "ai", says_always)


@pytest.fixture
def person(pool: Project, make_annotator: MakeAnnotator) -> Participant:
    """Return a ready annotator of the pool."""
    return make_annotator(pool)
