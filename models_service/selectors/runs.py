"""Runs of machine annotators, as the pages and the interface show them."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, QuerySet

from annotation.models import Budget, Job, MachineAnnotator, Project
from annotation.selectors.ledger import room_of
from annotation.words import gettext as _
from annotation.words import gettext_noop
from models_service.models import Call, Run
from models_service.selectors.forecast import Rest, rest_of

WHICH_WORDS = {
    "all": gettext_noop("all items"),
    "unlabelled": gettext_noop("items without an answer of a person"),
    "labelled": gettext_noop("items with an answer of a person"),
}


@dataclass(frozen=True)
class Trouble:
    """Calls of a run that brought no verdict, of one kind, with the last one's words.

    `code` is that of a failure, such as "timeout"; "" = a reply that was not readable.
    """

    status: str
    code: str
    n: int
    said: str


@dataclass(frozen=True)
class RunPanel:
    """A run with all that its page tells. `room_usd`: what the budget has left."""

    run: Run
    rest: Rest
    room_usd: Decimal | None
    troubles: tuple[Trouble, ...]

    @property
    def n_done(self) -> int:
        """Return how many items have been dealt with."""
        run = self.run
        return run.n_ok + run.n_unparsable + run.n_refused + run.n_failed

    @property
    def tokens(self) -> int:
        """Return the tokens in both directions."""
        return self.run.tokens_in + self.run.tokens_out

    @property
    def is_priced(self) -> bool:
        """Tell whether its price is known."""
        return self.run.machine.usd_per_million_in is not None

    @property
    def cap_left_usd(self) -> Decimal | None:
        """Return what its own cap has left; None: it has none."""
        if self.run.cap_usd is None:
            return None
        return max(self.run.cap_usd - self.run.cost_usd, Decimal(0))

    @property
    def words(self) -> str:
        """Return which items were meant."""
        return selection_words(self.run)


def selection_words(run: Run) -> str:
    """Return which items a run was to ask about."""
    chosen = run.selection
    parts = [_(WHICH_WORDS[chosen.get("which", "all")])]
    if chosen.get("category"):
        parts.append(_("of the category {name}").format(name=chosen["category"]))
    if chosen.get("n"):
        drawn = _("{n:,} of them drawn at random with the seed {seed}")
        parts.append(drawn.format(n=chosen["n"], seed=chosen.get("seed", 0)))
    if chosen.get("again"):
        parts.append(_("also what was refused or not readable"))
    return ", ".join(parts)


def run_of(job: Job) -> Run | None:
    """Return the run of a job; one query."""
    return Run.objects.select_related("machine", "job").filter(job=job).first()


def runs_of(project: Project, machine: MachineAnnotator | None = None) -> QuerySet[Run]:
    """Return the runs of a project, or of one machine annotator, the newest first."""
    found = Run.objects.filter(machine__project=project).select_related(
        "machine", "job__created_by"
    )
    if machine is not None:
        found = found.filter(machine=machine)
    return found.order_by("-job_id")


def run_panel(run: Run) -> RunPanel:
    """Return a run with its figures; two queries, and two for its troubles."""
    budget = Budget.objects.filter(project=run.machine.project_id).first()
    return RunPanel(
        run=run,
        rest=rest_of(run),
        room_usd=room_of(budget).least_usd if budget else None,
        troubles=tuple(_troubles(run)),
    )


def _troubles(run: Run) -> list[Trouble]:
    """Return what went wrong since the run was asked for, the commonest first.

    Two queries: one over the index of troubles alone, one for the last of each kind.
    """
    calls = Call.objects.filter(
        machine_id=run.machine_id, created_at__gte=run.job.created_at
    ).exclude(status="ok")
    groups = list(
        calls.values("status", "error_code")
        .annotate(n=Count("id"), last=Max("id"))
        .order_by("-n", "status", "error_code")[:12]
    )
    lasts = [group["last"] for group in groups]
    said = dict(Call.objects.filter(pk__in=lasts).values_list("pk", "error"))
    return [
        Trouble(one["status"], one["error_code"], one["n"], said.get(one["last"], ""))
        for one in groups
    ]
