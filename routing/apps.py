"""Django's registration of this app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Register `routing`."""

    name = "routing"
