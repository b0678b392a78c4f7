#!/usr/bin/env python
"""Run a management command; `up` runs everything."""

import sys

from django.core.management import execute_from_command_line

from annotation.config import env
from annotation.config.supervisor import commands

if __name__ == "__main__":
    env.set_default("DJANGO_SETTINGS_MODULE", "annotation.config.settings")
    sys.exit(commands.run(sys.argv, execute_from_command_line))
