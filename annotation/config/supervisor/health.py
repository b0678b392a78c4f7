"""Is a process of ours well? For `up` and for the containers' health checks.

Started as `python -m annotation.config.supervisor.health web|default|models|broker`.
"""

import http.client
import socket
import sys

from annotation.config import env
from annotation.config.supervisor.children import model_gpus, model_workers

# What is bound to every address is reached at the loopback one.
REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def web_status(host: str, port: int) -> int | None:
    """Return the HTTP status of the health page, or None without an answer."""
    name = next(iter(env.items("ALLOWED_HOSTS")), "localhost").lstrip("*.")
    headers = {"Host": name or "localhost"}
    connection = http.client.HTTPConnection(REACHED_AT.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/health/", headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def is_worker_answering(queue: str) -> bool:
    """Return whether this host's workers of the queue all reply to a ping."""
    # Here, as the check of the web process needs no Celery.
    from annotation.config.celery import app

    workers = list(model_workers(model_gpus())) if queue == "models" else [queue]
    names = [f"{worker}@{socket.gethostname()}" for worker in workers]
    return len(app.control.ping(destination=names, timeout=5) or ()) == len(names)


def is_broker_answering() -> bool:
    """Return whether the broker accepts a connection; all that beat can be asked."""
    from annotation.config.celery import app

    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        return bool(connection.connected)


def main(arguments: list[str]) -> int:
    """Return 0 where the named process is well."""
    name = arguments[0]
    if name == "web":
        port = env.integer("PORT", 8000, low=0, high=65535)
        is_well = web_status(env.text("HOST", "127.0.0.1"), port) == 200
    elif name == "broker":
        is_well = is_broker_answering()
    else:
        is_well = is_worker_answering(name)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
