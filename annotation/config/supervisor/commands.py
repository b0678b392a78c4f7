"""The management commands that run before Django's settings can load.

Called by manage.py: `up`, and `with_services COMMAND ...`.
"""

import signal
import sys
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured

from annotation.config.supervisor import environment, up
from annotation.config.supervisor.processes import SupervisorError


def run(arguments: list[str], manage: Callable[[list[str]], None]) -> int:
    """Run manage.py's arguments; what Django knows goes to `manage`."""
    try:
        if arguments[1:] == ["up"]:
            return up.run()
        if arguments[1:2] == ["with_services"]:
            _with_services([arguments[0], *arguments[2:]], manage)
        else:
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
    if not services.servers or services.serving_owner() is not None:
        environment.supply(services)
        manage(arguments)
        return
    # As an exception, SIGTERM passes through the `with` that stops the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with services:
        environment.supply(services)
        manage(arguments)
