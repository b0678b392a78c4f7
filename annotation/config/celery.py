"""The Celery application. Started by the supervisor as worker and as beat."""

from celery import Celery

from annotation.config import env

env.set_default("DJANGO_SETTINGS_MODULE", "annotation.config.settings")
app = Celery("polyphony")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
