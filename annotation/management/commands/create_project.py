"""Make a project: manage.py create_project NAME --owner USER [--template …]."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from annotation.errors import InvalidError
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.project_templates import TEMPLATES
from annotation.services.projects import create_project


class Command(BaseCommand):
    """Make a project from a template and print its short name."""

    help = "Make a project from a template; prints the short name that addresses use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, the template, the owner and the overlap."""
        parser.add_argument("name", help="the name that people see")
        parser.add_argument("--template", choices=tuple(TEMPLATES), default="pairwise")
        parser.add_argument(
            "--people",
            choices=tuple(PEOPLE_TEMPLATES),
            default="short",
            help="the consent and the profile survey",
        )
        parser.add_argument("--owner", required=True, help="a log-in that exists")
        parser.add_argument("--overlap", type=int, default=1, help="answers per item")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the project; nothing is made where the owner has no log-in."""
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(
                f"There is no log-in {options['owner']!r}. Make it with "
                "`manage.py createsuperuser`."
            )
        try:
            project = create_project(
                user=owner,
                name=options["name"],
                template=options["template"],
                people=options["people"],
                overlap=options["overlap"],
            )
        except InvalidError as error:
            raise CommandError(error.message) from error
        self.stdout.write(project.slug)
