"""Keys of a person for the REST interface; only their hash is stored."""

import hashlib
import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from annotation.errors import InvalidError, LimitError
from annotation.models import ApiToken
from annotation.words import gettext as _

MAX_TOKENS = 20
PREFIX = "pp_"
N_SHOWN = 8


@dataclass(frozen=True)
class NewToken:
    """A token and its text, which is known only now."""

    token: ApiToken
    secret: str


@transaction.atomic
def make_token(*, user: User, name: str) -> NewToken:
    """Make a token of the user's; its text is `pp_` and 40 characters.

    Raises InvalidError without a name or for one in use, so that a form sent twice
    makes one token; LimitError past MAX_TOKENS.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise InvalidError(_("Name the token, in at most 60 characters."))
    # The lock lets one request at a time look and add.
    User.objects.select_for_update().get(pk=user.pk)
    names = set(ApiToken.objects.filter(user=user).values_list("name", flat=True))
    if name in names:
        raise InvalidError(
            _(
                "A token called “{name}” is there already. Revoke it, or "
                "choose another name."
            ).format(name=name)
        )
    if len(names) >= MAX_TOKENS:
        raise LimitError(
            _(
                "You have {max_tokens} tokens. Revoke one that you no longer use."
            ).format(max_tokens=MAX_TOKENS)
        )
    secret = PREFIX + secrets.token_urlsafe(30)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:N_SHOWN],
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
    )
    return NewToken(token, secret)


def revoke_token(*, token: ApiToken) -> None:
    """Delete a token; programs that use it are refused from now on."""
    token.delete()
