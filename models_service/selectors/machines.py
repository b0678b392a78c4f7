"""The machine annotators of a project, with what each has said and cost so far."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from math import sqrt
from statistics import NormalDist
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Sum

from annotation.agreement import Interval, wilson_interval
from annotation.models import Job, MachineAnnotator, Project
from annotation.words import gettext as _
from models_service.combining import ORDER_INCONSISTENT
from models_service.models import Connection, Run
from models_service.prompts import PROTOCOLS
from models_service.selectors.trust import trust_by_machine
from models_service.specs import JURY, MODES, NUMBERS, SCALE
from models_service.weight import PositionBias, Weight, carries_weight

# The median of so many calls says as much as that of a million, and at once.
MOST_CALLS = 2000
# Figures of more verdicts are kept for a while: a million takes seconds to count.
LARGE = 10_000
LARGE_CACHE_S = 30
NAN = float("nan")
UNENDED = (Job.State.WAITING, Job.State.RUNNING, Job.State.PAUSED)


@dataclass(frozen=True)
class MachineRow:
    """A version of a machine annotator with its figures.

    `n_items`: how many items it has a stored verdict of, whatever its status; the four
    counts are of verdicts. `cost_usd` is None where nobody knows its price.
    `position`: what the place shown does to it. `unended`: its run that has not ended.
    """

    machine: MachineAnnotator
    n_items: int
    n_ok: int
    n_unparsable: int
    n_refused: int
    n_failed: int
    cost_usd: Decimal | None
    median_ms: float | None
    position: PositionBias
    last_at: datetime | None
    unended: uuid.UUID | None
    is_past: bool

    @property
    def n_verdicts(self) -> int:
        """Return how many verdicts it has, whatever came of them."""
        return self.n_ok + self.n_unparsable + self.n_refused + self.n_failed

    @property
    def parts(self) -> list[tuple[str, str, int, float]]:
        """Return what came of its verdicts: key, words, count, share; none where 0."""
        if not self.n_verdicts:
            return []
        told = [
            ("ok", _("with a verdict"), self.n_ok),
            ("unparsable", _("not readable"), self.n_unparsable),
            ("refused", _("refused"), self.n_refused),
            ("failed", _("failed"), self.n_failed),
        ]
        return [(key, words, n, n / self.n_verdicts) for key, words, n in told if n]

    @property
    def cost_per_100(self) -> Decimal | None:
        """Return what a hundred of its items cost in USD."""
        if self.cost_usd is None or not self.n_items:
            return None
        return 100 * self.cost_usd / self.n_items

    @property
    def weight(self) -> Weight:
        """Return whether its verdicts carry weight."""
        return carries_weight(self.position)

    @property
    def what(self) -> str:
        """Return what it is, in a few words."""
        return what_it_is(self.machine)

    @property
    def is_asked(self) -> bool:
        """Tell whether it can be asked; what a file brought cannot."""
        return self.machine.backend != MachineAnnotator.Backend.FILE


def what_it_is(machine: MachineAnnotator) -> str:
    """Return kind of backend and judging protocol in words."""
    protocol = PROTOCOLS.get(machine.protocol)
    words = [_(protocol.title)] if protocol else []
    return " · ".join([*words, str(machine.get_backend_display())])


def machine_rows(project: Project) -> list[MachineRow]:
    """Return every version of a project's machine annotators, the newest first.

    Five queries, whatever their number, one for files that tell single orders, and one
    more for each that was asked. Figures
    of more than LARGE verdicts are up to LARGE_CACHE_S seconds old.
    """
    machines = list(
        MachineAnnotator.objects.filter(project=project).order_by("-created_at", "-id")
    )
    return rows_of(project, machines)


def machine_row(machine: MachineAnnotator) -> MachineRow:
    """Return one version with its figures; as `machine_rows`."""
    return rows_of(machine.project, [machine])[0]


def connection_of(machine: MachineAnnotator) -> Connection | None:
    """Return how a machine annotator is reached; one query."""
    return Connection.objects.filter(machine=machine).first()


def told(machine: MachineAnnotator) -> dict[str, Any]:
    """Return what is stored of one as `specs.read_spec` reads it; never its key.

    One query.
    """
    parameters = machine.parameters
    said: dict[str, Any] = {
        name: getattr(machine, name)
        for name in ("name", "backend", "protocol", "model", "revision")
    }
    said |= {name: parameters.get(name, NUMBERS[name][2]) for name in NUMBERS}
    said |= {
        "seed": parameters.get("seed"),
        "tell_guidelines": bool(parameters.get("tell_guidelines")),
        "extra_body": parameters.get("extra_body", {}),
        "mode": parameters.get("mode", MODES[0]),
        "scale": parameters.get("scale", SCALE[2]),
        "usd_per_million_in": machine.usd_per_million_in,
        "usd_per_million_out": machine.usd_per_million_out,
    }
    if machine.backend == JURY:
        said |= {
            "members": [one["id"] for one in parameters["members"]],
            "weights": parameters["weights"],
        }
    found = connection_of(machine)
    if found is not None:
        names = ("base_url", "concurrency", "requests_per_minute", "timeout_s")
        said |= {name: getattr(found, name) for name in names}
    return said


def versions_of(machine: MachineAnnotator) -> list[MachineAnnotator]:
    """Return all versions under its name, the newest first; one query."""
    found = MachineAnnotator.objects.filter(
        project_id=machine.project_id, name=machine.name
    )
    return list(found.order_by("-number", "-id"))


# Order '{}' is the verdict that all orders make together; a file brings single ones.
_FIGURES = """
    SELECT p.machine_id, count(DISTINCT p.item_id),
        count(*) FILTER (WHERE p.status = 'ok'),
        count(*) FILTER (WHERE p.status = 'unparsable'),
        count(*) FILTER (WHERE p.status = 'refused'),
        count(*) FILTER (WHERE p.status = 'failed'),
        sum(p.cost_usd), max(p.created_at),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms),
        count(*) FILTER (WHERE p.status = 'ok' AND p.bias IS NOT NULL),
        avg(p.bias) FILTER (WHERE p.status = 'ok'),
        stddev_samp(p.bias) FILTER (WHERE p.status = 'ok'),
        avg(abs(p.logit)) FILTER (WHERE p.status = 'ok' AND p.bias IS NOT NULL),
        count(*) FILTER (WHERE p.status = 'ok' AND p.bias IS NOT NULL
            AND %(flag)s = ANY(p.flags))
    FROM pre_annotation p
    WHERE p.machine_id = ANY(%(machines)s)
    GROUP BY p.machine_id
