"""Open what a machine annotator runs on; only in a worker of the queue `models`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from django.conf import settings

from annotation.errors import ConflictError
from annotation.models import MachineAnnotator
from annotation.services.encryption import ENDPOINT_KEY, decrypt
from annotation.services.jobs import JobFailed
from annotation.words import gettext as _
from models_service.backends.base import Generator
from models_service.backends.endpoint_settings import EndpointSettings
from models_service.backends.loading import LocalSettings
from models_service.models import Connection

if TYPE_CHECKING:
    from models_service.backends.endpoint import Endpoint

# What opens a backend loads an HTTP client or torch, which no web process needs, so
# each is imported only where it is called.


def open_generator(machine: MachineAnnotator) -> Generator:
    """Return the backend of a machine annotator.

    Raises JobFailed with a sentence where it cannot be opened.
    """
    opener = OPENERS.get(machine.backend)
    if opener is None:
        raise JobFailed(_("This AI annotator cannot be asked here."))
    try:
        return opener(machine)
    except ValueError as error:
        raise JobFailed(str(error)) from error


def open_endpoint(machine: MachineAnnotator) -> "Endpoint":
    """Return the endpoint of a machine annotator; raises JobFailed likewise."""
    from models_service.backends.endpoint import Endpoint

    try:
        return Endpoint(endpoint_settings(machine))
    except ConflictError as error:
        raise JobFailed(error.message) from error
    except ValueError as error:
        raise JobFailed(str(error)) from error


def _language_model(machine: MachineAnnotator) -> Generator:
    from models_service.backends.language_model import LanguageModel

    return LanguageModel(local_settings(machine))


def _classifier(machine: MachineAnnotator) -> Generator:
    from models_service.backends.classifier import Classifier

    return Classifier(local_settings(machine))


def _follow_up(machine: MachineAnnotator) -> Generator:
    from models_service.backends.follow_up import FollowUpModel

    return FollowUpModel(local_settings(machine))


OPENERS: Mapping[str, Callable[[MachineAnnotator], Generator]] = {
    MachineAnnotator.Backend.ENDPOINT: open_endpoint,
    MachineAnnotator.Backend.LANGUAGE_MODEL: _language_model,
    MachineAnnotator.Backend.CLASSIFIER: _classifier,
    MachineAnnotator.Backend.FOLLOW_UP: _follow_up,
}


def local_settings(machine: MachineAnnotator) -> LocalSettings:
    """Return how a model that runs in this worker is loaded and asked."""
    return LocalSettings(
        model=machine.model,
        revision=machine.revision,
        memory_mb=settings.MODEL_MEMORY_MB,
        mode=machine.parameters.get("mode", "text"),
    )


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
