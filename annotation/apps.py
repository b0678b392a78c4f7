"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils import translation

from annotation import words


class AnnotationConfig(AppConfig):
    """Register `annotation`, the app that collects the feedback."""

    name = "annotation"
    verbose_name = "Polyphony"

    def ready(self) -> None:
        """Say everything in the reader's language, and how each job is run."""
        words.install(translation)
        # Models are not there before this.
        from annotation.models import Job
        from annotation.services.jobs import Registered, register

        for kind, runner in (
            (Job.Kind.IMPORT, "imports.run_import"),
            (Job.Kind.EXPORT, "exports.run_export"),
            (Job.Kind.CHARTS, "charts.run_charts"),
            (Job.Kind.CHANGE, "item_changes.run_item_change"),
        ):
            register(kind, Registered(f"annotation.services.{runner}"))
