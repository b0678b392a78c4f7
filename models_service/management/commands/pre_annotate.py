"""Let a machine annotator answer items: manage.py pre_annotate PROJECT MACHINE."""

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from models_service.management.commands._jobs import (
    add_places,
    end,
    found_machine,
    wait_for,
)
from models_service.models import Run
from models_service.prompts import PROTOCOLS
from models_service.selectors.wanted import WHICH, Selection
from models_service.services.runs import request_run


class Command(BaseCommand):
    """Make the job of a run, wait for its worker, and print its figures."""

    help = "Let a machine annotator answer a project's items, as a job."
    # Of the protocol's kind; "" = every kind.
    kind = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the machine annotator, which items are meant, and the cap."""
        add_places(parser)
        parser.add_argument("--which", choices=WHICH, default="all")
        parser.add_argument("--category", default="", help="items of it alone")
        parser.add_argument(
            "--n", type=int, default=0, help="a random sample of so many"
        )
        parser.add_argument("--seed", type=int, default=0, help="of the sample")
        parser.add_argument(
            "--again",
            action="store_true",
            help="ask again what was refused or not readable",
        )
        parser.add_argument(
            "--cap", default="", metavar="USD", help="the most it costs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the run, and wait unless told otherwise."""
        seat, machine = found_machine(options["project"], options["machine"])
        protocol = PROTOCOLS.get(machine.protocol)
        if self.kind and (protocol is None or protocol.kind != self.kind):
            raise CommandError(f"{machine.name!r} has no protocol for {self.kind}.")
        if options["n"] < 0 or options["seed"] < 0:
            raise CommandError("--n and --seed are whole numbers from 0.")
        names = ("which", "category", "n", "seed", "again")
        try:
            job = request_run(
                seat=seat,
                machine=machine,
                selection=Selection(**{name: options[name] for name in names}),
                cap_usd=_usd(options["cap"]),
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"job {job.public_id}")
        if options["no_wait"]:
            return
        said = end(wait_for(job, self.stdout.write))
        run = Run.objects.get(job=job)
        self.stdout.write(said)
        self.stdout.write(
            f"items {run.n_items:,}, ok {run.n_ok:,}, unparsable {run.n_unparsable:,}, "
            f"refused {run.n_refused:,}, failed {run.n_failed:,}, "
            f"calls {run.n_calls:,}, cached {run.n_cached:,}, "
            f"tokens {run.tokens_in + run.tokens_out:,}, "
            f"USD {run.cost_usd:.6f}"
        )


def _usd(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= 100_000:
        raise CommandError(f"--cap {text!r} is no amount in US dollars.")
    return found
