"""Lay the demo into the database: manage.py seed_demo [--password …]."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from annotation.services.demo import seed_demo


class Command(BaseCommand):
    """Make the people, projects, items and first answers of the demo."""

    help = "Make projects to try, and print the log-ins; twice adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the password of the new log-ins."""
        parser.add_argument(
            "--password",
            default="",
            help="of every new log-in; without it one is drawn and only printed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each log-in: its name, then its password if it is new."""
        for login in seed_demo(password=options["password"]):
            known = login.password or "(is there already, with its password)"
            self.stdout.write(f"{login.username} {known}")
