"""Seat the members of a jury, and let it decide on a batch of items.

A jury has the face of `judging.Judge`: a run asks it in the same way. It hears what its
members have said already, so it makes no call and costs nothing.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import isfinite
from operator import itemgetter
from typing import Any

from django.db import connection

from annotation.errors import InvalidError
from annotation.models import MachineAnnotator, Project
from annotation.questions import Problem
from annotation.words import gettext as _
from models_service.combining import Combined
from models_service.jury import Member, decide, evidence_of, is_heard
from models_service.prompts.base import question_for
from models_service.selectors.juries import why_not
from models_service.selectors.machines import machine_row
from models_service.selectors.seats import (
    QUORUM,
    Seat,
    compared_by,
    heard_questions,
    seats_of,
)
from models_service.selectors.trust import Trust, trust_by_machine
from models_service.selectors.verdict_rows import member_verdict
from models_service.selectors.wanted import WantedItem
from models_service.services.judging import Judged
from models_service.specs import JURY, Spec

_SAID = """
    SELECT p.item_id, p.machine_id, p.questions_version_id, p."order", p.status,
        p.answers::text, p.logit, p.bias, p.flags, p.probability,
        p.metadata ->> 'rationale', (p.metadata -> 'rationale_order')::text
    FROM pre_annotation p
    WHERE p.item_id = ANY(%(items)s) AND p.machine_id = ANY(%(machines)s)
      AND p.questions_version_id = ANY(%(versions)s)
    ORDER BY p.item_id, p.machine_id, p.questions_version_id DESC, p."order"
