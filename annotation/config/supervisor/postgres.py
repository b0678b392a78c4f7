"""One embedded PostgreSQL, run as a child process on a Unix socket.

Started by `EmbeddedServices`. Drives PostgreSQL's own programs; the wheel's Python
code is not used, because it leaves servers behind that nobody reaps.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from annotation.config.supervisor import binaries
from annotation.config.supervisor.processes import (
    SupervisorError,
    end,
    is_alive,
    make_private,
    require_traversable,
    service_user,
    spawn,
    wait_until,
)

DATABASE = "polyphony"
# A crash late in a large import leaves much to replay; the log shows the progress.
START_TIMEOUT = 600.0
TEST_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# A refused statement holds prompts and rationales; the log names the error alone.
PRIVATE_OPTIONS = ("log_min_error_statement=panic", "log_error_verbosity=terse")
# Two requests of one person may cross; the one that is tried again waits this long.
CROSSING_OPTIONS = ("deadlock_timeout=200ms",)


class Postgres:
    """A cluster in `data`, reached through a socket in `sockets`."""

    name = "PostgreSQL"

    def __init__(
        self, data: Path, sockets: Path, log: Path, *, durable: bool, max_clients: int
    ) -> None:
        self.data = data
        self.sockets = sockets
        self.log = log
        self.durable = durable
        self.max_clients = max_clients
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{DATABASE}?host={self.sockets}"

    def start(self) -> None:
        """Make the cluster where there is none, then serve it."""
        self._initialise()
        self._stop_orphan()
        options = [f"max_connections={self.max_clients}", "timezone=UTC"]
        options += [*PRIVATE_OPTIONS, *CROSSING_OPTIONS]
        options += [] if self.durable else TEST_OPTIONS
        command: list[str | Path] = [binaries.postgres_program("postgres")]
        command += ["-D", self.data, "-h", "", "-k", self.sockets]
        for option in options:
            command += ["-c", option]
        self.process = spawn(
            command,
            log=self.log,
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd=self.data.parent,
            as_service_user=True,
            orphan_signal=signal.SIGINT,
        )
        self._wait_ready()
        self._create_database()

    def stop(self) -> None:
        """Shut down in fast mode: open transactions roll back, nothing is lost."""
        if self.process is not None:
            end(self.process, signal.SIGINT, timeout=120)
            self.process = None

    def is_running(self) -> bool:
        """Return whether our child is alive."""
        return self.process is not None and self.process.poll() is None

    def is_answering(self) -> bool:
        """Return whether a server accepts connections on the socket."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.sockets),
            user="postgres",
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _wait_ready(self) -> None:
        """Wait for the first connection, or say why the server ended."""
        wait_until(
            lambda: not self.is_running() or self.is_answering(), timeout=START_TIMEOUT
        )
        if not self.is_answering():
            self.stop()
            raise SupervisorError(
                f"PostgreSQL does not start. Its log {self.log} ends with: "
                f"{_last_line(self.log)}"
            )

    def _create_database(self) -> None:
        with self._connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            )
            if found.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                )

    def _initialise(self) -> None:
        """Run initdb beside the final place, so that a broken one is never served."""
        require_traversable(binaries.postgres_program("postgres").parent)
        require_traversable(self.data.parent)
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise SupervisorError(
                f"{self.data} holds files, yet no PostgreSQL database. Move it away."
            )
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_private(draft)
        command: list[str | Path] = [binaries.postgres_program("initdb")]
        command += ["-D", draft, "-U", "postgres", "--auth=trust", "-E", "UTF8"]
        command += ["--no-locale", *([] if self.durable else ["--no-sync"])]
        made = spawn(
            command,
            log=self.log,
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd=self.data.parent,
            as_service_user=True,
        )
        if made.wait() != 0:
            raise SupervisorError(
                f"initdb fails. Its log {self.log} ends with: {_last_line(self.log)}"
            )
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(binaries.POSTGRES_MAJOR):
            raise SupervisorError(
                f"{self.data} was made by PostgreSQL {version}; this installation "
                f"runs {binaries.POSTGRES_MAJOR}. Dump it with the old version and "
                f"restore it into a new directory."
            )
        owner = self.data.stat().st_uid
        if owner != service_user():
            raise SupervisorError(
                f"{self.data} belongs to user {owner}, and the server would run as "
                f"user {service_user()}. Start Polyphony as the user who made it, or "
                f"run `chown -R {service_user()} {self.data.parent}`."
            )

    def _stop_orphan(self) -> None:
        """Stop a server that a killed supervisor left behind on this directory.

        The caller holds the directory's lock, so no living supervisor owns it.
        """
        pid = self._orphan()
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGINT)
        except PermissionError as error:
            raise SupervisorError(
                f"A PostgreSQL of another user (process {pid}) serves {self.data}. "
                f"Stop it first."
            ) from error
        if not wait_until(lambda: self._orphan() is None, timeout=120):
            raise SupervisorError(
                f"A PostgreSQL left behind (process {pid}) serves {self.data} and "
                f"does not stop. Stop it with `kill -QUIT {pid}`."
            )

    def _orphan(self) -> int | None:
        """Return the process id of a living server on this directory."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if is_alive(pid) and _serves(pid, self.data) else None


def _serves(pid: int, data: Path) -> bool:
    """Return whether the process is a PostgreSQL on `data`, not a reused number.

    A zombie has an empty command line. Without /proc the number is believed.
    """
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()
    return str(data).encode() in line.split(b"\0")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "(nothing)"
