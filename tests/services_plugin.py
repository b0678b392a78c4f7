"""Give the tests servers of their own before Django's settings load.

Loaded by `-p tests.services_plugin`. With DATABASE_URL or REDIS_URL set, the servers
named there are used instead. Under pytest-xdist the controller starts the servers
and each worker gets a Redis database and a VAR_DIR of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from annotation.config.supervisor import EmbeddedServices

ENVIRONMENT = {
    "SECRET_KEY": "a key for the tests that opens nothing else",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    # Playwright keeps an event loop in the thread in which the ORM is used.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    "HF_HUB_OFFLINE": "1",
}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Iterator[None]:
    """Start what is missing; a wrapper, to come before pytest-django's own hook."""
    for name, value in ENVIRONMENT.items():
        os.environ[name] = value
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _start(early_config)
    else:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = redis_database(os.environ["REDIS_URL"], number)
        os.environ["VAR_DIR"] = str(Path(os.environ["VAR_DIR"]) / worker)
    (Path(os.environ["VAR_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
    return (yield)


def _start(config: pytest.Config) -> None:
    """Start the servers that the environment does not name, until pytest ends."""
    folder = Path(tempfile.mkdtemp(prefix="polyphony-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    # As root the servers run as `nobody`, who must be able to enter.
    folder.chmod(0o711)
    services = EmbeddedServices(
        folder / "services",
        durable=False,
        database=not os.environ.get("DATABASE_URL"),
        broker=not os.environ.get("REDIS_URL"),
    )
    services.start()
    config.add_cleanup(services.stop)
    os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or services.database_url
    os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or services.redis_url
    os.environ["VAR_DIR"] = str(folder / "var")


def redis_database(url: str, number: int) -> str:
    """Return the URL of another numbered database on the same server."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        base = int(parse_qs(parts.query).get("db", ["0"])[0])
        return f"unix://{parts.path}?db={base + number}"
    base = int(parts.path.strip("/") or 0)
    return parts._replace(path=f"/{base + number}").geturl()
