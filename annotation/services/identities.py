"""Encrypt people's ids from elsewhere, and find them again without decrypting."""

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from datetime import date
from functools import cached_property

from annotation.errors import ConflictError
from annotation.models import Project
from annotation.services import encryption


def encrypt(value: str) -> bytes:
    """Return the value encrypted under a key derived from SECRET_KEY."""
    return encryption.encrypt(value, purpose=encryption.IDENTITY)


def decrypt(token: "bytes | memoryview[int]") -> str:
    """Return what `encrypt` was given."""
    return encryption.decrypt(token, purpose=encryption.IDENTITY)


def sealed_anew(token: "bytes | memoryview[int]", day: date) -> bytes:
    """Return the same value encrypted as on that day, so that no hour leads to it.

    What no longer opens, because SECRET_KEY has changed, is returned as it is.
    """
    try:
        value = decrypt(token)
    except ConflictError:
        return bytes(token)
    return encryption.encrypt_on(value, day, purpose=encryption.IDENTITY)


class OpenedIds(ABC):
    """Ids of a platform, each opened where it is read. `sealed` gives them encrypted.

    So a list of many people opens those of the page in hand alone.
    """

    @property
    @abstractmethod
    def sealed(
        self,
    ) -> "tuple[bytes | memoryview[int], bytes | memoryview[int] | None]":
        """Return the id of the person, and those of study and session."""

    @cached_property
    def external_id(self) -> str:
        """Return the platform's id of the person."""
        return decrypt(self.sealed[0])

    @cached_property
    def _details(self) -> dict[str, str]:
        details = self.sealed[1]
        found: dict[str, str] = json.loads(decrypt(details)) if details else {}
        return found

    @property
    def study(self) -> str:
        """Return the platform's id of the study."""
        return self._details.get("study", "")

    @property
    def session(self) -> str:
        """Return the platform's id of the session."""
        return self._details.get("session", "")


def fingerprint(project: Project, value: str) -> str:
    """Return an HMAC that is equal for equal values within one project only."""
    message = f"{project.pk}:{value}".encode()
    key = encryption.derive_key(b"fingerprint")
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def withdrawn_mark(project: Project, provider: str, value: str) -> str:
    """Return what is kept of the id of somebody known from a file who withdrew.

    Unlike `fingerprint` it depends on where the id comes from, so that it tells one
    thing only: whether these labels may come in again.
    """
    return fingerprint(project, f"withdrawn:{provider}:{value}")
