"""PURE: names for people that hold within one export only."""

import hashlib
import hmac


class Pseudonyms:
    """Renames people under the secret salt of an export.

    Without the salt a name tells nothing, and the names of two exports cannot be
    joined. The mapping is one-to-one but for a chance of about n^2 / 2^81.
    """

    def __init__(self, salt: bytes) -> None:
        if len(salt) < 16:
            raise ValueError(f"a salt of {len(salt)} bytes is too short")
        self._salt = salt

    def of(self, public_id: str) -> str:
        """Return the pseudonym of a participant: "p" and 20 hexadecimal digits."""
        digest = hmac.new(self._salt, public_id.encode(), hashlib.sha256)
        return f"p{digest.hexdigest()[:20]}"
