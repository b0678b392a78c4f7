"""`manage.py up`: the whole platform on one machine, until Ctrl-C or SIGTERM.

Called by manage.py. Runs each part as a process of its own and loads no Django.
"""

import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from annotation.config import env
from annotation.config.supervisor import environment, health
from annotation.config.supervisor.children import Child, platform_children, stop_all
from annotation.config.supervisor.processes import (
    SupervisorError,
    spawn,
    wait_until,
)
from annotation.config.supervisor.services import EmbeddedServices

WATCH_INTERVAL = 0.2
START_TIMEOUT = 90.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Address:
    """Where the web process listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    @property
    def is_loopback(self) -> bool:
        return self.host in environment.LOOPBACK


def say(line: str) -> None:
    """Tell the operator one line at once, also through a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run() -> int:
    """Start everything, watch it, and stop it; return the exit code."""
    stop = threading.Event()
    for sig in STOP_SIGNALS:
        signal.signal(sig, lambda *_: stop.set())
    services = environment.embedded_services()
    with _listen(env.text("HOST", "127.0.0.1")) as listener:
        address = Address(*listener.getsockname()[:2])
        _check_hosts(address)
        names = " and ".join(server.name for server in services.servers)
        say(f"Starting {names or 'on the servers of the environment'} ...")
        with services:
            environment.supply(services)
            return _serve(services, listener, address, stop)


def _serve(
    services: EmbeddedServices,
    listener: socket.socket,
    address: Address,
    stop: threading.Event,
) -> int:
    """Prepare the database, run the processes and watch them until `stop`."""
    logs = services.directory / "log"
    if not _prepare(services, address, stop):
        return 0 if stop.is_set() else 1
    listener.set_inheritable(True)
    children = platform_children(
        logs,
        say,
        listener=listener.fileno(),
        beat_file=services.directory / "beat-schedule",
    )
    try:
        for child in children:
            child.start()
        _wait_for_web(children[0], address, stop)
        if not stop.is_set():
            _announce(services.directory, address)
        _watch(services, children, stop)
    finally:
        say("Stopping ...")
        stop_all(children)
    return 0


def _watch(
    services: EmbeddedServices, children: list[Child], stop: threading.Event
) -> None:
    """Bring back what dies, servers first, until a signal arrives."""
    while not stop.wait(WATCH_INTERVAL):
        try:
            for name in services.revive():
                say(f"{name} ended unexpectedly and runs again.")
        except SupervisorError as error:
            say(f"{error} The next try follows in 5 s.")
            stop.wait(5)
            continue
        for child in children:
            child.watch()


def _prepare(
    services: EmbeddedServices, address: Address, stop: threading.Event
) -> bool:
    """Run migrations, static files and the demo in a process of their own."""
    is_demo = env.flag(
        "DEMO", default=services.has_own_database and address.is_loopback
    )
    command = [sys.executable, "-m", "annotation.config.supervisor.prepare"]
    command += ["--database", "--static", *(["--demo"] if is_demo else [])]
    process = spawn(command, cwd=environment.ROOT)
    wait_until(lambda: process.poll() is not None or stop.is_set(), timeout=3600)
    if process.poll() is None:
        process.terminate()
        process.wait()
    return process.returncode == 0


def _listen(host: str) -> socket.socket:
    """Bind the port before anything starts; web processes inherit the socket."""
    port = env.integer("PORT", 8000, low=0, high=65535)
    try:
        family, _, _, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        # Listening from now on, so that early visitors wait instead of being refused.
        listener.listen(2048)
    except OSError as error:
        raise SupervisorError(_refusal(host, port, error)) from error
    return listener


def _refusal(host: str, port: int, error: OSError) -> str:
    """Say why the port cannot be had, and what to do."""
    other = port + 1 if port < 65535 else 8000
    if isinstance(error, socket.gaierror):
        return f"HOST={host!r} is not an address of this machine: {error.strerror}."
    return (
        f"Port {port} on {host} cannot be used: {error.strerror}. Stop the program "
        f"that uses it, or choose another port with PORT={other}."
    )


def _check_hosts(address: Address) -> None:
    """Allow the names of a loopback address; others must be given."""
    if env.items("ALLOWED_HOSTS"):
        return
    if not address.is_loopback:
        raise SupervisorError(
            f"HOST={address.host} serves other machines, and ALLOWED_HOSTS is unset. "
            f"Set ALLOWED_HOSTS to the names under which people reach this server."
        )
    env.set_default("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")


def _wait_for_web(web: Child, address: Address, stop: threading.Event) -> None:
    """Wait for the first answer of the web process."""
    wait_until(
        lambda: stop.is_set() or web.has_ended() or _answers(address),
        timeout=START_TIMEOUT,
        interval=0.1,
    )
    if stop.is_set():
        return
    if web.has_ended() or not _answers(address):
        raise SupervisorError(
            f"The web process does not start. Read its log {web.log}."
        )


def _answers(address: Address) -> bool:
    """Return whether the web process answers, whatever it says."""
    return health.web_status(address.host, address.port) is not None


def _announce(directory: Path, address: Address) -> None:
    """Print the address, the demo's log-ins and where the logs lie."""
    say(f"\nPolyphony runs at {address.url}")
    demo = directory / "demo.txt"
    if demo.exists():
        say("Log in to the demo with one of these names and passwords:")
        say(demo.read_text(encoding="utf-8").rstrip())
    say(f"Logs are in {directory / 'log'}. Press Ctrl-C to stop.\n")
