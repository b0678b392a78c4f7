"""The management commands that run before Django's settings can load.

Called by manage.py: `up`, and `with_services COMMAND ...`.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from annotation.config.supervisor import environment, up
from annotation.config.supervisor.processes import SupervisorError

# Commands that compute from files alone.
WITHOUT_SERVERS = {"simulate_routing"}


def run(arguments: list[str], manage: Callable[[list[str]], None]) -> int:
    """Run manage.py's arguments; what Django knows goes to `manage`."""
    try:
        if arguments[1:] == ["up"]:
            return up.run()
        if arguments[1:2] == ["with_services"]:
            _with_services([arguments[0], *arguments[2:]], manage)
        else:
            if set(arguments[1:2]) & WITHOUT_SERVERS:
                environment.supply_nothing()
            manage(arguments)
    except (SupervisorError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _with_services(arguments: list[str], manage: Callable[[list[str]], None]) -> None:
    """Run a command on the servers of a running `up`, or on its own start of them."""
    if len(arguments) < 2:
        raise SupervisorError("Name a command: `manage.py with_services migrate`.")
    services = environment.embedded_services()
    if not services.servers:
        environment.supply(services)
        manage(arguments)
        return
    with _borrowed(services.directory) as borrowers:
        if services.serving_owner() is not None:
            environment.supply(services)
            manage(arguments)
            return
        # As an exception, SIGTERM passes through the `with` that stops the servers.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        with services:
            environment.supply(services)
            try:
                manage(arguments)
            finally:
                # Commands that borrowed these servers meanwhile end first.
                fcntl.flock(borrowers, fcntl.LOCK_EX)


@contextmanager
def _borrowed(directory: Path) -> Iterator[int]:
    """Hold a lock that everyone who uses the directory's servers shares."""
    try:
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        descriptor = os.open(directory / "borrowers", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SupervisorError(
            f"{directory} cannot be used: {error.strerror}. Make it writable, or set "
            f"VAR_DIR to another directory."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)
