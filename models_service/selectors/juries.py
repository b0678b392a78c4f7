"""Who can sit in a jury, who sits in one, and what its members still owe."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Exists, OuterRef

from annotation.models import MachineAnnotator, PreAnnotation, Project, QuestionsVersion
from annotation.words import gettext as _
from annotation.words import gettext_noop
from models_service.jury import SPLIT
from models_service.models import Run
from models_service.prompts import PROTOCOLS
from models_service.selectors.machines import LARGE_CACHE_S, MachineRow, rows_of
from models_service.selectors.seats import (
    IS_HEARD,
    Seat,
    heard_questions,
    heard_values,
    is_jury,
    seats_of,
)
from models_service.selectors.trust import Trust, trust_by_machine
from models_service.selectors.wanted import (
    SCOPE,
    Selection,
    scope_values,
    selection_from,
)

# So many of the items that lack members' verdicts are named.
MOST_NAMED = 12
# What is lacking on more items is kept for a while, since a page asks for it again.
LARGE = 10_000

_NO_COMPARISON = gettext_noop(
    "{name} does not say which of two answers is better, so it cannot sit in a jury. "
    "Choose judges that compare two answers."
)
_IS_JURY = gettext_noop("{name} is a jury itself. Choose its members instead.")

_HEARD = f"""
    scope AS (SELECT i.id, i.number {SCOPE} AND i.n_completions = 2),
    heard AS (
        SELECT DISTINCT m.item_id, m.machine_id
        FROM pre_annotation m JOIN scope ON scope.id = m.item_id
        WHERE m.machine_id = ANY(%(members)s)
          AND m.questions_version_id = ANY(%(versions)s)
        GROUP BY m.item_id, m.machine_id, m.questions_version_id
        HAVING {IS_HEARD.format(rows="m")}),
    lacking AS (
        SELECT scope.number FROM scope LEFT JOIN heard ON heard.item_id = scope.id
        GROUP BY scope.id, scope.number HAVING count(heard.machine_id) < %(quorum)s)
"""  # noqa: S608  # our own words
_LACKING = f"""
    WITH {_HEARD}
    SELECT (SELECT count(*) FROM scope), (SELECT count(*) FROM lacking),
        ARRAY(SELECT number FROM lacking ORDER BY number LIMIT %(most)s),
        (SELECT COALESCE(jsonb_object_agg(machine_id, n), '{{}}')::text FROM
            (SELECT machine_id, count(*) AS n FROM heard GROUP BY machine_id) of_member)
