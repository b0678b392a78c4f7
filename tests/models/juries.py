"""Judges that answer by a rule, and juries of them."""

from math import log
from typing import Any

from annotation.models import Job, MachineAnnotator, PreAnnotation, Project
from annotation.services import jobs
from models_service.backends.base import Ask, Failure, Reply
from models_service.services import runs
from models_service.services.machines import add_machine, checked
from tests.models.judges import answer_all, make_judge, texts_of, verdict

# What one reply in each order, both for one side, is as evidence.
VOTE = log(3)


def canonical_second(ask: Ask) -> Reply:
    """Prefer the completion that a pool stores second, wherever it is shown."""
    first, _second = texts_of(ask)
    return verdict(ask, "B" if first.startswith("Answer 0") else "A")


def broken(ask: Ask) -> Reply | Failure:
    """Answer in no form at all."""
    return Reply(ask.key, "I like both.", "stop", 10, 5, 5)


def judges(project: Project, *rules: Any) -> list[MachineAnnotator]:
    """Return judges of the project that have answered by these rules; None: nothing."""
    made = []
    for number, rule in enumerate(rules, 1):
        machine = make_judge(project, name=f"judge {number}")
        if rule is not None:
            answer_all(machine, rule)
        made.append(machine)
    return made


def make_jury(
    project: Project, members: list[MachineAnnotator], **given: Any
) -> MachineAnnotator:
    spec = checked(
        {
            "name": "jury",
            "backend": "jury",
            "members": [str(one.public_id) for one in members],
            **given,
        },
        allow_private=False,
    )
    return add_machine(project=project, user=project.created_by, spec=spec)


def weighted(jury: MachineAnnotator, *weights: float) -> MachineAnnotator:
    """Freeze other weights into a jury."""
    for seat, weight in zip(jury.parameters["members"], weights, strict=True):
        seat["weight"] = weight
    jury.save(update_fields=["parameters"])
    return jury


def decide(jury: MachineAnnotator, **chosen: Any) -> Job:
    return answer_all(jury, broken, **chosen)


def said(machine: MachineAnnotator) -> list[PreAnnotation]:
    return list(
        PreAnnotation.objects.filter(machine=machine, order=[]).order_by("item__number")
    )


def named(project: Project, name: str) -> MachineAnnotator:
    return project.machine_annotators.get(name=name)


def go(job: Job) -> None:
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, runs.run_pre_annotation)
    job.refresh_from_db()
