"""The project's own reward model as its page shows it."""

import uuid
from dataclasses import dataclass
from typing import Any

from annotation.agreement import Interval
from annotation.models import Item, Job, MachineAnnotator, Project
from models_service.models import Head

SHOWN = 20
NAN = float("nan")


@dataclass(frozen=True)
class Suspicious:
    """A labelled pair that the model would have decided otherwise."""

    item_id: uuid.UUID
    name: str
    margin: float


@dataclass(frozen=True)
class CurvePoint:
    """How well models do that saw fewer labels."""

    n_pairs: int
    accuracy: float


@dataclass(frozen=True)
class RewardModel:
    """The newest head with its figures, each with an interval.

    `gain`: of accuracy over “the longer answer wins”. `is_better`: its interval lies
    above 0. `machine`: the annotator that it is, None before its first run is possible.
    """

    head: Head
    machine: MachineAnnotator | None
    accuracy: Interval
    length: Interval
    gain: Interval
    curve: tuple[CurvePoint, ...]
    suspicious: tuple[Suspicious, ...]
    n_suspicious: int
    note: str

    @property
    def is_better(self) -> bool:
        """Tell whether it beats length alone, beyond chance."""
        return self.gain.low > 0


def training_of(project: Project) -> Job | None:
    """Return the newest training, whether it has ended or not; one query."""
    return project.jobs.filter(kind=Job.Kind.TRAIN).order_by("-created_at").first()


def reward_model(project: Project) -> RewardModel | None:
    """Return the newest reward model; three queries, None where there is none."""
    head = (
        Head.objects.select_related("encoder")
        .defer("weights")
        .filter(project=project)
        .order_by("-number")
        .first()
    )
    if head is None:
        return None
    told = head.figures
    return RewardModel(
        head=head,
        machine=MachineAnnotator.objects.filter(
            project=project,
            backend=MachineAnnotator.Backend.HEAD,
            number=head.number,
        ).first(),
        accuracy=_interval(told["head"]["accuracy"]),
        length=_interval(told["length_alone"]["accuracy"]),
        gain=_interval(told["accuracy_gain"]),
        curve=tuple(
            CurvePoint(point["n_pairs"], point["accuracy"]) for point in told["curve"]
        ),
        suspicious=_suspicious(project, told["suspicious"][:SHOWN]),
        n_suspicious=told["n_suspicious"],
        note=told["encoder_note"],
    )


def _interval(told: list[float | None]) -> Interval:
    value, low, high = (NAN if part is None else part for part in told)
    return Interval(value, low, high)


def _suspicious(project: Project, told: list[dict[str, Any]]) -> tuple[Suspicious, ...]:
    ids = [one["item"] for one in told]
    items = {
        str(item.public_id): item
        for item in Item.objects.filter(project=project, public_id__in=ids)
    }
    return tuple(
        Suspicious(items[key].public_id, str(items[key]), one["margin"])
        for one in told
        for key in [one["item"]]
        if key in items
    )
