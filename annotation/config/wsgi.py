"""The WSGI entry point that gunicorn loads."""

from django.core.wsgi import get_wsgi_application

from annotation.config import env

env.set_default("DJANGO_SETTINGS_MODULE", "annotation.config.settings")

# Imported here so that `shared_task` finds the configured application.
from annotation.config import celery  # noqa: E402, F401

application = get_wsgi_application()
