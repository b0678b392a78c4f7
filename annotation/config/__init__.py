"""The composition root: settings, urls, celery, supervisor. Nobody imports it."""
