"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils import translation

from annotation import words


class AnnotationConfig(AppConfig):
    """Register `annotation`, the app that collects the feedback."""

    name = "annotation"
    verbose_name = "Polyphony"

    def ready(self) -> None:
        """Say everything in the reader's language from now on."""
        words.install(translation)
