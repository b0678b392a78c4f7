"""Let a machine annotator answer a project's items, as a job.

A batch of items is asked about under a reservation of money; its verdicts and the
counters of the run are stored in one transaction. A worker that is killed midway finds
the calls that had come back, and asks for the others only.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotation.access import Seat
from annotation.errors import BudgetSpentError, ConflictError, InvalidError
from annotation.models import Job, MachineAnnotator, QuestionsVersion
from annotation.services import jobs, ledger
from annotation.words import gettext as _
from models_service.models import Run
from models_service.selectors.wanted import (
    Selection,
    WantedItem,
    count_wanted,
    draw,
    selection_from,
    wanted_batches,
)
from models_service.services.backends import open_generator
from models_service.services.calls import Came, store_calls
from models_service.services.judging import FatalError, Judge, Judged
from models_service.services.scoring import Scoring
from models_service.services.verdict_store import store_verdicts
from models_service.specs import ASKED, SCORED

# Items in a batch: so many that the end of one, when few calls are left, costs little.
BATCH = 128
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
    if machine.archived_at is not None:
        raise ConflictError(
            _("This AI annotator is put aside. Take it up again first.")
        )
    MachineAnnotator.objects.select_for_update(no_key=True).get(pk=machine.pk)
    unended = (*jobs.UNFINISHED, Job.State.PAUSED)
    if Run.objects.filter(machine=machine, job__state__in=unended).exists():
        raise ConflictError(
            _("A run of this AI annotator has not ended. Let it go on, or cancel it.")
        )
    if cap_usd is not None and cap_usd < 0:
        raise InvalidError(_("The most that a run may cost is not below 0."))
    if not count_wanted(machine, questions, selection, most=1):
        raise ConflictError(
            _("There is no item to ask about: this AI annotator has answered them all.")
        )
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


def run_pre_annotation(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    run = Run.objects.select_related("machine__project", "questions_version").get(
        job=job
    )
    at_work = AT_WORK.get(run.machine.backend)
    if at_work is None:
        raise jobs.JobFailed(_("This AI annotator is not one that is asked."))
    with jobs.kept_alive(job), closing(open_generator(run.machine)) as backend:
        judge = at_work(run.machine, backend, lambda came: None, job.created_at)
        return _Runner(job, run, progress, judge).go()


# What an AI annotator of each backend does with a batch of items.
AT_WORK: Mapping[str, type[Judge] | type[Scoring]] = {
    **dict.fromkeys(ASKED, Judge),
    **dict.fromkeys(SCORED, Scoring),
}


@dataclass
class _Runner:
    """One attempt of a run."""

    job: Job
    run: Run
    progress: jobs.Progress
    judge: Judge | Scoring
    n_done: int = 0
    n_misfits: int = 0

    def go(self) -> dict[str, Any]:
        """Answer what is left to answer, batch by batch."""
        selection = selection_from(self.run.selection, self.job.created_at)
        if self.run.drawn is None and self.run.n_items == 0:
            self._begin(selection)
        self.n_done = self._n_answered()
        self.progress.set(self.n_done, self.run.n_items, "")
        for items in wanted_batches(
            self.run.machine, self.questions, selection, self.run.drawn, BATCH
        ):
            self._batch(items)
        return {
            "n_done": self.n_done,
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
        if not items:
            return
        machine = self.run.machine
        most = self.judge.most_cost(items)
        reference = f"run:{self.job.pk}:item:{items[0].id}"
        try:
            self._check_cap(most)
            if most:
                ledger.reserve(
                    project=machine.project, amount=most, reference=reference
                )
        except BudgetSpentError as error:
            if len(items) == SMALLEST:
                raise jobs.JobPaused(str(error)) from error
            half = len(items) // 2
            self._batch(items[:half])
            self._batch(items[half:])
            return
        self._ask(items, reference if most else "")

    def _check_cap(self, amount: Decimal) -> None:
        cap = self.run.cap_usd
        if cap is not None and self.run.cost_usd + amount > cap:
            raise BudgetSpentError(
                _(
                    "This run may cost {cap} US dollars at most, and its next call "
                    "could pass that. Begin another run with a higher cap."
                ).format(cap=f"{cap:,.2f}"),
            )

    def _ask(self, items: Sequence[WantedItem], reference: str) -> None:
        judge = self.judge
        n_cached = judge.n_cached
        judge.store = _Store(self, reference)
        try:
            judged = judge.judge(items)
        except FatalError as error:
            raise jobs.JobPaused(str(error)) from error
        finally:
            if reference:
                ledger.release(project=self.run.machine.project, reference=reference)
        self._finish(judged, len(items), judge.n_cached - n_cached)

    @transaction.atomic
    def _finish(self, judged: Sequence[Judged], n_items: int, n_cached: int) -> None:
        """Store the verdicts of a batch, and count them."""
        self.n_misfits += n_items - len(judged)
        store_verdicts(self.run.machine, self.questions, judged)
        statuses = [one.combined.status for one in judged]
        n = {name: statuses.count(name) for name in ("ok", "unparsable", "refused")}
        Run.objects.filter(pk=self.run.pk).update(
            n_ok=F("n_ok") + n["ok"],
            n_unparsable=F("n_unparsable") + n["unparsable"],
            n_refused=F("n_refused") + n["refused"],
            n_failed=F("n_failed") + statuses.count("failed"),
            n_cached=F("n_cached") + n_cached,
        )
        self.n_done += len(judged)

    def _summary(self) -> str:
        self.run.refresh_from_db()
        return _("{n_ok:,} of {n:,} items have a verdict.").format(
            n_ok=self.run.n_ok, n=self.run.n_items
        )


class _Store:
    """Stores what came back of a batch, books what it cost, and tells the progress."""

    def __init__(self, runner: _Runner, reference: str) -> None:
        self.runner, self.reference = runner, reference

    def __call__(self, came: Sequence[Came]) -> None:
        run = self.runner.run
        with transaction.atomic():
            spent = store_calls(run.machine, came)
            Run.objects.filter(pk=run.pk).update(
                n_calls=F("n_calls") + len(came),
                tokens_in=F("tokens_in") + sum(c.outcome.tokens_in for c in came),
                tokens_out=F("tokens_out") + sum(c.outcome.tokens_out for c in came),
                cost_usd=F("cost_usd") + spent,
            )
            if self.reference and spent:
                ledger.commit_part(
                    project=run.machine.project,
                    reference=self.reference,
                    actual=spent,
                    key=came[0].outcome.key,
                )
        run.cost_usd += spent
        self.runner.progress.set(self.runner.n_done)
