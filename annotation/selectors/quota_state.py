"""What the page of the quotas shows: each cell, what is missing, what is doubtful."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from django.db import connection

from annotation.allocation.grid import Grid, grid_of
from annotation.allocation.quotas import BETWEEN, BUT, Quota, describe, doubts
from annotation.countries import country_words
from annotation.models import Project
from annotation.selectors.strata import quotas_in_force, stratum_values
from annotation.words import gettext as _

_CELLS = """
    SELECT c.place, c.key, c.is_rest, c.n_limit, c.n_least, c.n_taken, (
        SELECT count(*) FROM assignment a JOIN quota_hold h ON h.assignment_id = a.id
        WHERE a.project_id = c.project_id AND a.state IN ('open', 'queued', 'reserved')
          AND c.id = ANY(h.cells))
    FROM quota_cell c WHERE c.project_id = %(project)s ORDER BY c.place, c.id
"""
_SLOTS = """
    SELECT COALESCE(sum(target), 0), COALESCE(sum(GREATEST(target - n_taken, 0)), 0)
    FROM frontier WHERE project_id = %(project)s
"""


_Row: TypeAlias = tuple[str, bool, int | None, int, int, int]
# Of a long list the page shows these first, and the others when asked.
N_FIRST, MOST_UNFOLDED = 6, 12


@dataclass(frozen=True)
class CellState:
    """A cell: `n_done` counted, `n_held` in work, `n_target` wanted or allowed.

    `is_least`: more than the target is welcome. `is_cap`: nobody misses what is left.
    """

    label: str
    n_target: int | None
    n_done: int
    n_held: int
    is_least: bool
    is_cap: bool

    @property
    def n_missing(self) -> int:
        """Return how many are still wanted or allowed, those in work not counted."""
        return max((self.n_target or 0) - self.n_done, 0)

    @property
    def is_full(self) -> bool:
        """Tell whether nothing is missing; with people at work it may change."""
        return self.n_target is not None and self.n_done >= self.n_target

    @property
    def percent(self) -> int:
        """Return how much of the target is done, 0 to 100."""
        if not self.n_target:
            return 100 if self.n_target == 0 else 0
        return min(100, 100 * self.n_done // self.n_target)

    @property
    def percent_held(self) -> int:
        """Return how much of the target is in work, beside what is done."""
        if not self.n_target:
            return 0
        return min(100 - self.percent, 100 * self.n_held // self.n_target)


@dataclass(frozen=True)
class StateRow:
    """A row of the grid: None where no cell is named."""

    label: str
    cells: tuple[CellState | None, ...]


@dataclass(frozen=True)
class QuotaState:
    """A quota in words with its cells, and what its cells leave room for.

    `columns` and `rows`: the cells as a grid, where crossed questions make one.
    """

    words: str
    kind: str
    cells: tuple[CellState, ...]
    n_short: int
    columns: tuple[str, ...] = ()
    rows: tuple[StateRow, ...] = ()

    @property
    def counts_people(self) -> bool:
        """Tell whether the numbers are persons, not answers."""
        return self.kind == "people"

    @property
    def is_long(self) -> bool:
        """Tell whether the list of cells is folded away."""
        return len(self.cells) > MOST_UNFOLDED

    @property
    def wanted(self) -> tuple[CellState, ...]:
        """Return the cells that have something to reach; for people, to fill."""
        return tuple(
            cell
            for cell in self.cells
            if cell.n_target and (self.counts_people or not cell.is_cap)
        )

    @property
    def n_full(self) -> int:
        """Return how many of the cells with something to reach have reached it."""
        return sum(cell.is_full for cell in self.wanted)

    @property
    def most_missing(self) -> tuple[CellState, ...]:
        """Return the cells that miss most, most first."""
        open_cells = [cell for cell in self.wanted if cell.n_missing]
        return tuple(sorted(open_cells, key=lambda cell: -cell.n_missing)[:N_FIRST])


@dataclass(frozen=True)
class QuotaPage:
    """All quotas of a project; `doubts` are sentences on what cannot be finished."""

    quotas: tuple[QuotaState, ...]
    n_wanted: int
    n_open: int
    doubts: tuple[str, ...]


def quota_page(project: Project) -> QuotaPage:
    """Return the state of every quota; four queries."""
    quotas = quotas_in_force(project)
    with connection.cursor() as db:
        db.execute(_CELLS, {"project": project.pk})
        rows = db.fetchall()
        db.execute(_SLOTS, {"project": project.pk})
        n_wanted, n_open = (int(n) for n in db.fetchone())
    states = tuple(
        _state(quota, [row[1:] for row in rows if row[0] == place], n_open)
        for place, quota in enumerate(quotas)
    )
    said = doubts(quotas, stratum_values(project), project.overlap) if quotas else []
    said += [
        _(
            "{n_short} of the {n_open} open places can be filled by nobody: "
            "the cells of this quota have no more room. {words}"
        ).format(n_short=state.n_short, n_open=n_open, words=state.words)
        for state in states
        if state.n_short
    ]
    return QuotaPage(states, n_wanted, n_open, tuple(said))


def _state(quota: Quota, rows: list[_Row], n_open: int) -> QuotaState:
    is_bound = quota.kind == "exact"
    room = sum(max((limit or 0) - taken, 0) for _, _, limit, _, taken, _ in rows)
    named = [row for row in rows if row[0]]
    cells = tuple(_cell(quota.kind, row) for row in named)
    # A rest is the complement of a cell, not a cell beside it.
    placed = [at for at, row in enumerate(named) if not row[1]]
    grid = grid_of([named[at][0] for at in placed])
    return QuotaState(
        words=describe(quota),
        kind=quota.kind,
        cells=cells,
        n_short=max(n_open - room, 0) if is_bound else 0,
        columns=tuple(map(in_words, grid.columns)) if grid else (),
        rows=_grid_rows(grid, [cells[at] for at in placed]) if grid else (),
    )


def _grid_rows(grid: Grid, cells: Sequence[CellState]) -> tuple[StateRow, ...]:
    return tuple(
        StateRow(
            in_words(row.label),
            tuple(None if at is None else cells[at] for at in row.places),
        )
        for row in grid.rows
    )


def _cell(kind: str, row: _Row) -> CellState:
    key, is_rest, n_limit, n_least, n_taken, n_held = row
    is_least = kind == "at_least" and n_limit is None
    n_target = n_least if is_least else n_limit
    if kind == "per_item":
        # The bound is per item, so there is no number to reach over all.
        n_target = None
    n_done = n_taken if kind == "people" else n_taken - n_held
    return CellState(
        label=_rest_in_words(key) if is_rest else in_words(key),
        n_target=n_target,
        n_done=max(n_done, 0),
        n_held=0 if kind == "people" else n_held,
        is_least=is_least,
        is_cap=is_rest or kind in ("people", "category"),
    )


def _rest_in_words(key: str) -> str:
    if not key.startswith(BUT):
        return in_words(key)
    return _("anything but {key}").format(key=in_words(key.removeprefix(BUT)))


def in_words(key: str) -> str:
    """Return a cell's name with countries by name."""
    parts = key.split(BETWEEN)
    return BETWEEN.join(map(country_words, parts))
