"""Encrypt what must be read again: ids from elsewhere, keys of endpoints.

Each purpose has a key of its own, derived from SECRET_KEY, so that what was stored for
one cannot be passed off as another.
"""

import base64
import hashlib
import hmac
from datetime import UTC, date, datetime, time
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from annotation.errors import ConflictError
from annotation.words import gettext as _

IDENTITY = b"external-identity"
ENDPOINT_KEY = b"endpoint-key"


def derive_key(purpose: bytes) -> bytes:
    """Return 32 bytes for one purpose."""
    return hmac.new(settings.SECRET_KEY.encode(), purpose, hashlib.sha256).digest()


@lru_cache(maxsize=8)
def _fernet(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(value: str, *, purpose: bytes) -> bytes:
    """Return the value encrypted; the same value looks different each time."""
    return _fernet(derive_key(purpose)).encrypt(value.encode())


def encrypt_on(value: str, day: date, *, purpose: bytes) -> bytes:
    """Return the value encrypted as on midnight of a day.

    When it was encrypted stands readable in what `encrypt` returns, to the second.
    """
    midnight = int(datetime.combine(day, time(), UTC).timestamp())
    return _fernet(derive_key(purpose)).encrypt_at_time(value.encode(), midnight)


def decrypt(token: "bytes | memoryview[int]", *, purpose: bytes) -> str:
    """Return what `encrypt` was given for the same purpose.

    Raises ConflictError where SECRET_KEY has changed since.
    """
    try:
        return _fernet(derive_key(purpose)).decrypt(bytes(token)).decode()
    except InvalidToken:
        raise ConflictError(
            _("What is stored was encrypted under another SECRET_KEY. Enter it again.")
        ) from None
