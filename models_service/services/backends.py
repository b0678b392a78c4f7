"""Open what a machine annotator runs on; only in a worker of the queue `models`."""

from typing import TYPE_CHECKING

from django.conf import settings

from annotation.errors import ConflictError
from annotation.models import MachineAnnotator
from annotation.services.encryption import ENDPOINT_KEY, decrypt
from annotation.services.jobs import JobFailed
from annotation.words import gettext as _
from models_service.backends.base import Generator
from models_service.backends.endpoint_settings import EndpointSettings
from models_service.models import Connection

if TYPE_CHECKING:
    from models_service.backends.endpoint import Endpoint


def open_generator(machine: MachineAnnotator) -> Generator:
    """Return the backend of a machine annotator that is asked.

    Raises JobFailed with a sentence where it cannot be opened.
    """
    if machine.backend != MachineAnnotator.Backend.ENDPOINT:
        raise JobFailed(_("This AI annotator cannot be asked here."))
    return open_endpoint(machine)


def open_endpoint(machine: MachineAnnotator) -> "Endpoint":
    """Return the endpoint of a machine annotator; raises JobFailed likewise."""
    # Heavy: it loads an HTTP client, which no web process needs.
    from models_service.backends.endpoint import Endpoint

    try:
        return Endpoint(endpoint_settings(machine))
    except ConflictError as error:
        raise JobFailed(error.message) from error
    except ValueError as error:
        raise JobFailed(str(error)) from error


def endpoint_settings(machine: MachineAnnotator) -> EndpointSettings:
    """Return how the endpoint of a machine annotator is asked, with its key."""
    found = Connection.objects.filter(machine=machine).first()
    if found is None:
        raise JobFailed(
            _("This AI annotator has no address. Write it into its settings.")
        )
    sealed = bytes(found.key_encrypted)
    return EndpointSettings(
        base_url=found.base_url,
        model=machine.model,
        api_key=decrypt(sealed, purpose=ENDPOINT_KEY) if sealed else "",
        concurrency=found.concurrency,
        requests_per_minute=found.requests_per_minute,
        timeout_s=found.timeout_s,
        extra_body=machine.parameters.get("extra_body", {}),
        allow_private=settings.MODEL_PRIVATE_ADDRESSES,
    )
