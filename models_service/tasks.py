"""Celery's way in, on the queue `models`: ids in, one service each."""

from celery import shared_task
from celery.signals import worker_ready

from annotation.services.workers import note_device
from models_service.backends.device import find_device


@shared_task(name="models_service.report_device", time_limit=300)
def report_device() -> None:
    """Tell on what this worker runs models, for the health page."""
    device = find_device()
    note_device(kind=device.kind, name=device.name, version=device.torch_version)


@worker_ready.connect
def report_at_start(sender: object = None, **_: object) -> None:
    """Let a worker of this queue tell at once, and not only with the next beat."""
    app = getattr(sender, "app", None)
    if app is not None and "models" in app.amqp.queues.consume_from:
        report_device.delay()
