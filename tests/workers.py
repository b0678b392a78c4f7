"""Real Celery worker processes for the tests that need one."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import connection

from annotation.config.celery import app
from annotation.config.supervisor.processes import spawn, wait_until

ROOT = Path(__file__).resolve().parent.parent
END_SESSIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = %s"""


@dataclass
class CeleryWorker:
    """A running worker: `kill` is a power cut, `stop` a shutdown."""

    process: subprocess.Popen[bytes]
    name: str
    log: Path

    def is_answering(self) -> bool:
        """Return whether the worker replies to a ping."""
        return bool(app.control.ping(destination=[self.name], timeout=2, limit=1))

    def kill(self) -> None:
        """End the worker and its pool at once, with no chance to clean up.

        What it had asked of the database has happened then, or never will.
        """
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert wait_until(lambda: not self.end_sessions(), timeout=60)

    def end_sessions(self) -> int:
        """End what the database still does for the worker; return how much that is."""
        with connection.cursor() as db:
            db.execute(END_SESSIONS, [self.name])
            return len(db.fetchall())

    def stop(self) -> None:
        """Ask the worker to finish, and kill what has not after 20 seconds."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


def database_environment() -> dict[str, str]:
    """Return an environment whose DATABASE_URL names the test database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    return {**os.environ, "DATABASE_URL": parts._replace(path=f"/{name}").geturl()}


def start_worker(
    folder: Path, *, queues: str = "default,models", pool: str = "prefork"
) -> CeleryWorker:
    """Start a worker on the test database and wait until it answers."""
    name = f"test-{uuid4().hex[:8]}@polyphony"
    log = folder / f"{name}.log"
    command = [sys.executable, "-m", "celery", "--skip-checks"]
    command += [
        "-A",
        "annotation.config.celery",
        "worker",
        "-Q",
        queues,
        "-n",
        name,
        "-P",
        pool,
        "-c",
        "2",
    ]
    command += ["--without-gossip", "--without-mingle", "-l", "INFO"]
    # By this name the database knows the sessions of the worker.
    environment = {**database_environment(), "PGAPPNAME": name}
    process = spawn(command, log=log, env=environment, cwd=ROOT)
    worker = CeleryWorker(process, name, log)
    wait_until(lambda: process.poll() is not None or worker.is_answering(), timeout=60)
    if process.poll() is not None or not worker.is_answering():
        worker.stop()
        raise AssertionError(f"The worker does not answer:\n{log.read_text()}")
    return worker
