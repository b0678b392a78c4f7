"""Set a routing policy, or do what is due: manage.py route PROJECT [--machine ...]."""

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError, InvalidError
from annotation.models import Job, MachineAnnotator, Project, Role
from routing.management.commands._jobs import (
    found_policy,
    found_project,
    see_through,
)
from routing.models import RoutingPolicy
from routing.prices import SurchargeError, read_surcharges
from routing.selectors.state import state_of
from routing.services.due import do_next
from routing.services.policies import PolicyDraft, set_policy

OPTIONS: tuple[tuple[str, type, Any, str], ...] = (
    ("--seed-size", int, 200, "items that people label first"),
    ("--audit-share", float, 0.25, "share of the seed that only measures"),
    ("--budget", str, "", "how much, in its unit"),
    ("--label-usd", str, "", "price of people's label of one item, in USD"),
    ("--length-share", float, 0.0, "share of the price that grows with the words"),
    ("--reserve", float, 0.10, "share of the budget that goes to items by lot"),
    ("--refit-every", int, 100, "new labels; 0 = only by hand"),
    ("--stop-gain", float, None, "an item of a lower gain is left to the AI"),
    ("--rng", int, None, "the random seed; drawn where there is none"),
)


# What describes a policy beside these, with what stands where it is not given.
OTHERS: dict[str, Any] = {
    "judges": None,
    "unit": "share",
    "strategy": "default",
    "surcharge": [],
    "ppm": "ridge",
    "tagger": "",
    "metadata": [],
    "judge_new_items": False,
}


class Command(BaseCommand):
    """Set the policy where one is described, else begin the next run, and wait."""

    help = (
        "Route a project's items to people or to an AI: with --machine a new policy "
        "comes into force; without, what is due under the present one is done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the project and the policy."""
        parser.add_argument("project", help="the project's short name (slug)")
        parser.add_argument("--machine", default="", help="whose label is taken")
        parser.add_argument(
            "--judges", nargs="*", help="others whose verdicts are signals; else all"
        )
        parser.add_argument(
            "--unit", choices=RoutingPolicy.Unit.values, default="share"
        )
        parser.add_argument(
            "--strategy", choices=RoutingPolicy.Strategy.values, default="default"
        )
        parser.add_argument(
            "--surcharge",
            action="append",
            default=[],
            help="such as 'category=medicine x 2'; any number of them",
        )
        parser.add_argument("--ppm", choices=RoutingPolicy.Ppm.values, default="ridge")
        parser.add_argument("--tagger", default="", help="whose tags; else the newest")
        parser.add_argument(
            "--metadata",
            nargs="*",
            default=[],
            metavar="FIELD",
            help="fields of the items' metadata that are tags",
        )
        for name, kind, default, words in OPTIONS:
            parser.add_argument(name, type=kind, default=default, help=words)
        parser.add_argument(
            "--judge-new-items",
            action="store_true",
            help="items imported later wait for the machine, which is asked by itself",
        )
        parser.add_argument(
            "--no-wait",
            action="store_true",
            help="print the id of the job and leave it to the worker",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the run, wait unless told otherwise, and say where it stands."""
        project = found_project(options["project"])
        owner = _owner(project)
        try:
            job = _begun(project, owner, options)
        except InvalidError as error:
            lines = [f"{one.path}: {one.message}" for one in error.problems]
            raise CommandError("\n".join([error.message, *lines])) from error
        except AnnotationError as error:
            raise CommandError(error.message) from error
        if job is not None:
            self.stdout.write(f"job {job.public_id}")
            if options["no_wait"]:
                return
            see_through(job, self.stdout.write)
        told = state_of(project)
        self.stdout.write(f"{told.state}: {told.words} {told.next_words}")


def _begun(project: Project, owner: User, options: dict[str, Any]) -> Job | None:
    if not options["machine"]:
        _check_none_ignored(options)
        return do_next(policy=found_policy(project), user=owner)
    policy = set_policy(project=project, by=owner, draft=_draft(project, options))
    return Job.objects.filter(project=policy.project, kind="route").latest("id")


def _check_none_ignored(options: dict[str, Any]) -> None:
    """Refuse what would describe a policy where none is set."""
    usual = {name[2:].replace("-", "_"): usual for name, _, usual, _ in OPTIONS}
    for name, value in (usual | OTHERS).items():
        if options[name] != value:
            raise CommandError(
                f"--{name.replace('_', '-')} describes a policy, and without --machine "
                "none is set. Name the AI annotator too, and all else that the policy "
                "is to say: a policy never changes, another one is the next version."
            )


def _draft(project: Project, options: dict[str, Any]) -> PolicyDraft:
    names = options["judges"]
    price = options["label_usd"]
    return PolicyDraft(
        machine=_machine(project, options["machine"]),
        judges=None if names is None else [_machine(project, name) for name in names],
        n_seed=options["seed_size"],
        budget=_number(options["budget"], "--budget"),
        budget_unit=options["unit"],
        label_usd=_number(price, "--label-usd") if price else None,
        length_share=options["length_share"],
        surcharges=_surcharges(options["surcharge"]),
        audit_share=options["audit_share"],
        strategy=options["strategy"],
        reserve_share=options["reserve"],
        refit_every=options["refit_every"],
        stop_gain=options["stop_gain"],
        seed=options["rng"],
        ppm=options["ppm"],
        tagger=_machine(project, options["tagger"]) if options["tagger"] else None,
        metadata_fields=options["metadata"],
        judge_new_items=options["judge_new_items"],
    )


def _machine(project: Project, name: str) -> MachineAnnotator:
    machines = project.machine_annotators.order_by("-number", "-id")
    for one in machines:
        if name in (one.name, str(one.public_id)):
            return one
    known = ", ".join(sorted({one.name for one in machines})) or "none yet"
    raise CommandError(f"There is no AI annotator {name!r}. There are: {known}.")


def _number(text: str, option: str) -> Decimal:
    if not text:
        raise CommandError(f"Say how much: {option} 0.25, for a share of all items.")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise CommandError(f"{option} {text!r} is no number.") from error


def _surcharges(lines: list[str]) -> dict[str, float]:
    try:
        return read_surcharges("\n".join(lines))
    except SurchargeError as error:
        raise CommandError(f"--surcharge: {error}") from error


def _owner(project: Project) -> User:
    """Return the project's first owner: who runs a command has the machine."""
    found = project.memberships.filter(role=Role.OWNER).order_by("id").first()
    if found is None:
        raise CommandError(f"The project {project.slug!r} has no owner.")
    return User.objects.get(pk=found.user_id)
