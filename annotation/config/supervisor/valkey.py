"""One embedded Valkey (the Redis protocol), run as a child on a Unix socket.

Started by `EmbeddedServices`; carries Celery's messages and the cache.
"""

import signal
import subprocess
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from annotation.config.supervisor import binaries
from annotation.config.supervisor.processes import (
    SupervisorError,
    end,
    require_traversable,
    spawn,
    wait_until,
)

START_TIMEOUT = 120.0


class Valkey:
    """A server that keeps its log of writes in `data` and listens on `socket`."""

    name = "Valkey"

    def __init__(self, data: Path, socket: Path, log: Path, *, durable: bool) -> None:
        self.data = data
        self.socket = socket
        self.log = log
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Serve the directory; a server left behind is asked to stop first."""
        require_traversable(binaries.valkey_program().parent)
        self._stop_orphan()
        keep = "yes" if self.durable else "no"
        command: list[str | Path] = [binaries.valkey_program()]
        command += ["--port", "0", "--unixsocket", self.socket]
        command += ["--unixsocketperm", "700", "--dir", self.data, "--save", ""]
        command += ["--appendonly", keep, "--databases", "64"]
        # Messages must never be thrown out to make room for cached pages.
        command += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
        self.process = spawn(command, log=self.log, cwd=self.data, as_service_user=True)
        wait_until(
            lambda: not self.is_running() or self.is_answering(), timeout=START_TIMEOUT
        )
        if not self.is_answering():
            self.stop()
            raise SupervisorError(f"Valkey does not start. Read its log {self.log}.")

    def stop(self) -> None:
        """Let the server write its log to disk and end."""
        if self.process is not None:
            end(self.process, signal.SIGTERM)
            self.process = None

    def is_running(self) -> bool:
        """Return whether our child is alive."""
        return self.process is not None and self.process.poll() is None

    def is_answering(self) -> bool:
        """Return whether a server on the socket has loaded its data and answers."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _client(self) -> redis.Redis:
        # The client's own retries would turn each refused try into seconds.
        return redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),
        )

    def _stop_orphan(self) -> None:
        """Stop a server that a killed supervisor left behind on this socket."""
        if not self.is_answering():
            return
        with self._client() as client:
            client.shutdown(nosave=True)
        if not wait_until(lambda: not self.is_answering(), timeout=30):
            raise SupervisorError(
                f"A Valkey left behind listens on {self.socket} and does not stop. "
                f"End the process by hand."
            )