"""


# --- seating ------------------------------------------------------------------------


def seated(project: Project, spec: Spec) -> Spec:
    """Return what is said of a jury with its members as they are known now.

    Temperatures and weights are frozen: the same version always decides in the same
    way. Any other machine annotator is returned as it is.

    Raises InvalidError with every fault at its field.
    """
    if spec.backend != JURY:
        return spec
    problems = _faults(project, spec.parameters["members"])
    if not problems:
        seats, problems = _seats(project, spec.parameters)
    if problems:
        raise InvalidError(_("The AI annotator needs mending."), problems=problems)
    told = [
        {
            "id": str(one.machine.public_id),
            "temperature": one.temperature,
            "weight": one.weight,
            "is_calibrated": one.is_calibrated,
            "carries": one.carries,
        }
        for one in seats
    ]
    return replace(spec, parameters={**spec.parameters, "members": told})


def _faults(project: Project, ids: Sequence[str]) -> list[Problem]:
    questions = project.current_questions()
    if questions is None or compared_by(questions) is None:
        text = _(
            "The project does not ask which of two answers is better. A jury answers "
            "nothing else: ranks and marks of several judges have no common scale."
        )
        return [Problem("members", text)]
    found = _machines(project, ids)
    problems = []
    for one in ids:
        if one not in found:
            text = _("This project has no AI annotator {id}.").format(id=one)
            problems.append(Problem("members", text))
        elif why := why_not(found[one]):
            problems.append(Problem("members", why))
    return problems


def _machines(project: Project, ids: Sequence[str]) -> dict[str, MachineAnnotator]:
    found = MachineAnnotator.objects.filter(project=project, public_id__in=ids)
    return {str(one.public_id): one for one in found}


def _seats(
    project: Project, given: Mapping[str, Any]
) -> tuple[list[Seat], list[Problem]]:
    machines = _machines(project, given["members"])
    trusts = trust_by_machine(project)
    seats, problems = [], []
    for key in given["members"]:
        machine = machines[key]
        trust = trusts.get(machine.pk)
        by_agreement = given["weights"] == "agreement"
        if by_agreement and (trust is None or not isfinite(trust.kappa.value)):
            text = _(
                "It is not known how far {name} agrees with people. Let it answer "
                "items that people have answered too, or let all judges weigh the same."
            )
            problems.append(Problem("weights", text.format(name=machine.name)))
            continue
        seats.append(_seat(machine, trust, by_agreement=by_agreement))
    if not problems and sum(one.weight > 0 for one in seats) < QUORUM:
        text = _(
            "Fewer than two of these judges carry weight, so they are no jury. The "
            "others contradict themselves too often when the answers swap places, or "
            "agree with people no more than chance would. Choose other judges."
        )
        problems.append(Problem("members", text))
    return seats, problems


def _seat(
    machine: MachineAnnotator, trust: Trust | None, *, by_agreement: bool
) -> Seat:
    weight = 1.0
    if by_agreement and trust is not None:
        weight = max(0.0, trust.kappa.value)
    carries = (trust.weight if trust else machine_row(machine).weight).carries
    told = trust.figures["temperature"] if trust else None
    return Seat(
        machine=machine,
        temperature=trust.temperature if trust else 1.0,
        weight=weight if carries else 0.0,
        is_calibrated=bool(told and told["n_items"]),
        carries=carries,
    )


# --- deciding -----------------------------------------------------------------------


class Jury:
    """A jury at work: it hears the stored verdicts of its members."""

    def __init__(self, machine: MachineAnnotator) -> None:
        self.machine = machine
        self.n_cached = 0
        self.seats = {one.machine.pk: one for one in seats_of(machine)}
        self.questions = heard_questions(machine.project)

    def judge(self, items: Sequence[WantedItem]) -> list[Judged]:
        """Return one verdict for each item on which a quorum is heard; one query."""
        said = self._said([item.id for item in items])
        found = []
        for item in items:
            members = {
                key: Member(told, self.seats[key].temperature, self.seats[key].weight)
                for key, told in said[item.id].items()
            }
            if sum(map(is_heard, members.values())) >= QUORUM:
                found.append(Judged(item, self._decided(item, members)))
        return found

    def _decided(self, item: WantedItem, members: Mapping[int, Member]) -> Combined:
        question = question_for("pairwise", item.case.questions)
        found = decide(
            [
                # A file may have asked it in other words and grades.
                replace(one, verdict=replace(one.verdict, question=question))
                for one in members.values()
            ],
            self.machine.parameters.get("tie_band", 0.0),
        )
        told = tuple(_told(self.seats[key], member) for key, member in members.items())
        return replace(found, members=told)

    def _said(self, items: Sequence[int]) -> dict[int, dict[int, Combined]]:
        """Return what each member says of each item, by item and by member."""
        with connection.cursor() as db:
            db.execute(
                _SAID,
                {
                    "items": list(items),
                    "machines": list(self.seats),
                    "versions": list(self.questions),
                },
            )
            rows = db.fetchall()
        found: dict[int, dict[int, Combined]] = defaultdict(dict)
        for (item, machine), of_member in groupby(rows, key=itemgetter(0, 1)):
            found[item][machine] = self._verdict(list(of_member))
        # In the order of the seats, so that the same members always say it alike.
        return defaultdict(
            dict,
            {
                item: {key: told[key] for key in self.seats if key in told}
                for item, told in found.items()
            },
        )

    def _verdict(self, rows: Sequence[Any]) -> Combined:
        """Return the newest verdict of a member on an item; else its newest trouble."""
        told = [
            self._of_version(version, list(of_version))
            for version, of_version in groupby(rows, key=itemgetter(2))
        ]
        return next((one for one in told if one.status == "ok"), told[0])

    def _of_version(self, version: int, rows: Sequence[Any]) -> Combined:
        found = member_verdict(self.questions[version], [row[3:10] for row in rows])
        rationale, order = rows[0][10:]
        shown = tuple(json.loads(order)) if order else ()
        return replace(found, rationale=rationale or "", rationale_order=shown)


def _told(seat: Seat, member: Member) -> dict[str, Any]:
    """Return what is kept of a member's say; its evidence as the jury counted it."""
    said = member.verdict
    told = {
        "id": str(seat.machine.public_id),
        "status": said.status,
        "weight": member.weight,
    }
    if said.logit is None:
        return told
    return {**told, **said.value, "logit": evidence_of(member)}
