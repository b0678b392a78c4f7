"""Celery's way in: ids in, one service each. Models run on the queue `models`."""

from celery import shared_task
from celery.signals import worker_ready

from annotation.models import MachineAnnotator, Project
from annotation.services.each import for_each
from annotation.services.workers import note_device
from models_service.backends.device import find_device
from models_service.services import anchoring, reports


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


@shared_task(name="models_service.compute_report", time_limit=3600)
def compute_report(machine_id: int) -> None:
    """Compute how far a machine annotator agrees with people."""
    machine = MachineAnnotator.objects.filter(pk=machine_id).first()
    if machine is not None:
        reports.refresh_once(machine)


@shared_task(name="models_service.compute_anchoring", time_limit=3600)
def compute_anchoring(project_id: int) -> None:
    """Compute what suggestions do to the answers of a project."""
    project = Project.objects.filter(pk=project_id).first()
    if project is not None:
        anchoring.refresh_once(project)


@shared_task(name="models_service.refresh_reports", time_limit=3600)
def refresh_reports() -> None:
    """Compute the reports of machines and of suggestions whose answers have changed."""
    for_each((reports.refresh_stale, anchoring.refresh_stale), lambda step: step())
