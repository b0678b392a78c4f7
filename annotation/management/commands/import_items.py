"""Import files into a project: manage.py import_items PROJECT FILE [FILE ...]."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from annotation.formats.mapping import ColumnMapping
from annotation.formats.types import FileProblem
from annotation.models import Project
from annotation.services.imports import ALL, GOOD, import_path, propose


class Command(BaseCommand):
    """Import files at once, without a job; all files or none."""

    help = "Import items and labels from files; their columns are recognised."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the project, the files, and what to do with bad rows."""
        parser.add_argument("project", help="the project's short name (slug)")
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument(
            "--mode",
            choices=(ALL, GOOD),
            default=ALL,
            help="all: one bad row stops the import; good: bad rows are left out",
        )
        parser.add_argument(
            "--mapping",
            type=json.loads,
            default={},
            help="what is to differ from the recognised mapping, as JSON, such as"
            ' {"min_completions": 1}',
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Import each file and print what became of it."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        if not isinstance(options["mapping"], dict):
            raise CommandError("The mapping is not a JSON object.")
        for path in options["files"]:
            self._one(project, path, options["mode"], options["mapping"])

    def _one(
        self, project: Project, path: Path, mode: str, changes: dict[str, Any]
    ) -> None:
        if not path.is_file():
            raise CommandError(f"There is no file {str(path)!r}.")
        try:
            recognised = propose(path, path.name).to_json()
            counts, problems = import_path(
                project=project,
                path=path,
                mode=mode,
                mapping=ColumnMapping.from_json(recognised | changes),
            )
        except (FileProblem, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        for problem in problems:
            kind = "warning" if problem.is_warning else "rejected"
            self.stderr.write(
                f"{path}: row {problem.row}, {problem.field}: {kind}: "
                f"{problem.problem} {problem.fix}"
            )
        is_refused = mode == ALL and any(not p.is_warning for p in problems)
        if is_refused:
            raise CommandError(f"{path}: rows were rejected; nothing was imported.")
        facts = ", ".join(f"{name[2:]} {n:,}" for name, n in asdict(counts).items())
        self.stdout.write(f"{path}: {facts}")
