"""`manage.py up` as its operator meets it: a real start, deaths, and refusals."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from annotation.config.supervisor.processes import is_alive, wait_until

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "VAR_DIR", "DEMO")


@dataclass
class Platform:
    """A running `up` with its output."""

    process: subprocess.Popen[bytes]
    output: Path
    var: Path

    def says(self, pattern: str) -> re.Match[str] | None:
        """Return the first match in what was printed so far."""
        return re.search(pattern, self.output.read_text())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output matches, or fail with the output."""
        wait_until(
            lambda: self.process.poll() is not None or bool(self.says(pattern)),
            timeout=180,
        )
        match = self.says(pattern)
        assert match is not None, self.output.read_text() + self.logs()
        return match

    def logs(self) -> str:
        """Return the end of every log."""
        files = sorted((self.var / "log").glob("*.log"))
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in files)

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(sig)
        return self.process.wait(60)


def environment(**changes: str) -> dict[str, str]:
    """Return an environment without what the test run itself has set."""
    kept = {key: value for key, value in os.environ.items() if key not in OURS}
    # Collected once for all starts of this file.
    static = str(Path(os.environ["VAR_DIR"]) / "collected")
    own = {"DEMO": "false", "PORT": "0", "STATIC_ROOT": static}
    return {**kept, **own, **changes}


def children(pid: int) -> dict[int, str]:
    """Return the process's children with their command lines; some end meanwhile."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(FileNotFoundError, ProcessLookupError):
            command = Path(f"/proc/{child}/cmdline").read_text()
            found[int(child)] = command.replace("\0", " ")
    return found


def child(platform: Platform, words: str) -> int:
    """Return the process id of the child whose command line holds `words`."""
    running = children(platform.process.pid)
    return next(pid for pid, command in running.items() if words in command)


def status(url: str) -> int:
    """Return the HTTP status of a page."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def var(open_folder: Path) -> Path:
    """A VAR_DIR that is not there yet."""
    return open_folder / "var"


@pytest.fixture
def begin(var: Path) -> Iterator[Callable[..., Platform]]:
    """A function that starts `up`; what a test leaves running is stopped."""
    begun: list[Platform] = []

    def begin_(**changes: str) -> Platform:
        begun.append(start(var, **changes))
        return begun[-1]

    yield begin_
    for one in begun:
        if one.process.poll() is None:
            one.stop()


def start(var: Path, **changes: str) -> Platform:
    """Start `up` on a free port and wait for its address."""
    output = var.with_name("output.txt")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment(VAR_DIR=str(var), **changes),
            stdout=file,
            stderr=file,
        )
    running = Platform(process, output, var)
    running.wait_for("Polyphony runs at")
    return running


def refuse(*arguments: str, **changes: str) -> str:
    """Run manage.py, which has to fail with one sentence; return the sentence."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


# A start takes most of the time, so three of them show all that needs one.


def test_what_dies_comes_back_and_what_is_stored_stays(
    var: Path, begin: Callable[..., Platform]
) -> None:
    logins = r"demo-owner ([0-9a-f]{12})\n(?:demo-[a-z0-9-]+ [0-9a-f]{12}\n){3}"
    first = begin(DEMO="true")
    password = first.wait_for(logins).group(1)
    assert not first.says("Traceback"), "jobs of the demo find the broker"
    assert (var / "demo.txt").stat().st_mode & 0o777 == 0o600
    url = first.wait_for(r"runs at (http://\S+)").group(1)
    database = f"postgresql://postgres@/polyphony?host={var / 'run'}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE mark AS SELECT 7 AS number")
    os.kill(child(first, "postgres -D"), signal.SIGKILL)
    first.wait_for("PostgreSQL ended unexpectedly and runs again")
    os.kill(child(first, "gunicorn"), signal.SIGKILL)
    first.wait_for("The process web ended")
    assert status(url + "health/") == 200
    stops_everything(first, signal.SIGTERM)

    second = begin(DEMO="true")
    assert second.wait_for(logins).group(1) == password, "the demo is laid once"
    running = children(second.process.pid)
    second.process.kill()
    second.process.wait()
    assert wait_until(lambda: not any(map(is_running, running)), timeout=60)

    third = begin()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT number FROM mark").fetchone() == (7,)
    borrows_the_servers(third)
    stops_everything(third, signal.SIGINT)


def stops_everything(platform: Platform, sig: signal.Signals) -> None:
    """Send the signal, after which nothing of the platform may run."""
    running = children(platform.process.pid)
    grandchildren = [pid for parent in running for pid in children(parent)]
    assert len(running) == 6
    assert platform.stop(sig) == 0
    assert not [pid for pid in (*running, *grandchildren) if is_running(pid)]


def borrows_the_servers(platform: Platform) -> None:
    """Run a command beside the platform, on its servers."""
    done = subprocess.run(
        [sys.executable, "manage.py", "with_services", "migrate", "--check"],
        cwd=ROOT,
        env=environment(VAR_DIR=str(platform.var)),
        timeout=180,
        check=False,
    )
    assert done.returncode == 0
    assert platform.process.poll() is None


def is_running(pid: int) -> bool:
    """Return whether the process is alive; one that waits to be reaped is not."""
    try:
        return is_alive(pid) and ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_busy_port_is_named(var: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refuse("up", VAR_DIR=str(var), PORT=str(port))
    assert f"Port {port} on 127.0.0.1" in said
    assert not var.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PORT": "eighty"}, "PORT='eighty' is not a whole number"),
        ({"DEBUG": "perhaps"}, "DEBUG='perhaps' is not one of true, false"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 32 characters"),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL does not begin with"),
        ({"HOST": "0.0.0.0"}, "ALLOWED_HOSTS is unset"),
        ({"HOST": "no.such.host.invalid"}, "is not an address of this machine"),
        (
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            "The database of DATABASE_URL does not answer",
        ),
        (
            {"REDIS_URL": "redis://127.0.0.1:1/0"},
            "The server of REDIS_URL does not answer",
        ),
    ],
)
def test_broken_variable_is_named(
    var: Path, changes: dict[str, str], words: str
) -> None:
    assert words in refuse("up", VAR_DIR=str(var), **changes)


def test_command_without_servers_says_how_to_get_them(var: Path) -> None:
    said = refuse("check", SECRET_KEY="k" * 40, VAR_DIR=str(var))
    assert "manage.py with_services COMMAND" in said
