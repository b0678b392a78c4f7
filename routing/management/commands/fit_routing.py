"""Learn from the seed now: manage.py fit_routing PROJECT."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from routing.management.commands._jobs import (
    found_policy,
    found_project,
    see_through,
)
from routing.models import RoutingRun
from routing.services.by_hand import FIT, request_by_hand


class Command(BaseCommand):
    """Make the job of a fit, wait for its worker, and print its figures.

    As on the page, nothing is learned before the seed is labelled.
    Where texts are not embedded, the worker for models does that first.
    """

    help = "Learn from the labels so far which items people should label, and route."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the project."""
        parser.add_argument("project", help="the project's short name (slug)")
        parser.add_argument(
            "--no-wait",
            action="store_true",
            help="print the id of the job and leave it to the worker",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the fit, and wait unless told otherwise."""
        project = found_project(options["project"])
        found_policy(project)
        try:
            job = request_by_hand(project=project, user=None, action=FIT)
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"job {job.public_id}")
        if options["no_wait"]:
            return
        last = see_through(job, self.stdout.write)
        run = RoutingRun.objects.filter(job=last).first()
        if run is not None:
            self._print(run)

    def _print(self, run: RoutingRun) -> None:
        told = run.figures
        self.stdout.write(
            f"learned from {run.n_labels:,} labels; of {told['n_open']:,} open items "
            f"people get {told['n_human']:,}, {told['n_reserve']:,} of them by lot"
        )
        if told["here"]:
            here = told["here"]
            for name in ("chosen", "random"):
                one = here[name]
                self.stdout.write(
                    f"expected right labels, {name}: {one['mean']:.3f} "
                    f"({one['low']:.3f} to {one['high']:.3f})"
                )
        self.stdout.write(told["verdict"])
        for line in (told["note"], told["strategy_note"], *told["advice"]):
            if line:
                self.stdout.write(line)
