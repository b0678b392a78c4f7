"""Who calls: `Authorization: Token …` for programs, the session for pages."""

import hashlib
from datetime import timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from annotation.models import ApiToken
from annotation.words import gettext as _

TOUCH_EVERY = timedelta(minutes=5)


def token_user(request: HttpRequest | Request) -> User | None:
    """Return the user of the token in the header; None where there is no token.

    Raises AuthenticationFailed for a wrong one. One query; the time of last use is
    written at most every five minutes.
    """
    words = get_authorization_header(request).split()  # type: ignore[arg-type]
    if not words or words[0].lower() != b"token":
        return None
    if len(words) != 2:
        raise AuthenticationFailed(_("The header must be “Authorization: Token …”."))
    digest = hashlib.sha256(words[1]).hexdigest()
    token = ApiToken.objects.select_related("user").filter(secret_sha256=digest).first()
    if token is None or not token.user.is_active:
        raise AuthenticationFailed(_("This token is not valid. Make a new one."))
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - TOUCH_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user


class TokenAuthentication(BaseAuthentication):
    """DRF's way to `token_user`."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the token's user, or None so that the session is tried."""
        user = token_user(request)
        return None if user is None else (user, None)

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a missing log-in is 401 and not 403."""
        return "Token"