"""
_MEDIAN = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms)
    FROM (SELECT latency_ms FROM model_call
          WHERE machine_id = %(machine)s AND status <> 'failed' LIMIT %(most)s) c
"""


def _figures(ids: Sequence[int]) -> dict[int, Sequence[Any]]:
    """Return the sums of each machine; few verdicts are counted anew each time."""
    keys = {f"machine_figures:{machine}": machine for machine in ids}
    found = {keys[key]: row for key, row in cache.get_many(keys).items()}
    missing = [machine for machine in ids if machine not in found]
    if not missing:
        return found
    with connection.cursor() as db:
        db.execute(_FIGURES, {"machines": missing, "flag": ORDER_INCONSISTENT})
        for machine, *row in db.fetchall():
            found[machine] = row
            if sum(row[1:5]) > LARGE:
                cache.set(f"machine_figures:{machine}", row, LARGE_CACHE_S)
    return found


def rows_of(project: Project, machines: Sequence[MachineAnnotator]) -> list[MachineRow]:
    """Return these versions with their figures; as `machine_rows`."""
    ids = [machine.pk for machine in machines]
    figures = _figures(ids)
    costs = dict(
        Run.objects.filter(machine__in=ids)
        .values_list("machine")
        .annotate(usd=Sum("cost_usd"))
    )
    past = set(
        MachineAnnotator.objects.filter(
            project=project, supersedes__isnull=False
        ).values_list("supersedes", flat=True)
    )
    unended = dict(
        Run.objects.filter(machine__in=ids, job__state__in=UNENDED).values_list(
            "machine", "job__public_id"
        )
    )
    rows = [
        _row(machine, figures.get(machine.pk), costs, machine.pk in past, unended)
        for machine in machines
    ]
    return _with_file_positions(project, rows)


def _with_file_positions(
    project: Project, rows: Sequence[MachineRow]
) -> list[MachineRow]:
    """Return the rows with what the reports say of files that tell single orders.

    Such orders are combined by a worker alone. One query, and none without files.
    """
    files = [
        row.machine.pk
        for row in rows
        if not row.is_asked and row.n_verdicts and not row.position.n_items
    ]
    if not files:
        return list(rows)
    known = trust_by_machine(project, files)
    return [
        replace(row, position=known[row.machine.pk].position)
        if row.machine.pk in files and row.machine.pk in known
        else row
        for row in rows
    ]


def _row(
    machine: MachineAnnotator,
    told: Sequence[Any] | None,
    costs: Mapping[int, Decimal],
    is_past: bool,
    unended: Mapping[int, uuid.UUID],
) -> MachineRow:
    n_items, ok, unparsable, refused, failed, cost, last_at, median, *place = told or [
        0,
        0,
        0,
        0,
        0,
        None,
        None,
        None,
        0,
        None,
        None,
        None,
        0,
    ]
    if machine.pk in costs:
        is_known = machine.usd_per_million_in is not None
        cost = costs[machine.pk] if is_known or costs[machine.pk] else None
        median = _median_ms(machine)
    return MachineRow(
        machine=machine,
        n_items=n_items,
        n_ok=ok,
        n_unparsable=unparsable,
        n_refused=refused,
        n_failed=failed,
        cost_usd=cost,
        median_ms=median,
        position=_position(*place),
        last_at=last_at,
        unended=unended.get(machine.pk),
        is_past=is_past,
    )


def _median_ms(machine: MachineAnnotator) -> float | None:
    with connection.cursor() as db:
        db.execute(_MEDIAN, {"machine": machine.pk, "most": MOST_CALLS})
        found: float | None = db.fetchone()[0]
    return found


def _position(
    n: int, mean: float | None, spread: float | None, evidence: float | None, flips: int
) -> PositionBias:
    """Return the same as `weight.position_bias`, of sums that the database made."""
    value = NAN if mean is None else mean
    half = NAN if spread is None else NormalDist().inv_cdf(0.975) * spread / sqrt(n)
    return PositionBias(
        n_items=n,
        mean_bias=Interval(value, value - half, value + half),
        mean_evidence=evidence,
        n_flips=flips,
        flips=wilson_interval(flips, n),
    )
