"""The command `simulate_routing`, as people run it: without any server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from routing.simulate import METRICS
from routing.strategies import STRATEGIES
from tests.routing.worlds import draw_rows, write

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ["manage.py", "simulate_routing"]
PLAN = ["--seed-size", "60", "--budgets", "0.25", "0.5", "--splits", "2"]
LABELS = ["--human", "person", "--ai", "ai", "--judges", "judge"]


def test_runs_without_a_server_and_writes_every_figure(tmp_path: Path) -> None:
    pairs = write(draw_rows(150, 2, hard=(1,), judge_knows=0.8), tmp_path)
    target = tmp_path / "out.json"
    unset = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FILE"}
    done = subprocess.run(
        [sys.executable, *COMMAND, pairs, *LABELS, *PLAN, "--json", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name not in unset},
    )
    assert done.returncode == 0, done.stderr
    assert "The default is" in done.stdout
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    assert (found["default"], found["splits"]) == ("default", 2)
    assert found["seconds"] > 0
    assert set(found["strategies"]) == set(STRATEGIES)
    cell = found["strategies"]["default"]["0.25"]
    assert set(cell) == set(METRICS)
    assert set(cell["label_accuracy"]) == {"mean", "se"}
    for name in ("confidence", "top_k", "paper"):
        assert found["strategies"][name] is None
        assert found["reasons"][name].endswith(".")
    assert found["ppm"] is None


def test_what_is_refused_writes_nothing(tmp_path: Path) -> None:
    pairs = write(draw_rows(30, 2), tmp_path)
    target = tmp_path / "out.json"
    with pytest.raises(CommandError, match="has a column 'gone'"):
        call_command(
            "simulate_routing", pairs, "--human", "gone", "--ai", "ai", json=target
        )
    with pytest.raises(CommandError, match="leaves nothing to route of 30 pairs"):
        call_command("simulate_routing", pairs, *LABELS, json=target)
    assert not target.exists()


def test_missing_folder_is_told_before_the_work(tmp_path: Path) -> None:
    pairs = write(draw_rows(30, 2), tmp_path)
    with pytest.raises(CommandError, match="is a folder"):
        call_command("simulate_routing", pairs, *LABELS, json=tmp_path)
    with pytest.raises(CommandError, match="whole number from 0"):
        call_command("simulate_routing", pairs, *LABELS, rng=-1)
    with pytest.raises(CommandError, match="There is no folder"):
        call_command(
            "simulate_routing", pairs, *LABELS, json=tmp_path / "no" / "out.json"
        )
