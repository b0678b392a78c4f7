"""What a start needs besides the servers: the key, the addresses, the directory.

Called by `up` and `with_services` before Django's settings load.
"""

import os
import secrets
from pathlib import Path

from annotation.config import env
from annotation.config.supervisor.processes import SupervisorError
from annotation.config.supervisor.services import EmbeddedServices

ROOT = Path(__file__).resolve().parents[3]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def var_dir() -> Path:
    """Return the directory of everything that a start leaves on disk."""
    return Path(env.text("VAR_DIR", str(ROOT / "var"))).resolve()


def embedded_services() -> EmbeddedServices:
    """Return the servers that the environment does not name."""
    return EmbeddedServices(
        var_dir(),
        database=not env.url("DATABASE_URL", ("postgresql", "postgres")),
        broker=not env.url("REDIS_URL", ("redis", "rediss", "unix")),
    )


def supply(services: EmbeddedServices) -> None:
    """Set the variables that the settings need and the operator left unset."""
    env.set_default("VAR_DIR", str(services.directory))
    env.set_default("DATABASE_URL", services.database_url)
    env.set_default("REDIS_URL", services.redis_url)
    if not env.text("SECRET_KEY"):
        env.set_default("SECRET_KEY_FILE", str(_secret_key_file(services.directory)))


def supply_nothing() -> None:
    """Set the variables for a command that opens no connection and signs nothing.

    The addresses lead nowhere: `.invalid` is reserved for names that never exist.
    """
    env.set_default("DATABASE_URL", "postgresql://nobody@nowhere.invalid/none")
    env.set_default("REDIS_URL", "redis://nowhere.invalid/0")
    env.set_default("SECRET_KEY", secrets.token_urlsafe(48))


def _secret_key_file(directory: Path) -> Path:
    """Return the file of the installation's own key, made on the first start."""
    path = directory / "secret_key"
    try:
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    except OSError as error:
        raise SupervisorError(
            f"{path} cannot be written: {error.strerror}. Set SECRET_KEY, or set "
            f"VAR_DIR to a directory that is writable."
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    return path
