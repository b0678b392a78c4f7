"""Hold money before calls are made, book what they cost, and keep what they brought."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Protocol

from django.db import transaction
from django.db.models import F

from annotation.errors import BudgetSpentError
from annotation.models import Job, Project, Reservation
from annotation.services import jobs, ledger
from annotation.words import gettext as _
from models_service.backends.base import Ask
from models_service.models import Run
from models_service.services.calls import Came, most_cost, store_calls

# A reply whose body cannot be read is asked for once more, and both are billed.
BILLED_TRIES = 2


def release_left_over(project: Project, beginning: str) -> None:
    """Give back what is held under references that begin so."""
    left = Reservation.objects.filter(
        project=project, reference__startswith=beginning, held_usd__gt=0
    )
    for reference in left.values_list("reference", flat=True):
        ledger.release(project=project, reference=reference)


class Books(Protocol):
    """What whoever makes calls must tell: beforehand, and as answers come."""

    def held(self, asks: Sequence[Ask]) -> AbstractContextManager[None]:
        """Hold what these calls can cost while they are made.

        Raises BudgetSpentError where there is no room for it.
        """

    def store(self, came: Sequence[Came]) -> None:
        """Keep what came back. May raise what stops a job."""


class RunBooks:
    """The books of one attempt of a run: the ledger, its counters and its progress.

    Each hold has a name that no other attempt uses, so what a killed or an overtaken
    worker held and booked is never mistaken for this one's.
    """

    def __init__(self, job: Job, run: Run, progress: jobs.Progress) -> None:
        self.job, self.run, self.progress = job, run, progress
        self.n_done = 0
        self._n_holds = self._n_parts = 0
        self._reference = ""
        self._bounds: dict[str, Decimal] = {}

    def release_left_over(self) -> None:
        """Give back what an attempt that was killed had held."""
        release_left_over(self.run.machine.project, f"run:{self.job.pk}:")

    @contextmanager
    def held(self, asks: Sequence[Ask]) -> Iterator[None]:
        """Hold the bound of these calls in the budget and within the run's cap."""
        machine = self.run.machine
        self._bounds = {ask.key: most_cost(machine, ask) for ask in asks}
        amount = BILLED_TRIES * sum(self._bounds.values(), Decimal(0))
        self._check_cap(amount)
        if not amount:
            yield
            return
        self._n_holds += 1
        reference = f"run:{self.job.pk}:{self.job.n_attempts}:{self._n_holds}"
        ledger.reserve(project=machine.project, amount=amount, reference=reference)
        self._reference = reference
        try:
            yield
        finally:
            self._reference = ""
            ledger.release(project=machine.project, reference=reference)

    def _check_cap(self, amount: Decimal) -> None:
        cap = self.run.cap_usd
        if cap is not None and self.run.cost_usd + amount > cap:
            raise BudgetSpentError(
                _(
                    "This run may cost {cap} US dollars at most, and its next call "
                    "could pass that. Begin another run with a higher cap."
                ).format(cap=f"{cap:,.2f}"),
            )

    def store(self, came: Sequence[Came]) -> None:
        """Keep what came back and book it in one transaction; tell the progress.

        Raises JobPaused where the money is held no more: nothing came for an hour.
        """
        run, project = self.run, self.run.machine.project
        with transaction.atomic():
            spent = store_calls(run.machine, came, self._bounds)
            Run.objects.filter(pk=run.pk).update(
                n_calls=F("n_calls") + len(came),
                tokens_in=F("tokens_in") + sum(c.outcome.tokens_in for c in came),
                tokens_out=F("tokens_out") + sum(c.outcome.tokens_out for c in came),
                cost_usd=F("cost_usd") + spent,
            )
            if self._reference and spent:
                self._n_parts += 1
                ledger.commit_part(
                    project=project,
                    reference=self._reference,
                    actual=spent,
                    key=str(self._n_parts),
                )
        run.cost_usd += spent
        if self._reference and not ledger.renew(
            project=project, reference=self._reference
        ):
            raise jobs.JobPaused(
                _(
                    "The endpoint was silent for so long that the money held for its "
                    "calls was given back. Let the run go on when it answers again."
                )
            )
        self.progress.set(self.n_done)
