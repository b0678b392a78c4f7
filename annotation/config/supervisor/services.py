"""PostgreSQL and Valkey together under one directory, with one owner at a time."""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Self

from annotation.config.supervisor.postgres import Postgres
from annotation.config.supervisor.processes import (
    SupervisorError,
    make_private,
    require_traversable,
    service_user,
)
from annotation.config.supervisor.valkey import Valkey

# sockaddr_un holds 107 bytes; PostgreSQL's socket is called `.s.PGSQL.5432`.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")


class EmbeddedServices:
    """The servers of one installation under `directory`.

    `durable=False` trades safety for speed and is for tests. `database` or `broker`
    is False where the operator named a server of their own.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool = True,
        database: bool = True,
        broker: bool = True,
        max_clients: int = 200,
    ) -> None:
        self.directory = directory.resolve()
        self._lock: int | None = None
        self._sockets = socket_folder(self.directory)
        logs = self.directory / "log"
        self._postgres = Postgres(
            self.directory / "postgres",
            self._sockets,
            logs / "postgres.log",
            durable=durable,
            max_clients=max_clients,
        )
        self._valkey = Valkey(
            self.directory / "valkey",
            self._sockets / "valkey.sock",
            logs / "valkey.log",
            durable=durable,
        )
        wanted = ((self._postgres, database), (self._valkey, broker))
        self.servers = [server for server, is_wanted in wanted if is_wanted]

    @property
    def database_url(self) -> str:
        """A `postgresql://` URL that names the socket directory as `host`."""
        return self._postgres.url

    @property
    def redis_url(self) -> str:
        """A `unix://` URL of Valkey's socket."""
        return self._valkey.url

    @property
    def has_own_database(self) -> bool:
        """Whether PostgreSQL is ours rather than a server of the operator."""
        return self._postgres in self.servers

    def start(self) -> None:
        """Start what is wanted, or raise with nothing left running."""
        self._prepare_folders()
        self._acquire()
        try:
            for server in self.servers:
                server.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in reverse order and give the directory free. Safe to call twice."""
        for server in reversed(self.servers):
            server.stop()
        if self._lock is not None:
            if self._sockets.parent != self.directory:
                shutil.rmtree(self._sockets, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def revive(self) -> list[str]:
        """Start again what has died; return the names of what was brought back."""
        dead = [server for server in self.servers if not server.is_running()]
        for server in dead:
            server.start()
        return [server.name for server in dead]

    def serving_owner(self) -> int | None:
        """Return the process that serves this directory now, if its servers answer."""
        path = self.directory / "lock"
        if not path.exists():
            return None
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_up = all(server.is_answering() for server in self.servers)
            return _read_owner(descriptor) if is_up else None
        finally:
            os.close(descriptor)
        return None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _prepare_folders(self) -> None:
        try:
            self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)
            require_traversable(self.directory)
            (self.directory / "log").mkdir(mode=0o700, exist_ok=True)
            make_private(self.directory / "valkey")
            _make_socket_folder(self._sockets)
        except OSError as error:
            raise SupervisorError(
                f"{error.filename} cannot be used: {error.strerror}. Make it "
                f"writable, or set VAR_DIR to another directory."
            ) from error

    def _acquire(self) -> None:
        """Take the directory's lock, which the system frees even after a SIGKILL."""
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = _read_owner(descriptor)
            os.close(descriptor)
            raise SupervisorError(
                f"Process {owner} already serves {self.directory}. Stop it first, or "
                f"set VAR_DIR to another directory."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor


def socket_folder(directory: Path) -> Path:
    """Return where the sockets lie: inside `directory`, or in /tmp if too long."""
    inside = directory / "run"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"polyphony-{service_user()}-{digest}"


def _make_socket_folder(path: Path) -> None:
    """Make the folder, and refuse one that somebody else laid down in /tmp."""
    if path.is_symlink():
        raise SupervisorError(f"{path} is a symbolic link. Remove it.")
    if path.exists():
        status = path.stat()
        is_ours = status.st_uid in (service_user(), os.geteuid())
        if not is_ours or not stat.S_ISDIR(status.st_mode):
            raise SupervisorError(f"{path} belongs to someone else. Remove it.")
    make_private(path)


def _read_owner(descriptor: int) -> int:
    return int(os.pread(descriptor, 32, 0).strip() or 0)
