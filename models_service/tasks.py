"""Celery's way in, on the queue `models`: ids in, one service each."""

from celery import shared_task

from annotation.services.workers import note_device
from models_service.backends.device import find_device


@shared_task(name="models_service.report_device", time_limit=300)
def report_device() -> None:
    """Tell on what this worker runs models, for the health page."""
    device = find_device()
    note_device(kind=device.kind, name=device.name, version=device.torch_version)
