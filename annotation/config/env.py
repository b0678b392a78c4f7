"""The only reader of the environment: every variable, validated, with its default.

Called by settings and the supervisor. Knows nothing of Django's configuration.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """Return the variable, or the content of the file named by `<NAME>_FILE`."""
    file_name = os.environ.get(f"{name}_FILE")
    if file_name:
        try:
            return Path(file_name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE={file_name!r} cannot be read: {error.strerror}."
            ) from error
    return os.environ.get(name, default).strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no variable; anything else raises and names the allowed values."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not one of true, false.")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number between `low` and `high`, both included."""
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a whole number from {low} to {high}."
        )
    return number


def items(name: str) -> list[str]:
    """Return a comma-separated list without its empty entries."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def with_values(values: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for a child, with some variables set."""
    return {**os.environ, **values}


def url(name: str, schemes: tuple[str, ...]) -> str:
    """Return a URL whose scheme is one of `schemes`, or "" where it is unset."""
    value = text(name)
    if value and urlsplit(value).scheme not in schemes:
        allowed = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} does not begin with one of {allowed}.")
    return value


def set_default(name: str, value: str) -> None:
    """Set a variable for this process and its children where it is unset or empty."""
    if not text(name):
        os.environ[name] = value
