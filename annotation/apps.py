"""Django's registration of this app."""

from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    """Register `annotation`, the app that collects the feedback."""

    name = "annotation"
    verbose_name = "Polyphony"
