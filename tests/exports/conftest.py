"""The fixed studies, and a data set written to a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.package import FolderPackage
from annotation.models import Project
from annotation.services.datasets import WrittenDataset, write_dataset
from tests.exports.routed import make_routed
from tests.exports.study import SALT, make_lists, make_pairs

Write = Callable[..., tuple[Path, WrittenDataset]]


@pytest.fixture
def pairs(db: None) -> Project:
    """A project with pairs, ratings and rationales."""
    return make_pairs()


@pytest.fixture
def lists(db: None) -> Project:
    """A project with rankings."""
    return make_lists()


@pytest.fixture
def routed(db: None) -> Project:
    """A project whose items a policy has routed."""
    return make_routed()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a data set; give its folder and what was written."""

    def write_to(
        project: Project, *, salt: bytes = SALT, **options: Any
    ) -> tuple[Path, WrittenDataset]:
        folder = tmp_path / f"set-{len(list(tmp_path.iterdir()))}"
        written = write_dataset(
            project=project,
            options=parse_options(options),
            package=FolderPackage(folder),
            salt=salt,
            on_progress=lambda done, total: None,
        )
        return folder, written

    return write_to