"""  # noqa: S608  # our own words


@dataclass(frozen=True)
class Candidate:
    """A judge that can sit in a jury, with what tells whether it should."""

    row: MachineRow
    trust: Trust | None

    @property
    def carries(self) -> bool:
        """Tell whether its verdicts would count."""
        return (self.trust or self.row).weight.carries


@dataclass(frozen=True)
class ShownSeat:
    """A member of a jury. `share`: of all weight, in [0, 1]."""

    seat: Seat
    share: float
    trust: Trust | None


@dataclass(frozen=True)
class Owing:
    """A member without a verdict on `n` of the items meant."""

    machine: MachineAnnotator
    n: int


@dataclass(frozen=True)
class Lacking:
    """Items on which fewer than two members are heard, so that a jury is silent.

    `numbers`: the first of the `n` of `n_items`. `owing`: whose verdicts are missing
    on any item meant, the most first.
    """

    n_items: int
    n: int
    numbers: tuple[int, ...]
    owing: tuple[Owing, ...]

    @property
    def n_unnamed(self) -> int:
        """Return how many items beside those named there are."""
        return self.n - len(self.numbers)


def why_not(machine: MachineAnnotator) -> str:
    """Return in a sentence why one cannot sit in a jury; "" where it can.

    Of what a file brought three queries.
    """
    if is_jury(machine):
        return _(_IS_JURY).format(name=machine.name)
    if machine.pk in _comparing(machine.project, [machine]):
        return ""
    return _(_NO_COMPARISON).format(name=machine.name)


def _comparing(project: Project, machines: Sequence[MachineAnnotator]) -> set[int]:
    """Return the keys of those that say which of two answers is better.

    Three queries where a file brought any of them, else none.
    """
    files = [one.pk for one in machines if one.backend == MachineAnnotator.Backend.FILE]
    protocols = {one.pk: PROTOCOLS.get(one.protocol) for one in machines}
    found = {
        pk
        for pk, protocol in protocols.items()
        if pk not in files and (protocol is None or protocol.kind == "pairwise")
    }
    if files:
        said = PreAnnotation.objects.filter(
            machine=OuterRef("pk"), questions_version__in=list(heard_questions(project))
        )
        compare = MachineAnnotator.objects.filter(Exists(said), pk__in=files)
        found.update(compare.values_list("pk", flat=True))
    return found


def candidates(project: Project, chosen: Sequence[str] = ()) -> list[Candidate]:
    """Return the judges that can sit in a jury, those in use and the `chosen` ones.

    The number of queries does not grow with the judges.
    """
    machines = MachineAnnotator.objects.filter(project=project).order_by("name", "-id")
    asked = [
        one
        for one in machines
        if (one.archived_at is None or str(one.public_id) in chosen)
        and not is_jury(one)
    ]
    comparing = _comparing(project, asked)
    able = [one for one in asked if one.pk in comparing]
    trusts = trust_by_machine(project)
    rows = rows_of(project, able)
    return [
        Candidate(row, trusts.get(row.machine.pk))
        for row in rows
        if not row.is_past or row.n_ok or str(row.machine.public_id) in chosen
    ]


def shown_seats(machine: MachineAnnotator) -> list[ShownSeat]:
    """Return the members of a jury with their shares; two queries."""
    seats = seats_of(machine)
    total = sum(one.weight for one in seats) or 1.0
    trusts = trust_by_machine(machine.project)
    return [
        ShownSeat(one, one.weight / total, trusts.get(one.machine.pk)) for one in seats
    ]


def split_share(machine: MachineAnnotator) -> float | None:
    """Return on which share of its verdicts members name different sides; one query."""
    said = PreAnnotation.objects.filter(machine=machine, status="ok", order=[])
    n = said.count()
    return said.filter(flags__contains=[SPLIT]).count() / n if n else None


def lacking(
    machine: MachineAnnotator,
    questions: QuestionsVersion,
    selection: Selection,
) -> Lacking:
    """Return what members of a jury still owe on the items meant; five queries.

    Of more than LARGE items it is up to LARGE_CACHE_S seconds old.
    """
    values = scope_values(machine, questions, selection) | {
        **heard_values(machine),
        "most": MOST_NAMED,
    }
    key = f"jury_lacking:{machine.pk}:{selection.which}:{selection.category}"
    row = cache.get(key)
    if row is None:
        with connection.cursor() as db:
            db.execute(_LACKING, values)
            row = db.fetchone()
        if row[0] > LARGE:
            cache.set(key, row, LARGE_CACHE_S)
    return _lacking(machine, row)


def lacking_of(run: Run) -> Lacking | None:
    """Return what members of a jury still owe on the items that a run means."""
    if run.questions_version is None:
        return None
    selection = selection_from(run.selection, run.job.created_at)
    return lacking(run.machine, run.questions_version, selection)


def _lacking(machine: MachineAnnotator, row: Any) -> Lacking:
    n_items, n, numbers, heard = row
    told: Mapping[str, int] = json.loads(heard)
    owing = [
        Owing(one.machine, n_items - told.get(str(one.machine.pk), 0))
        for one in seats_of(machine)
        if one.weight > 0
    ]
    some = sorted((one for one in owing if one.n), key=lambda one: -one.n)
    return Lacking(n_items, n, tuple(numbers), tuple(some))
