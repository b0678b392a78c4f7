"""The source catalogues hold exactly the words that the code marks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pseudo_locale import ROOT, messages

PARTS = ("annotation", "routing", "models_service", ".ci")
NOT_INSTALLED = "GNU gettext is not installed: `apt-get install gettext`."


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogues of a copy of the sources, made anew."""
    if shutil.which("xgettext") is None:
        pytest.skip(NOT_INSTALLED)
    folder = tmp_path_factory.mktemp("sources")
    for part in PARTS:
        shutil.copytree(
            ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / "tests").mkdir()
    settings = ROOT / "tests/typing_settings.py"
    shutil.copyfile(settings, folder / "tests/typing_settings.py")
    done = subprocess.run(
        [ROOT / ".ci/messages", folder],
        env={"PYTHON": sys.executable, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "annotation/locale"


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_catalogue_is_what_the_code_marks(extracted: Path, domain: str) -> None:
    kept = set(messages(ROOT / f"annotation/locale/{domain}.pot"))
    found = set(messages(extracted / f"{domain}.pot"))
    assert (found - kept, kept - found) == (set(), set()), "Run `make messages`."
