"""A whole stack of its own that a test may kill: durable servers and gunicorn."""

import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from annotation.config.supervisor import EmbeddedServices

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Fragile:
    """The parts of a running installation, and ways to break them."""

    services: EmbeddedServices
    environment: dict[str, str]
    web: "subprocess.Popen[bytes]"
    port: int

    def manage(self, *arguments: str) -> str:
        """Run a management command against this installation."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def post(self, path: str, token: str, body: object) -> tuple[int, Any]:
        """Send one call; a refused connection and a cut answer are an OSError.

        To a browser both are the same: it was not told.
        """
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Token {token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, None
        except http.client.HTTPException as error:
            raise ConnectionError(path) from error

    def kill_web_workers(self) -> None:
        """SIGKILL every gunicorn worker; the master starts new ones."""
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children")
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    def kill_database(self) -> None:
        """SIGKILL PostgreSQL's first process, and let the supervisor revive it."""
        pid = int(self._postmaster_pid())
        os.kill(pid, signal.SIGKILL)
        while not self.services.revive():
            os.sched_yield()

    def _postmaster_pid(self) -> str:
        file = self.services.directory / "postgres" / "postmaster.pid"
        return file.read_text().splitlines()[0]


@pytest.fixture
def fragile() -> Iterator[Fragile]:
    """Start durable servers and gunicorn; stop whatever the test left alive."""
    folder = Path(tempfile.mkdtemp(prefix="polyphony-fault-"))
    folder.chmod(0o711)
    services = EmbeddedServices(folder, durable=True)
    services.start()
    # Open from here on, so that nobody else gets the port before gunicorn listens.
    door = socket.create_server(("127.0.0.1", 0))
    port = int(door.getsockname()[1])
    environment = {
        **os.environ,
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "VAR_DIR": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(40),
        "ALLOWED_HOSTS": "127.0.0.1",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
    )
    web = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "annotation/config/gunicorn_conf.py",
            "-b",
            f"fd://{door.fileno()}",
            "annotation.config.wsgi:application",
        ],
        cwd=ROOT,
        env=environment,
        pass_fds=(door.fileno(),),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Fragile(services, environment, web, port)
    finally:
        web.terminate()
        web.wait(timeout=30)
        door.close()
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)
