"""The items that a policy decides on: which are free, what the AI and judges say.

Read in windows, so that a pool of any size needs the memory of its arrays alone. These
items are in the work, have two completions and no known answer, and the policy's
machine gave a usable verdict; all others stay with people and are no part of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotation.models import MachineAnnotator, Project
from models_service.selectors.arrays import (
    Drawn,
    ItemRow,
    Questions,
    verdicts_of,
)
from models_service.selectors.verdict_rows import Verdict
from routing.models import RoutingPolicy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
WINDOW = 2_000

_WINDOW = """
    SELECT i.id, i.number, i.n_completions, md5(i.messages::text), i.category,
        i.language, i.source, f.rank, COALESCE(f.overlap, p.overlap), f.n_taken,
        f.n_counted, r.part, r.source, r.policy,
        EXISTS (SELECT 1 FROM assignment a JOIN exposure e ON e.assignment_id = a.id
          WHERE a.item_id = i.id AND e.visible_at IS NOT NULL)
    FROM item i
    JOIN frontier f ON f.item_id = i.id
    JOIN project p ON p.id = i.project_id
    LEFT JOIN route r ON r.item_id = i.id
    WHERE i.project_id = %(project)s AND i.number BETWEEN %(low)s AND %(high)s
      AND i.n_completions = 2 AND NOT f.is_excluded
      AND (i.gold IS NULL OR i.gold = '{}')
      AND EXISTS (SELECT 1 FROM pre_annotation v WHERE v.item_id = i.id
        AND v.machine_id = %(machine)s AND v.status = 'ok'
        AND v.questions_version_id = ANY(%(versions)s))
    ORDER BY i.number
"""
# Items with a verdict that nobody has taken, and no decision reached.
_UNDECIDED = """
    FROM item i
    JOIN frontier f ON f.item_id = i.id
    LEFT JOIN route r ON r.item_id = i.id
    WHERE i.project_id = %(project)s AND NOT f.is_excluded AND f.n_taken = 0
      AND i.n_completions = 2 AND (i.gold IS NULL OR i.gold = '{}')
      AND r.part IS DISTINCT FROM 'by_hand' AND r.policy IS DISTINCT FROM %(policy)s
      AND EXISTS (SELECT 1 FROM pre_annotation v WHERE v.item_id = i.id
        AND v.machine_id = %(machine)s AND v.status = 'ok' AND v.created_at > %(since)s)
"""
_LAST = "SELECT COALESCE(max(number), 0) FROM item WHERE project_id = %s"
_LAST_AT_WORK = """
    SELECT COALESCE(max(i.number), 0) FROM item i
    WHERE i.project_id = %(project)s AND i.created_at <= COALESCE((
        SELECT min(a.created_at) FROM assignment a
        WHERE a.project_id = %(project)s AND a.purpose = 'main'
          AND a.state = 'submitted'), i.created_at)
"""


@dataclass(frozen=True)
class Place:
    """Where an item stands: its entry in the frontier and its newest route.

    `is_seen`: somebody has seen a suggestion there, so it can never be drawn as blind.
    """

    rank: int
    n_wanted: int
    n_taken: int
    n_counted: int
    part: str | None
    source: str | None
    policy: int | None
    is_seen: bool

    @property
    def is_open(self) -> bool:
        """Tell whether a policy may decide: nobody has it, and no person decided."""
        return self.n_taken == 0 and self.part != "by_hand"

    @property
    def is_labelled(self) -> bool:
        """Tell whether people have given all the answers that are wanted."""
        return self.n_counted >= self.n_wanted


@dataclass(frozen=True)
class Window:
    """Some items of a pool. `ai`: float64 [n], what the AI says: 1, -1, 0."""

    items: tuple[ItemRow, ...]
    places: tuple[Place, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def drawn(self) -> Drawn:
        """Return the items as the bridge to numpy reads them."""
        return Drawn(self.items, len(self.items))


def windows_of(policy: RoutingPolicy, questions: Questions) -> Iterator[Window]:
    """Yield the items of a policy by number, windows at a time; 3 queries each."""
    for low in range(1, last_number(policy.project) + 1, WINDOW):
        rows = _fetch(
            _WINDOW,
            {
                "project": policy.project_id,
                "machine": policy.machine_id,
                "versions": list(questions),
                "low": low,
                "high": low + WINDOW - 1,
            },
        )
        if rows:
            yield _window(policy.machine, rows, questions)


def last_number(project: Project) -> int:
    """Return the highest number of an item; one query."""
    return int(_fetch(_LAST, [project.pk])[0][0])


def last_at_work(project: Project) -> int:
    """Return the highest number of an item that was there as people began; one query.

    Of all items, where nobody has answered yet.
    """
    return int(_fetch(_LAST_AT_WORK, {"project": project.pk})[0][0])


def n_undecided(policy: RoutingPolicy) -> int:
    """Return how many items have a verdict and wait for a decision; one query."""
    found = _fetch(f"SELECT count(*) {_UNDECIDED}", _undecided(policy, None))
    return int(found[0][0])


def is_judged_since(policy: RoutingPolicy, since: datetime) -> bool:
    """Tell whether one of these has a verdict from after a time; one query."""
    statement = f"SELECT EXISTS (SELECT 1 {_UNDECIDED})"
    return bool(_fetch(statement, _undecided(policy, since))[0][0])


def _undecided(policy: RoutingPolicy, since: datetime | None) -> dict[str, Any]:
    return {
        "project": policy.project_id,
        "policy": policy.number,
        "machine": policy.machine_id,
        "since": since or "-infinity",
    }


def _window(machine: MachineAnnotator, rows: list[Any], questions: Questions) -> Window:
    items = tuple(ItemRow(*row[:7]) for row in rows)
    verdicts = verdicts_of(machine, Drawn(items, len(items)), questions)
    used = [at for at, one in enumerate(verdicts) if one.choice == one.choice]
    return Window(
        tuple(items[at] for at in used),
        tuple(Place(*rows[at][7:]) for at in used),
        tuple(verdicts[at] for at in used),
    )


def _fetch(statement: str, parameters: Mapping[str, Any] | list[Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return list(db.fetchall())
