"""Who asks."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest


def person(request: HttpRequest) -> User:
    """Return who has logged in; only for views behind `login_required`."""
    return cast(User, request.user)
