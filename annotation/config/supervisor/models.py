"""The workers of the queue `models` on a host with several GPUs: one for each.

Started as `python -m annotation.config.supervisor.models` by the containers; `up` has
them among its own processes. Each sees the one GPU that it is given.
"""

import signal
import sys
import threading

from django.core.exceptions import ImproperlyConfigured

from annotation.config.supervisor.children import (
    model_children,
    model_gpus,
    stop_all,
)

WATCH_INTERVAL = 0.2


def main() -> int:
    """Start a worker for each GPU of MODEL_GPUS, and bring back those that end."""
    stop = threading.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, lambda *_: stop.set())
    try:
        children = model_children(None, _say, model_gpus())
    except ImproperlyConfigured as error:
        _say(str(error))
        return 1
    try:
        for child in children:
            child.start()
        while not stop.wait(WATCH_INTERVAL):
            for child in children:
                child.watch()
    finally:
        stop_all(children)
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
