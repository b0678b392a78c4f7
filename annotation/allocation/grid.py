"""PURE: the cells of crossed questions as the rows and columns of a grid."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.allocation.quotas import BETWEEN

# More columns than this are read better as a list.
MOST_COLUMNS = 12


@dataclass(frozen=True)
class GridRow:
    """A row: its label, and for each column the number of the key, or None."""

    label: str
    places: tuple[int | None, ...]


@dataclass(frozen=True)
class Grid:
    """Columns are the values of the last question, rows those of all before it."""

    columns: tuple[str, ...]
    rows: tuple[GridRow, ...]


def grid_of(keys: Sequence[str]) -> Grid | None:
    """Return the cells' keys as a grid; None where a list says them better.

    That is: fewer than two questions, too many columns, or a grid that would be empty
    for more than half. Keys of another length stay outside. The keys of rests must not
    be among them: “anything but” a crossed cell has as many parts as that cell.
    """
    parts = [key.split(BETWEEN) for key in keys]
    depth = max(map(len, parts), default=0)
    placed = {
        (BETWEEN.join(one[:-1]), one[-1]): at
        for at, one in enumerate(parts)
        if len(one) == depth
    }
    columns = tuple(dict.fromkeys(column for _, column in placed))
    labels = tuple(dict.fromkeys(row for row, _ in placed))
    is_full = 2 * len(placed) >= len(columns) * len(labels)
    if depth < 2 or len(columns) > MOST_COLUMNS or not is_full or len(labels) < 2:
        return None
    rows = (
        GridRow(label, tuple(placed.get((label, column)) for column in columns))
        for label in labels
    )
    return Grid(columns, tuple(rows))
