"""Learn from the seed now: manage.py fit_routing PROJECT."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from models_service.management.commands._jobs import end, wait_for
from routing.management.commands._jobs import found_policy, found_project
from routing.models import RoutingRun
from routing.services.requests import request_run


class Command(BaseCommand):
    """Make the job of a fit, wait for its worker, and print its figures."""

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
        policy = found_policy(found_project(options["project"]))
        try:
            job = request_run(policy=policy, user=None, action="fit")
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"job {job.public_id}")
        if options["no_wait"]:
            return
        self.stdout.write(end(wait_for(job, self.stdout.write, "default")))
        self._print(RoutingRun.objects.get(job=job))

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
