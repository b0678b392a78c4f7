"""A whole stack of its own for a benchmark: servers, gunicorn, and what they cost.

Durable PostgreSQL and Valkey from the wheels in a folder that is removed afterwards,
and gunicorn with the production settings.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from annotation.config.supervisor import EmbeddedServices
from annotation.config.supervisor.processes import wait_until

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Cost:
    """CPU seconds since the processes began, by what they do."""

    web_s: float
    database_s: float
    cache_s: float

    def __sub__(self, earlier: "Cost") -> "Cost":
        return Cost(
            self.web_s - earlier.web_s,
            self.database_s - earlier.database_s,
            self.cache_s - earlier.cache_s,
        )

    @property
    def total_s(self) -> float:
        """Return the sum."""
        return self.web_s + self.database_s + self.cache_s


def _stat(pid: int) -> tuple[str, int, float] | None:
    """Return (name, parent, CPU seconds with ended children) of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name = text[text.index("(") + 1 : text.rindex(")")]
    rest = text[text.rindex(")") + 2 :].split()
    ticks = sum(int(value) for value in rest[11:15])
    return name, int(rest[1]), ticks / TICKS


def family(root: int) -> dict[int, tuple[str, int, float]]:
    """Return a process and all that it started."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    known = {pid: stat for pid in pids if (stat := _stat(pid)) is not None}
    members = {root}
    while True:
        more = {p for p, stat in known.items() if stat[1] in members} - members
        if not more:
            return {pid: known[pid] for pid in members if pid in known}
        members |= more


def rss_mb(pid: int) -> float:
    """Return the resident memory of one process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * PAGE / 2**20


def peak_mb() -> float:
    """Return this process's peak; getrusage would count what it was forked from."""
    status = Path("/proc/self/status").read_text()
    line = next(li for li in status.splitlines() if li.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


@dataclass
class Stack:
    """A running stack: where it listens, and what it has cost so far."""

    port: int
    web: "subprocess.Popen[bytes]"

    def cost(self) -> Cost:
        """Return the CPU seconds of web, database and cache so far."""
        web = sum(stat[2] for stat in family(self.web.pid).values())
        ours = family(os.getpid())
        database = sum(s[2] for s in ours.values() if s[0].startswith("postgres"))
        cache = sum(s[2] for s in ours.values() if "valkey" in s[0])
        return Cost(web, database, cache)

    def web_memory_mb(self) -> list[float]:
        """Return the resident memory of each web worker."""
        pids = [pid for pid in family(self.web.pid) if pid != self.web.pid]
        return sorted(rss_mb(pid) for pid in pids)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    if not wait_until(lambda: _answers(port), timeout=60, interval=0.1):
        raise SystemExit("The web process did not answer within a minute.")


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def services() -> Iterator[None]:
    """Start durable servers of our own, point Django at them, and migrate."""
    with tempfile.TemporaryDirectory(prefix="polyphony-bench-") as folder:
        # PostgreSQL runs as another user when this is root; it must reach its files.
        Path(folder).chmod(0o711)
        running = EmbeddedServices(Path(folder), durable=True)
        running.start()
        os.environ.update(
            DATABASE_URL=running.database_url,
            REDIS_URL=running.redis_url,
            VAR_DIR=folder,
            SECRET_KEY=secrets.token_urlsafe(40),
            ALLOWED_HOSTS="127.0.0.1",
            DJANGO_SETTINGS_MODULE="annotation.config.settings",
        )
        try:
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            call_command("collectstatic", verbosity=0, interactive=False)
            yield
        finally:
            running.stop()


@contextmanager
def stack() -> Iterator[Stack]:
    """Start the servers and gunicorn as in production."""
    with services():
        port = _free_port()
        web = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "-c",
                "annotation/config/gunicorn_conf.py",
                "annotation.config.wsgi:application",
            ],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port), "HOST": "127.0.0.1"},
        )
        try:
            _wait_for(port)
            yield Stack(port, web)
        finally:
            web.send_signal(signal.SIGTERM)
            web.wait(timeout=30)
