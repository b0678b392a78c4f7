"""`with_services` lends servers to commands, and keeps them for the last one."""

import os
import threading
from pathlib import Path

import pytest

from annotation.config.supervisor import EmbeddedServices, commands
from annotation.config.supervisor.processes import wait_until

pytestmark = pytest.mark.services


@pytest.fixture
def var(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A VAR_DIR of an operator who has set nothing."""
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FILE"):
        # Set first, so that what the command sets is taken back after the test.
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("VAR_DIR", str(open_folder))
    return open_folder


def test_command_finds_servers_and_a_key(var: Path) -> None:
    seen: list[str] = []

    def command(arguments: list[str]) -> None:
        seen.extend(arguments)
        seen.append(os.environ["DATABASE_URL"])
        assert EmbeddedServices(var).serving_owner() == os.getpid()

    assert commands.run(["manage.py", "with_services", "probe"], command) == 0
    assert seen[:2] == ["manage.py", "probe"]
    assert str(var / "run") in seen[2]
    assert len((var / "secret_key").read_text().strip()) >= 32
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600
    assert EmbeddedServices(var).serving_owner() is None


def test_command_borrows_running_servers_and_leaves_them(var: Path) -> None:
    with EmbeddedServices(var) as owner:
        assert (
            commands.run(["manage.py", "with_services", "probe"], lambda _: None) == 0
        )
        assert all(server.is_running() for server in owner.servers)


def is_waiting_for_a_lock() -> bool:
    """Return whether this process stands in the system's queue for a file lock."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and str(os.getpid()) in line.split() for line in lines)


def test_servers_stay_until_the_last_borrower_is_done(var: Path) -> None:
    command_ended = threading.Event()
    owners: list[int | None] = []

    def owner() -> int | None:
        return EmbeddedServices(var).serving_owner()

    def borrow(is_borrowed: threading.Event) -> None:
        with commands._borrowed(var):
            is_borrowed.set()
            command_ended.wait(30)
            wait_until(lambda: is_waiting_for_a_lock() or not owner(), timeout=30)
            owners.append(owner())

    borrowers: list[threading.Thread] = []

    def command(_: list[str]) -> None:
        is_borrowed = threading.Event()
        borrowers.append(threading.Thread(target=borrow, args=[is_borrowed]))
        borrowers[0].start()
        is_borrowed.wait(30)
        command_ended.set()

    assert commands.run(["manage.py", "with_services", "outer"], command) == 0
    borrowers[0].join(30)
    assert owners == [os.getpid()]
    assert owner() is None


def test_missing_command_is_asked_for(
    var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.run(["manage.py", "with_services"], lambda _: None) == 1
    assert "Name a command" in capsys.readouterr().err
