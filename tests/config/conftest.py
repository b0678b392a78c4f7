"""A folder for servers that run as another user."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that the user `nobody` may enter, as /var/lib would be.

    Not one of pytest's, which are closed again whenever another run begins.
    """
    path = Path(tempfile.mkdtemp(prefix="polyphony-open-")).resolve()
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)
