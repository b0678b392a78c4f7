"""Write a data set: manage.py export_dataset --project SLUG --format F --out DIR."""

from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import InvalidError
from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.hybrid import AI, HUMAN, HybridCounts
from annotation.formats.exports.options import (
    CHOICES,
    ExportOptions,
    InvalidOptionsError,
)
from annotation.formats.exports.package import FolderPackage
from annotation.models import Project
from annotation.services.datasets import write_dataset
from annotation.services.exports import new_salt
from annotation.services.hybrid import machine_of

MIN_SALT = 16


class Command(BaseCommand):
    """Write a data set into a folder at once, without a job."""

    help = "Write a project's answers as a data set with its card, into a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the project, the folder, and every option of an export."""
        parser.add_argument("--project", required=True, help="its short name (slug)")
        parser.add_argument("--out", required=True, type=Path, help="an empty folder")
        parser.add_argument(
            "--salt-file",
            type=Path,
            help="a secret of 16 bytes or more; the same one gives the same pseudonyms",
        )
        for field in fields(ExportOptions):
            self._add_option(parser, field.name, field.default)

    def _add_option(self, parser: ArgumentParser, name: str, default: object) -> None:
        flag = "--as" if name == "file_type" else f"--{name.replace('_', '-')}"
        offered: list[str] | None = list(CHOICES.get(name, ())) or None
        if name == "format":
            offered = list(FORMATS)
        elif isinstance(default, bool):
            offered = ["true", "false"]
        parser.add_argument(
            flag, dest=name, choices=offered, help=f"default: {default}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the data set and print what went in and what stayed out."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        names = [field.name for field in fields(ExportOptions)]
        given = {n: options[n] for n in names if options[n] is not None}
        try:
            chosen = parse_options(given)
        except InvalidOptionsError as error:
            raise CommandError(str(error)) from error
        folder: Path = options["out"]
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(f"{str(folder)!r} is not an empty folder.")
        salt = _salt(options["salt_file"])
        try:
            machine_of(project, chosen)
        except InvalidError as error:
            said = " ".join(problem.message for problem in error.problems)
            raise CommandError(said) from error
        written = write_dataset(
            project=project,
            options=chosen,
            package=FolderPackage(folder),
            salt=salt,
            on_progress=lambda done, total: None,
        )
        for table in written.tables:
            self.stdout.write(f"{folder / table.path}: {table.n_rows:,} rows")
        answers = written.answers
        counts = {"stored": answers.stored, "exported": answers.exported}
        counts |= dict(sorted(answers.dropped.items()))
        facts = ", ".join(f"{name} {n:,}" for name, n in counts.items())
        self.stdout.write(f"answers: {facts}")
        if written.hybrid is not None:
            self._tell_labels(written.hybrid)

    def _tell_labels(self, counts: HybridCounts) -> None:
        facts = [f"people {counts.of(HUMAN):,}", f"AI {counts.of(AI):,}"]
        for reason, n in sorted(counts.left_out.items()):
            facts += [f"left out as {reason} {n:,}"] if n else []
        self.stdout.write(f"labels: {', '.join(facts)}")


def _salt(path: Path | None) -> bytes:
    if path is None:
        return new_salt()
    if not path.is_file():
        raise CommandError(f"There is no file {str(path)!r}.")
    salt = path.read_bytes().strip()
    if len(salt) < MIN_SALT:
        raise CommandError(
            f"{str(path)!r} is too short; write {MIN_SALT} bytes or more."
        )
    return salt
