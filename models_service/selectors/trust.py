"""How far a machine annotator can be trusted, as pages and REST tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.protocols import signs_of
from annotation.answers import main_question, parse_questions
from annotation.models import (
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
)
from models_service.calibration import ENOUGH_ITEMS, Calibrator
from models_service.models import MachineReport
from models_service.trust import FORMULA, calibrator_from
from models_service.weight import PositionBias, Weight, carries_weight

NAN = float("nan")
# Fewer items are too few to tell: items drawn anew from three that agree always agree,
# so the interval would be empty.
LEAST_TO_TELL = 10


@dataclass(frozen=True)
class Trust:
    """The last report of a machine annotator.

    `figures` are those of models_service.trust; `requested_at`: a newer one is on its
    way.
    """

    figures: Mapping[str, Any]
    computed_at: datetime
    requested_at: datetime | None

    @property
    def weight(self) -> Weight:
        """Return whether its verdicts carry weight, and in sentences why not."""
        return carries_weight(self.position)

    @property
    def position(self) -> PositionBias:
        """Return what the place shown does to it."""
        told = self.figures["position"]
        return PositionBias(
            n_items=told["n_items"],
            mean_bias=interval(told["mean_bias"]),
            mean_evidence=told["mean_evidence"],
            n_flips=told["n_flips"],
            flips=interval(told["flips"]),
        )

    @property
    def agreement(self) -> Interval:
        """Return how often it says what most people say."""
        return interval(self.figures["majority"])

    @property
    def kappa(self) -> Interval:
        """Return Cohen's kappa with most people."""
        return interval(self.figures["kappa"])

    @property
    def ece(self) -> Interval | None:
        """Return its calibration error after calibration; None where not known."""
        told = self.figures["calibration"]
        return interval(told["ece_after"]) if told else None

    @property
    def calibrator(self) -> Calibrator | None:
        """Return what turns its stored evidence into probabilities."""
        told = self.figures["calibration"]
        return calibrator_from(told["calibrator"]) if told else None

    @property
    def temperature(self) -> float:
        """Return by what a jury divides its evidence; 1 where that is not known."""
        told = self.figures["temperature"]
        return float(told["value"]) if told else 1.0

    @property
    def n_items(self) -> int:
        """Return on how many items its agreement with people rests."""
        return int(self.figures["n_items"])

    @property
    def n_unlabelled(self) -> int:
        """Return how many items it has answered and no person has."""
        return int(self.figures["n_judged"] - self.figures["n_labelled"])

    @property
    def n_to_label(self) -> int:
        """Return how many more of these would make its figures hold; 0 = enough."""
        return min(max(0, ENOUGH_ITEMS - self.n_items), self.n_unlabelled)

    @property
    def is_too_few(self) -> bool:
        """Tell whether so few that nothing can be told; not where there are none."""
        return 0 < self.n_items < LEAST_TO_TELL

    @property
    def is_few(self) -> bool:
        """Tell whether its figures rest on too little."""
        return self.n_items < ENOUGH_ITEMS


def interval(told: Mapping[str, float | None]) -> Interval:
    """Return a stored estimate with its ends; NaN where it is not defined."""
    ends = (told["value"], told["low"], told["high"])
    return Interval(*(NAN if one is None else one for one in ends))


def trust_of(machine: MachineAnnotator) -> Trust | None:
    """Return the last report of a machine; None where there is none; one query."""
    return _trust(MachineReport.objects.filter(machine=machine).first())


def trust_by_machine(
    project: Project, machines: Sequence[int] | None = None
) -> dict[int, Trust]:
    """Return the last report of each machine of a project by its key; one query.

    `machines`: keys of those that are wanted; None = all.
    """
    found = MachineReport.objects.filter(machine__project=project)
    if machines is not None:
        found = found.filter(machine__in=machines)
    return {one.pk: trust for one in found if (trust := _trust(one)) is not None}


def shared_figures(trust: Trust) -> dict[str, Any]:
    """Return the figures with people under their pseudonyms; one query.

    Whoever has left the project since is left out.
    """
    people = trust.figures["people"]
    keys = [one["participant"] for one in people["shown"]]
    found = Participant.objects.filter(pk__in=keys, withdrawal=None)
    names = dict(found.values_list("pk", "pseudonym"))
    shown = [
        {"pseudonym": names[one["participant"]], **one}
        for one in people["shown"]
        if one["participant"] in names
    ]
    for one in shown:
        del one["participant"]
    return {**trust.figures, "people": {**people, "shown": shown}}


def calibrated(trust: Trust | None, logit: float | None) -> float | None:
    """Return P(completion 0 is preferred) of stored evidence, once it is calibrated.

    None where there is no evidence or no calibration: what is raw is no probability.
    """
    calibrator = trust.calibrator if trust else None
    if calibrator is None or logit is None:
        return None
    return float(calibrator.probabilities(np.array([logit]))[0])


def calibrated_answers(rows: Sequence[PreAnnotation]) -> dict[int, float]:
    """Return P(the answer given) of each row whose machine is calibrated; one query.

    A tie, and a verdict without evidence, has none.
    """
    told = [row for row in rows if row.logit is not None and not row.order]
    if not told:
        return {}
    found = MachineReport.objects.in_bulk({row.machine_id for row in told})
    trusts = {pk: _trust(report) for pk, report in found.items()}
    known: dict[int, float] = {}
    for row in told:
        p_a = calibrated(trusts.get(row.machine_id), row.logit)
        question = main_question(parse_questions(row.questions_version.questions))
        sign = signs_of(question, row.answers.get(question.name), 2).get((0, 1))
        if p_a is not None and sign:
            known[row.pk] = p_a if sign > 0 else 1 - p_a
    return known


def _trust(report: MachineReport | None) -> Trust | None:
    if report is None or report.computed_at is None or report.formula != FORMULA:
        return None
    return Trust(report.figures, report.computed_at, report.requested_at)
