#!/usr/bin/env python
"""Run a management command; `up` runs everything."""

import sys

from django.core.management import execute_from_command_line

# The configured Celery application, so that commands can send jobs to workers.
from annotation.config import celery, env  # noqa: F401
from annotation.config.supervisor import commands

if __name__ == "__main__":
    env.set_default("DJANGO_SETTINGS_MODULE", "annotation.config.settings")
    sys.exit(commands.run(sys.argv, execute_from_command_line))
