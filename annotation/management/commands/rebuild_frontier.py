"""Compute the stored counters anew: manage.py rebuild_frontier [PROJECT ...]."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from annotation.models import Project
from annotation.services.budgets import rebuild_ledger
from annotation.services.frontier import rebuild_frontier


class Command(BaseCommand):
    """Compare the counters of pool and budget with what they count, and mend them."""

    help = (
        "Compute the counters of the pool anew from the assignments, and those of the"
        " budget from the entries of its ledger."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the projects; none means all."""
        parser.add_argument("projects", nargs="*", help="short names (slugs)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print for each project how many counters were wrong."""
        projects = Project.objects.all()
        if options["projects"]:
            projects = projects.filter(slug__in=options["projects"])
        for project in projects:
            n_mended = rebuild_frontier(project=project)
            n_mended += rebuild_ledger(project=project)
            self.stdout.write(f"{project.slug}: {n_mended} counters mended")
