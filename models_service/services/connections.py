"""Store how a machine annotator is reached, and open it for a worker.

The key goes in once and comes out only into the settings of calls; no page, export or
message holds it.
"""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.models import MachineAnnotator
from annotation.services.encryption import ENDPOINT_KEY, decrypt, encrypt
from annotation.words import gettext as _
from models_service.backends.addresses import (
    Base,
    Resolver,
    check_address,
    look_up,
    read_base,
)
from models_service.backends.endpoint_settings import EndpointSettings
from models_service.models import Connection

if TYPE_CHECKING:
    from models_service.backends.endpoint import Endpoint


@transaction.atomic
def set_connection(
    *,
    machine: MachineAnnotator,
    base_url: str,
    api_key: str | None,
    concurrency: int = 8,
    requests_per_minute: int | None = None,
    timeout_s: int = 60,
    resolve: Resolver = look_up,
) -> Connection:
    """Store the connection of a machine annotator; raises InvalidError with sentences.

    `api_key=None` keeps the key that is stored, but only for the same server: else who
    may change the address could have the key sent to a server of theirs.
    """
    address = _allowed(base_url, resolve)
    stored = Connection.objects.select_for_update().filter(machine=machine).first()
    if api_key is None and stored is not None and stored.key_encrypted:
        _refuse_other_server(read_base(stored.base_url), address)
    values: dict[str, Any] = {
        "base_url": address.text,
        "concurrency": concurrency,
        "requests_per_minute": requests_per_minute,
        "timeout_s": timeout_s,
    }
    try:
        EndpointSettings(model=machine.model, api_key=api_key or "", **values)
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if api_key is not None:
        sealed = encrypt(api_key, purpose=ENDPOINT_KEY) if api_key else b""
        values["key_encrypted"] = sealed
    return Connection.objects.update_or_create(machine=machine, defaults=values)[0]


def _allowed(base_url: str, resolve: Resolver) -> Base:
    """Return the address, or raise with what is wrong with it."""
    private = settings.MODEL_PRIVATE_ADDRESSES
    problems = check_address(base_url, allow_private=private, resolve=resolve)
    if problems:
        raise InvalidError(problems[0], problems=[Problem("base_url", problems[0])])
    return read_base(base_url)


def _refuse_other_server(before: Base, after: Base) -> None:
    """Keep a stored key from going to a server that it was not entered for."""
    is_same = (before.scheme, before.host, before.port) == (
        after.scheme,
        after.host,
        after.port,
    )
    if not is_same:
        message = _("The endpoint is another server now. Enter its API key.")
        raise InvalidError(message, problems=[Problem("api_key", message)])


def settings_of(connection: Connection) -> EndpointSettings:
    """Return what a call needs, the key in clear: for workers, never for a page.

    Raises ConflictError where SECRET_KEY has changed since the key was stored.
    """
    machine = connection.machine
    given = machine.parameters
    sealed = bytes(connection.key_encrypted)
    return EndpointSettings(
        base_url=connection.base_url,
        model=machine.model,
        api_key=decrypt(sealed, purpose=ENDPOINT_KEY) if sealed else "",
        concurrency=connection.concurrency,
        requests_per_minute=connection.requests_per_minute,
        timeout_s=connection.timeout_s,
        top_p=given.get("top_p"),
        seed=given.get("seed"),
        extra_body=given.get("extra_body") or {},
        allow_private=settings.MODEL_PRIVATE_ADDRESSES,
    )


def open_endpoint(connection: Connection) -> "Endpoint":
    """Return the endpoint of a connection, for a worker to ask and to close."""
    # The web process stores connections and must not load what calls them.
    from models_service.backends.endpoint import Endpoint

    return Endpoint(settings_of(connection), rng_seed=connection.pk)
