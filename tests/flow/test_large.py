"""A large import holds its memory; full count with `make prove`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from annotation.models import FrontierEntry, Item
from tests.counts import n_runs
from tests.factories import make_project
from tests.workers import ROOT, database_environment

N_ITEMS = n_runs(20_000, 1_000_000)
# A worker at rest takes about 150 MB; a batch of rows and its COPY come on top.
LIMIT_MB = 450

PROGRAM = """
import sys
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
call_command("import_items", sys.argv[1], sys.argv[2])
status = Path("/proc/self/status").read_text()
line = next(li for li in status.splitlines() if li.startswith("VmHWM"))
print("peak_kb", line.split()[1])
"""


@pytest.mark.timeout(1800)
@pytest.mark.django_db(transaction=True)
def test_import_of_many_items_holds_its_memory(tmp_path: Path) -> None:
    project = make_project()
    path = tmp_path / "items.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for n in range(N_ITEMS):
            row = {"id": f"r{n}", "prompt": f"Question {n}? " * 8}
            row |= {f"response_{s}": f"Answer {s} of {n}. " * 12 for s in "ab"}
            file.write(json.dumps(row) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, project.slug, str(path)],
        cwd=ROOT,
        env={
            **database_environment(),
            "DJANGO_SETTINGS_MODULE": "annotation.config.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    peak_kb = int(done.stdout.split("peak_kb")[1])
    assert Item.objects.filter(project=project).count() == N_ITEMS
    assert FrontierEntry.objects.filter(project=project).count() == N_ITEMS
    assert peak_kb / 1024 < LIMIT_MB
