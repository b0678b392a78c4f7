"""Several GPUs have one worker each, which sees that GPU alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotation.config.supervisor.children import (
    Child,
    model_children,
    model_gpus,
    platform_children,
)
from annotation.config.supervisor.processes import spawn, wait_until
from tests.workers import database_environment

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "docker" / "entrypoint.sh"


def silent(line: str) -> None:
    """Tell nobody."""


def told(children: list[Child]) -> dict[str, Mapping[str, str]]:
    return {child.name: child.sets for child in children}


def name_of(child: Child) -> str:
    return child.command[child.command.index("-n") + 1]


def test_each_gpu_has_a_worker_of_its_own(tmp_path: Path) -> None:
    children = model_children(tmp_path, silent, ["0", "GPU-5ebe9f43"])
    assert told(children) == {
        "models0": {"CUDA_VISIBLE_DEVICES": "0"},
        "models1": {"CUDA_VISIBLE_DEVICES": "GPU-5ebe9f43"},
    }
    assert [name_of(child) for child in children] == ["models0@%h", "models1@%h"]
    for child in children:
        assert child.command[-4:] == ["-P", "threads", "-c", "1"]
        assert child.log == tmp_path / f"{child.name}.log"


def test_without_a_list_there_is_one_worker_that_sees_what_there_is() -> None:
    assert told(model_children(None, silent, [])) == {"models": {}}


def test_up_starts_them_among_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> list[str]:
        beat = tmp_path / "beat"
        made = platform_children(tmp_path, silent, listener=3, beat_file=beat)
        return [child.name for child in made]

    monkeypatch.delenv("MODEL_GPUS", raising=False)
    assert names() == ["web", "worker", "models", "beat"]
    monkeypatch.setenv("MODEL_GPUS", "0, 3")
    assert names() == ["web", "worker", "models0", "models1", "beat"]


@pytest.mark.parametrize("value", ["all", "-1", "0;1", "cuda:0", "0,0"])
def test_list_that_is_none_is_named(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_GPUS", value)
    with pytest.raises(ImproperlyConfigured, match=r"MODEL_GPUS='.*\."):
        model_gpus()


def test_child_sees_what_is_set_for_it_beside_ours(tmp_path: Path) -> None:
    code = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'], 'PATH' in os.environ)"
    log = tmp_path / "log"
    sets = {"CUDA_VISIBLE_DEVICES": "1"}
    child = Child("one", [sys.executable, "-c", code], log, silent, sets=sets)
    child.start()
    assert child.process is not None and child.process.wait(30) == 0
    assert log.read_text().split() == ["1", "True"]


@pytest.mark.services
def test_container_runs_a_worker_for_each_gpu(
    transactional_db: None, tmp_path: Path
) -> None:
    programs = Path(sys.executable).parent
    env = {
        **database_environment(),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "MODEL_GPUS": "0,1",
    }
    log = tmp_path / "models.log"
    workers = spawn([ENTRY, "models"], env=env, log=log)

    def is_well() -> bool:
        health = [str(ENTRY), "health", "models"]
        return subprocess.run(health, env=env, timeout=120, check=False).returncode == 0

    def are_named() -> bool:
        said, host = log.read_text(), socket.gethostname()
        return all(f"models{number}@{host}" in said for number in (0, 1))

    try:
        # To ask costs a process of Django's: not before both have said their name.
        assert wait_until(are_named, timeout=90), log.read_text()
        assert wait_until(is_well, timeout=90, interval=1), log.read_text()
    finally:
        workers.send_signal(signal.SIGTERM)
    assert workers.wait(60) == 0
