"""Django's registration of this app."""

from django.apps import AppConfig


class ModelsServiceConfig(AppConfig):
    """Register `models_service`."""

    name = "models_service"
