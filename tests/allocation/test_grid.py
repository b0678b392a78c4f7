"""Cells of crossed questions as a grid."""

from annotation.allocation.grid import GridRow, grid_of
from annotation.allocation.quotas import BETWEEN, ELSE


def cross(*parts: str) -> str:
    return BETWEEN.join(parts)


def test_last_question_makes_the_columns() -> None:
    keys = [cross(age, sex) for age in ("young", "old") for sex in ("F", "M")]
    grid = grid_of([*keys, ELSE])
    assert grid is not None
    assert grid.columns == ("F", "M")
    assert grid.rows == (GridRow("young", (0, 1)), GridRow("old", (2, 3)))


def test_questions_before_the_last_make_the_rows_together() -> None:
    keys = [cross(a, b, c) for a in "12" for b in "34" for c in "567"]
    grid = grid_of(keys)
    assert grid is not None
    assert [row.label for row in grid.rows] == [
        cross(a, b) for a, b in ("13", "14", "23", "24")
    ]
    found = [place for row in grid.rows for place in row.places]
    assert found == list(range(len(keys)))


def test_cell_that_is_not_named_stays_empty() -> None:
    grid = grid_of([cross("a", "x"), cross("b", "x"), cross("b", "y")])
    assert grid is not None
    assert grid.rows[0] == GridRow("a", (0, None))


def test_list_is_left_a_list() -> None:
    assert grid_of([]) is None
    assert grid_of(["young", "old"]) is None
    assert grid_of([cross("a", "x"), cross("a", "y")]) is None
    assert grid_of([cross(r, str(c)) for r in "ab" for c in range(13)]) is None
    assert grid_of([cross(str(k), str(k)) for k in range(5)]) is None
