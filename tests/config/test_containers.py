"""What the images run and compose describes, without an engine to build them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotation.config.supervisor.health import web_status
from annotation.config.supervisor.processes import spawn, wait_until
from tests.workers import database_environment

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "docker" / "entrypoint.sh"
OURS = ("prepare", "web", "worker", "models", "models-gpu", "beat")


@pytest.fixture
def container_environment(transactional_db: None) -> Iterator[dict[str, str]]:
    """The variables of a container, on the test database and a free port."""
    port = next(filter(is_free, range(20_000 + os.getpid() % 10_000, 32_000)))
    programs = Path(sys.executable).parent
    yield {
        **database_environment(),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_PROCESSES": "1",
    }


def is_free(port: int) -> bool:
    """Tell whether nobody has a port; below 32,768 the system gives out none by itself.

    So none is taken between now and the start of a server.
    """
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def compose() -> dict[str, Any]:
    """Return the compose file as Docker reads it."""
    text = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    described: dict[str, Any] = yaml.safe_load(text)
    return described


def enter(*words: str, env: dict[str, str]) -> int:
    """Run the entry script to its end and return its exit code."""
    return subprocess.run([ENTRY, *words], env=env, timeout=120, check=False).returncode


@pytest.mark.services
def test_web_container_prepares_serves_and_stops(
    container_environment: dict[str, str], tmp_path: Path
) -> None:
    env = container_environment
    assert enter("prepare", env=env) == 0
    assert enter("health", "web", env=env) == 1
    web = spawn([ENTRY, "web"], env=env, log=tmp_path / "web.log")
    try:
        port = int(env["PORT"])
        wait_until(
            lambda: web_status("127.0.0.1", port) == 200, timeout=120, interval=1
        )
        assert web_status("127.0.0.1", port) == 200
        assert enter("health", "web", env=env) == 0
    finally:
        web.send_signal(signal.SIGTERM)
    assert web.wait(60) == 0


@pytest.mark.services
def test_broken_variable_ends_a_container_with_its_name(
    container_environment: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert enter("prepare", env={**container_environment, "DEBUG": "perhaps"}) == 1
    assert capfd.readouterr().err.startswith("DEBUG='perhaps' is not one of")


@pytest.mark.services
def test_static_files_are_collected_without_a_server(tmp_path: Path) -> None:
    static = tmp_path / "static"
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": programs, "STATIC_ROOT": str(static), "VAR_DIR": str(tmp_path)}
    assert enter("collect", env=env) == 0
    assert (static / "staticfiles.json").exists()
    assert list(static.rglob("*.br"))


@pytest.mark.parametrize(
    "script",
    [
        "docker/entrypoint.sh",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".ci").iterdir()),
    ],
)
def test_script_parses_and_can_be_executed(script: str) -> None:
    shell = shutil.which("bash") or "sh"
    assert subprocess.run([shell, "-n", ROOT / script], check=False).returncode == 0
    assert os.access(ROOT / script, os.X_OK)


def test_compose_runs_every_process_from_an_image_of_ours() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "redis", *OURS}
    commands = {services[name]["command"][0] for name in OURS}
    for command in commands:
        assert re.search(rf"^{command}\)$", ENTRY.read_text(), re.MULTILINE)


def test_every_service_that_stays_has_a_health_check() -> None:
    services = compose()["services"]
    staying = {name: one for name, one in services.items() if name != "prepare"}
    assert [name for name, one in staying.items() if "healthcheck" not in one] == []


def test_gpu_is_asked_for_under_its_profile_alone() -> None:
    services = compose()["services"]
    assert [name for name, one in services.items() if "deploy" in one] == ["models-gpu"]
    assert services["models-gpu"]["profiles"] == ["gpu"]


@pytest.mark.parametrize("name", ["web", "worker", "models", "models-gpu"])
def test_what_bounds_models_reaches_every_process(name: str) -> None:
    sets = compose()["services"][name]["environment"]
    assert sets["MODEL_PRIVATE_ADDRESSES"] == "${MODEL_PRIVATE_ADDRESSES:-false}"
    assert sets["MODEL_MEMORY_MB"] == "${MODEL_MEMORY_MB:-0}"


def test_service_with_gpus_is_told_which_of_all_have_a_worker() -> None:
    service = compose()["services"]["models-gpu"]
    assert service["environment"]["MODEL_GPUS"] == "${MODEL_GPUS:-0}"
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


def test_compose_sets_only_variables_that_are_read() -> None:
    listed = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = set(compose()["x-environment"])
    names |= set(compose()["services"]["models-gpu"]["environment"])
    assert {name for name in names if f"# {name}=" not in listed} == set()


@pytest.mark.parametrize("name", ["web", "worker"])
def test_image_runs_as_a_plain_user(name: str) -> None:
    lines = (ROOT / "docker" / f"{name}.Dockerfile").read_text().splitlines()
    assert "USER polyphony" in lines
    assert lines.index("USER polyphony") < lines.index(
        'ENTRYPOINT ["/srv/polyphony/docker/entrypoint.sh"]'
    )


def test_web_image_installs_no_torch() -> None:
    image = (ROOT / "docker" / "web.Dockerfile").read_text()
    assert "requirements-web.txt" in image
    assert "requirements.txt" not in image
    web = (ROOT / "requirements-web.txt").read_text()
    assert not re.search(r"^(torch|transformers)\b", web, re.MULTILINE)
