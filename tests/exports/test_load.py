"""The `datasets` library loads every configuration of every export, offline."""

from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, load_dataset

from annotation.formats.exports.catalogue import FORMATS
from annotation.models import Project
from tests.exports.conftest import Write

ALL = {"include_machine": True, "include_surplus": True}
CASES: list[tuple[str, str, dict[str, str]]] = [
    (n, kind, {}) for n, form in FORMATS.items() for kind in form.file_types
] + [
    (n, "parquet", {"labels_from": "hybrid", "machine": "judge@r1", "ties": "half"})
    for n, form in FORMATS.items()
    if form.takes_hybrid
]


def load(folder: Path, name: str, cache: Path) -> Dataset:
    """Load one configuration, as a researcher would."""
    return load_dataset(str(folder), name, split="train", cache_dir=str(cache))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(("form", "file_type", "more"), CASES)
def test_every_configuration_loads_with_its_rows_and_columns(
    pairs: Project,
    write: Write,
    tmp_path: Path,
    form: str,
    file_type: str,
    more: dict[str, str],
) -> None:
    options = {"format": form, "file_type": file_type, **ALL, **more}
    folder, written = write(pairs, **options)
    assert any(table.n_rows for table in written.tables)
    for table in written.tables:
        if table.n_rows:
            loaded = load(folder, table.name, tmp_path / "cache")
            assert loaded.num_rows == table.n_rows
            if table.columns:
                names = [column.name for column in table.columns]
                assert loaded.column_names == names


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_all_file_types_load_to_the_same_rows(
    pairs: Project, write: Write, tmp_path: Path
) -> None:
    rows: list[list[dict[str, Any]]] = []
    for file_type in ("jsonl", "parquet"):
        folder, _ = write(pairs, format="trl_reward", file_type=file_type, **ALL)
        rows.append(load(folder, "trl_reward", tmp_path / "cache").to_list())
    assert rows[0] == rows[1]
    assert all(isinstance(row["margin"], float) for row in rows[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_tables_without_rows_do_not_keep_others_from_loading(
    lists: Project, write: Write, tmp_path: Path
) -> None:
    folder, written = write(lists, format="raw", include_machine=True)
    sizes = {table.name: table.n_rows for table in written.tables}
    assert (sizes["pre_annotations"], sizes["annotations"]) == (0, 2)
    assert load(folder, "annotations", tmp_path / "cache").num_rows == 2
