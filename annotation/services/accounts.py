"""A person's own log-in."""

from django.contrib.auth.models import User


def change_password(*, user: User, password: str) -> None:
    """Store a new password; every other session of the person ends."""
    user.set_password(password)
    user.save(update_fields=["password"])
