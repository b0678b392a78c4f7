"""Bring the database and the static files up to date; a process of its own.

Started by `up` and by the containers as
`python -m annotation.config.supervisor.prepare [--database] [--static] [--demo]`.
"""

import hashlib
import io
import os
import sys
from pathlib import Path

import django
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection

# The configured Celery application, so that the demo can send jobs to workers.
from annotation.config import celery, env  # noqa: F401

# One arbitrary number that every starting host agrees on.
MIGRATION_LOCK = 7_310_459


def main(arguments: list[str]) -> int:
    """Prepare what the arguments name, or say in one sentence what is wrong."""
    env.set_default("DJANGO_SETTINGS_MODULE", "annotation.config.settings")
    try:
        django.setup()
        if "--database" in arguments:
            _check_broker()
            _migrate()
        if "--static" in arguments:
            _collect_static()
        if "--demo" in arguments:
            _seed_demo()
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        sys.stderr.write(f"The database of DATABASE_URL does not answer: {reason}\n")
        return 1
    return 0


def _check_broker() -> None:
    from django.core.cache import cache
    from redis.exceptions import RedisError

    try:
        cache.get("probe")
    except RedisError as error:
        raise ImproperlyConfigured(
            f"The server of REDIS_URL does not answer: {error}."
        ) from error


def _migrate() -> None:
    """Migrate under a lock, since several hosts may start at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        call_command("migrate", interactive=False, verbosity=0)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _collect_static() -> None:
    """Collect, hash and compress the static files where any has changed."""
    from django.conf import settings

    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name(f"{root.name}.stamp")
    digest = _static_digest()
    is_complete = (root / "staticfiles.json").exists() and stamp.exists()
    if is_complete and stamp.read_text() == digest:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest)


def _static_digest() -> str:
    """Return a hash of the name, size and time of every source file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            status = os.stat(storage.path(name))
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _seed_demo() -> None:
    """Lay the demo into a database without projects; keep the log-ins it names."""
    from django.conf import settings

    from annotation.models import Project

    if Project.objects.exists():
        return
    output = io.StringIO()
    call_command("seed_demo", stdout=output)
    path = Path(settings.VAR_DIR) / "demo.txt"
    path.write_text(output.getvalue(), encoding="utf-8")
    path.chmod(0o600)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
