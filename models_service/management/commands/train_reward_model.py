"""Train a project's reward model: manage.py train_reward_model --project SLUG."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import InvalidError
from annotation.models import Project
from models_service.backends.embeddings import EncoderError
from models_service.models import Head
from models_service.services.reward_models import train_reward_model


class Command(BaseCommand):
    """Train on the labels collected so far and say how good the result is."""

    help = "Train the reward model of a project on its labels, and print its figures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the project, the encoder and the seed."""
        parser.add_argument("--project", required=True, help="its short name (slug)")
        parser.add_argument(
            "--encoder",
            default="",
            help="a folder or hub name of a sentence-embedding model, or hashing; "
            "default: the installed weights, else hashing",
        )
        parser.add_argument("--seed", type=int, help="default: the project's own")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, store and print."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        try:
            head = train_reward_model(
                project=project, source=options["encoder"], seed=options["seed"]
            )
        except (InvalidError, EncoderError) as error:
            raise CommandError(str(error)) from error
        self._print(head)

    def _print(self, head: Head) -> None:
        figures = head.figures
        self.stdout.write(
            f"Reward model {head.number}: {head.n_pairs:,} pairs, {head.n_votes:,} "
            f"votes, {head.n_prompts:,} prompts, encoder {head.encoder}"
        )
        if figures["encoder_note"]:
            self.stdout.write(figures["encoder_note"])
        for name in ("head", "length_alone"):
            scores = figures[name]
            facts = ", ".join(f"{k} {_words(v)}" for k, v in scores.items())
            self.stdout.write(f"{name}: {facts}")
        self.stdout.write(f"accuracy gain: {_words(figures['accuracy_gain'])}")
        self.stdout.write(f"suspicious pairs: {figures['n_suspicious']:,}")


def _words(interval: list[float | None]) -> str:
    value, low, high = ("?" if x is None else f"{x:.3f}" for x in interval)
    return f"{value} ({low} to {high})"
