"""Find out whether a machine annotator can be asked, as a job: one small call."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.access import Seat
from annotation.errors import BudgetSpentError, ConflictError
from annotation.models import Budget, Job, MachineAnnotator, Project
from annotation.selectors.ledger import room_of
from annotation.services import jobs, ledger
from annotation.words import gettext as _
from models_service.backends.base import Failure, Reply
from models_service.backends.check_question import CHECK
from models_service.selectors.checks import checks_of
from models_service.services.backends import open_endpoint, open_generator
from models_service.services.books import BILLED_TRIES, release_left_over
from models_service.services.calls import most_cost, spent_on
from models_service.specs import OPENED

if TYPE_CHECKING:
    from models_service.backends.endpoint_check import Finding


@transaction.atomic
def request_check(*, seat: Seat, machine: MachineAnnotator) -> Job:
    """Store a job that checks a machine annotator; the one that waits, if one does.

    Raises ConflictError where it is of a kind that is not asked, and BudgetSpentError
    where the budget has no room for its call.
    """
    if machine.backend not in OPENED:
        raise ConflictError(_("This AI annotator is not one that is asked."))
    MachineAnnotator.objects.select_for_update(no_key=True).get(pk=machine.pk)
    waiting = checks_of(machine).filter(state__in=jobs.UNFINISHED).first()
    if waiting is not None:
        return waiting
    _check_room(seat.project, BILLED_TRIES * _bound(machine))
    return jobs.create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.CHECK_BACKEND,
        parameters={"name": machine.name, "machine": str(machine.public_id)},
    )


def run_check(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    machine = MachineAnnotator.objects.select_related("project").get(
        project_id=job.project_id, public_id=job.parameters["machine"]
    )
    try:
        with jobs.kept_alive(job), _held(job, machine) as books:
            findings = _findings(machine, books)
    except BudgetSpentError as error:
        raise jobs.JobFailed(error.message) from error
    return {
        "findings": [asdict(one) for one in findings],
        "message": _summary([one.state for one in findings]),
        "n_done": 1,
        "n_total": 1,
    }


# --- money ----------------------------------------------------------------------------


def _bound(machine: MachineAnnotator) -> Decimal:
    """Return what a check can cost at most; 0 where no price is known, or no call."""
    if machine.backend != MachineAnnotator.Backend.ENDPOINT:
        return Decimal(0)
    return most_cost(machine, CHECK)


def _check_room(project: Project, amount: Decimal) -> None:
    """Say at once that there is no room; the worker holds the money, and asks again."""
    budget = Budget.objects.filter(project=project).first()
    room = room_of(budget).least_usd if budget else None
    if amount and room is not None and room < amount:
        raise ledger.spent_error(project, amount)


@dataclass
class _Books:
    """What the call of a check is booked in."""

    machine: MachineAnnotator
    bound: Decimal
    reference: str

    def book(self, outcome: Reply | Failure) -> None:
        """Book what the call cost, and give back the rest of what is held for it."""
        if self.bound:
            spent = spent_on(self.machine, outcome, self.bound)
            ledger.commit(
                project=self.machine.project, reference=self.reference, actual=spent
            )


@contextmanager
def _held(job: Job, machine: MachineAnnotator) -> Iterator[_Books]:
    """Hold what the call can cost while it is made, as a run does."""
    project, bound = machine.project, _bound(machine)
    books = _Books(machine, bound, f"check:{job.pk}:{job.n_attempts}")
    if not bound:
        yield books
        return
    # An attempt that was killed held money too.
    release_left_over(project, f"check:{job.pk}:")
    amount = BILLED_TRIES * bound
    ledger.reserve(project=project, amount=amount, reference=books.reference)
    try:
        yield books
    finally:
        ledger.release(project=project, reference=books.reference)


# --- what is asked --------------------------------------------------------------------


def _findings(machine: MachineAnnotator, books: _Books) -> "Sequence[Finding]":
    # Heavy: they load an HTTP client or torch, which no web process needs.
    from models_service.backends.endpoint_check import Finding, check
    from models_service.backends.local import LocalModel

    if machine.backend == MachineAnnotator.Backend.ENDPOINT:
        with closing(open_endpoint(machine)) as endpoint:
            found = check(endpoint)
        if found.outcome is not None:
            books.book(found.outcome)
        return found.findings
    with closing(open_generator(machine)) as model:
        if not isinstance(model, LocalModel):
            raise jobs.JobFailed(_("This AI annotator is not one that is asked."))
        runs, *notes = model.check()
    return [
        Finding("model", "ok", runs),
        *(Finding("template", "warning", note) for note in notes),
    ]


def _summary(states: list[str]) -> str:
    if "problem" in states:
        return _("It cannot be asked as it is. What to mend is said below.")
    if "warning" in states:
        return _("It can be asked; some things are worth knowing.")
    return _("It can be asked.")
