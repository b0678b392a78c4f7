"""The Celery application. Started by the supervisor as worker and as beat."""

from celery import Celery

from annotation.config import env

env.set_default("DJANGO_SETTINGS_MODULE", "annotation.config.settings")
app = Celery("polyphony")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Threads have no current application of their own: a default that was made before would
# have them send their tasks to a broker that nobody named.
app.set_default()
app.autodiscover_tasks()
