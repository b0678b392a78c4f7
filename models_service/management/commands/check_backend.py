"""Check a machine annotator: manage.py check_backend PROJECT MACHINE."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from models_service.management.commands._jobs import (
    add_places,
    end,
    found_machine,
    wait_for,
)
from models_service.services.checks import request_check


class Command(BaseCommand):
    """Make the job of a check, wait for the worker that does it, and print it."""

    help = "Check the backend of a machine annotator with one small call."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the machine annotator."""
        add_places(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the check, and wait unless told otherwise."""
        seat, machine = found_machine(options["project"], options["machine"])
        try:
            job = request_check(seat=seat, machine=machine)
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"job {job.public_id}")
        if options["no_wait"]:
            return
        said = end(wait_for(job, self.stdout.write))
        findings = job.result["findings"]
        for one in findings:
            self.stdout.write(f"{one['state']:8} {one['name']}: {one['message']}")
        if any(one["state"] == "problem" for one in findings):
            raise CommandError(said)
        self.stdout.write(said)
