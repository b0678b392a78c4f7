"""Let a machine annotator answer a project's items, as a job.

Items are asked about in batches; the verdicts of one and the counters of the run are
stored in one transaction. A worker that is killed midway finds the calls that had come
back, and asks for the others only. Money is held before each step (services.books).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotation.access import Seat
from annotation.errors import BudgetSpentError, ConflictError, InvalidError
from annotation.models import Job, MachineAnnotator, PreAnnotation, QuestionsVersion
from annotation.services import jobs
from annotation.words import gettext as _
from models_service.models import Run
from models_service.selectors.seats import is_jury
from models_service.selectors.wanted import (
    Selection,
    WantedItem,
    count_wanted,
    draw,
    selection_from,
    wanted_batches,
)
from models_service.services.backends import open_generator
from models_service.services.books import RunBooks
from models_service.services.judging import FatalError, Judge, Judged
from models_service.services.juries import Jury
from models_service.services.scoring import Scoring
from models_service.services.verdict_store import store_verdicts
from models_service.specs import ASKED, SCORED
from models_service.verdicts import STATUSES

# Items in a batch: so many that the end of one, when few calls are left, costs little.
BATCH = 128
# A jury waits for nobody: larger batches mean fewer statements.
JURY_BATCH = 500
SMALLEST = 1


@transaction.atomic
def request_run(
    *,
    seat: Seat,
    machine: MachineAnnotator,
    selection: Selection,
    cap_usd: Decimal | None = None,
) -> Job:
    """Store a job that lets the machine annotator answer the selected items.

    Raises ConflictError where a run of it has not ended, where it is put aside, or
    where there is no item to ask about.
    """
    questions = seat.project.current_questions()
    if questions is None:
        raise ConflictError(_("The project has no questions yet. Write them first."))
    # Locked before it is read: a change of it waits, or is seen.
    machine = MachineAnnotator.objects.select_for_update(no_key=True).get(pk=machine.pk)
    if machine.archived_at is not None:
        raise ConflictError(
            _("This AI annotator is put aside. Take it up again first.")
        )
    unended = (*jobs.UNFINISHED, Job.State.PAUSED)
    if Run.objects.filter(machine=machine, job__state__in=unended).exists():
        raise ConflictError(
            _("A run of this AI annotator has not ended. Let it go on, or cancel it.")
        )
    if cap_usd is not None and cap_usd < 0:
        raise InvalidError(_("The most that a run may cost is not below 0."))
    if not count_wanted(machine, questions, selection, most=1):
        raise ConflictError(_nothing_to_ask(machine))
    job = jobs.create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.PRE_ANNOTATE,
        parameters={"name": machine.name, "machine": str(machine.public_id)},
    )
    chosen = {k: v for k, v in asdict(selection).items() if k != "since"}
    Run.objects.create(
        job=job,
        machine=machine,
        questions_version=questions,
        selection=chosen,
        cap_usd=cap_usd,
    )
    return job


def _nothing_to_ask(machine: MachineAnnotator) -> str:
    if is_jury(machine):
        return _(
            "There is no item to decide: the jury has a verdict wherever at least two "
            "of its members have one. Let its members answer more items first."
        )
    return _("There is no item to ask about: this AI annotator has answered them all.")


def run_pre_annotation(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    run = Run.objects.select_related("machine__project", "questions_version").get(
        job=job
    )
    books = RunBooks(job, run, progress)
    books.release_left_over()
    with jobs.kept_alive(job), _at_work(run.machine, books, job.created_at) as worker:
        return _Runner(job, run, books, worker).go()


class Worker(Protocol):
    """Whoever answers a batch of items: a judge, a reward model."""

    n_cached: int

    def judge(self, items: Sequence[WantedItem]) -> list[Judged]:
        """Return one verdict for each item that it can answer."""


# What an AI annotator of each backend that is called does with a batch of items.
AT_WORK: Mapping[str, type[Judge] | type[Scoring]] = {
    **dict.fromkeys(ASKED, Judge),
    **dict.fromkeys(SCORED, Scoring),
}


@contextmanager
def _at_work(
    machine: MachineAnnotator, books: RunBooks, since: datetime
) -> Iterator[Worker]:
    if machine.backend == MachineAnnotator.Backend.HEAD:
        # Heavy: it loads what no web process needs.
        from models_service.services.rewarding import Rewarding

        yield Rewarding(machine)
        return
    if is_jury(machine):
        yield Jury(machine)
        return
    at_work = AT_WORK.get(machine.backend)
    if at_work is None:
        raise jobs.JobFailed(_("This AI annotator is not one that is asked."))
    with closing(open_generator(machine)) as backend:
        yield at_work(machine, backend, books, since)


@dataclass
class _Runner:
    """One attempt of a run."""

    job: Job
    run: Run
    books: RunBooks
    worker: Worker
    n_misfits: int = 0

    def go(self) -> dict[str, Any]:
        """Answer what is left to answer, batch by batch."""
        selection = selection_from(self.run.selection, self.job.created_at)
        if self.run.drawn is None and self.run.n_items == 0:
            self._begin(selection)
        self.books.n_done = self._n_answered()
        self.books.progress.set(self.books.n_done, self.run.n_items, "")
        for items in wanted_batches(
            self.run.machine,
            self.questions,
            selection,
            self.run.drawn,
            JURY_BATCH if is_jury(self.run.machine) else BATCH,
        ):
            self._batch(items)
            # Whoever makes no calls tells how far it is, and hears of a pause, here.
            self.books.progress.set(self.books.n_done)
        return {
            "n_done": self.books.n_done,
            "n_misfits": self.n_misfits,
            "message": self._summary(),
        }

    def _begin(self, selection: Selection) -> None:
        """Count and draw the items once, so that a later attempt means the same."""
        run = self.run
        if selection.n:
            run.drawn = draw(run.machine, self.questions, selection)
            run.n_items = len(run.drawn)
        else:
            run.n_items = count_wanted(run.machine, self.questions, selection)
        run.save(update_fields=["drawn", "n_items"])

    @property
    def questions(self) -> QuestionsVersion:
        """Return the questions that this run answers."""
        if self.run.questions_version is None:
            raise jobs.JobFailed(_("The questions of this run are gone."))
        return self.run.questions_version

    def _n_answered(self) -> int:
        run = self.run
        return run.n_ok + run.n_unparsable + run.n_refused + run.n_failed

    def _batch(self, items: Sequence[WantedItem]) -> None:
        """Ask about a batch; in smaller ones where the money is not enough for all."""
        n_cached = self.worker.n_cached
        try:
            judged = self.worker.judge(items)
        except FatalError as error:
            raise jobs.JobPaused(str(error)) from error
        except BudgetSpentError as error:
            if len(items) == SMALLEST:
                raise jobs.JobPaused(str(error)) from error
            half = len(items) // 2
            self._batch(items[:half])
            self._batch(items[half:])
            return
        self.n_misfits += len(items) - len(judged)
        self._finish(judged, self.worker.n_cached - n_cached)

    @transaction.atomic
    def _finish(self, judged: Sequence[Judged], n_cached: int) -> None:
        """Store the verdicts of a batch, and count them; what failed before, once."""
        machine, questions = self.run.machine, self.questions
        n: Counter[str] = Counter(one.combined.status for one in judged)
        n.subtract(self._counted_before(judged))
        store_verdicts(machine, questions, judged)
        Run.objects.filter(pk=self.run.pk).update(
            n_cached=F("n_cached") + n_cached,
            **{f"n_{name}": F(f"n_{name}") + n[name] for name in STATUSES},
        )
        self.books.n_done += n.total()

    def _counted_before(self, judged: Sequence[Judged]) -> Iterator[str]:
        """Yield the statuses of what this run has counted of these items already."""
        # A jury decides on an item once in a run.
        if not is_jury(self.run.machine):
            found = PreAnnotation.objects.filter(
                machine=self.run.machine,
                questions_version=self.questions,
                order=[],
                item__in=[one.item.id for one in judged],
                created_at__gte=self.job.created_at,
            )
            yield from found.values_list("status", flat=True)

    def _summary(self) -> str:
        self.run.refresh_from_db()
        return _("{n_ok:,} of {n:,} items have a verdict.").format(
            n_ok=self.run.n_ok, n=self.run.n_items
        )
