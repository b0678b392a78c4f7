"""Jobs: make, claim, run, pause, cancel. The row is the truth; the message is its id.

A runner is `run(job, progress) -> dict`; its result is stored with the job. Apps above
this one register runners of their own, with the queue whose worker has what they need.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from annotation.errors import ConflictError
from annotation.models import Job, Project
from annotation.words import gettext as _
from annotation.words import gettext_noop

logger = logging.getLogger(__name__)

LEASE_S = 60
LEASE = timedelta(seconds=LEASE_S)
MAX_ATTEMPTS = 5
PROGRESS_INTERVAL_S = 0.5
CANCELLED_AT_REST = gettext_noop("Cancelled. What it had done is kept.")
UNFINISHED = (Job.State.WAITING, Job.State.RUNNING)


class JobFailed(Exception):
    """An expected failure: its text is a sentence for the person who waits."""


class JobCancelled(Exception):
    """Somebody asked the job to stop; the runner leaves nothing half done."""


class JobPaused(Exception):
    """Somebody asked the job to rest, or it cannot go on until something is mended.

    The runner keeps what it has. The text, if there is one, says what to mend.
    """


class JobLost(Exception):
    """Another worker holds the job now, because this one let its lease run out."""


class Progress:
    """Reports progress and renews the lease on a connection of its own.

    Its own connection makes the figures visible while the runner is still inside the
    one transaction that makes an import all or nothing.
    """

    def __init__(self, job: Job) -> None:
        self._job_id = job.pk
        self._attempt = job.n_attempts
        self._sent_at = 0.0
        self._connection: BaseDatabaseWrapper = connections.create_connection("default")

    def set(
        self, n_done: int, n_total: int | None = None, message: str | None = None
    ) -> None:
        """Report how far the job is, at most twice a second.

        Raises
        ------
        JobCancelled
            When somebody asked for it; JobPaused likewise; JobLost when another worker
            took over.
        """
        now = time.monotonic()
        if now - self._sent_at < PROGRESS_INTERVAL_S and message is None:
            return
        self._sent_at = now
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE job SET n_done = %s, n_total = COALESCE(%s, n_total),"
                " message = COALESCE(%s, message),"
                " lease_until = now() + make_interval(secs => %s)"
                " WHERE id = %s AND state = 'running' AND n_attempts = %s"
                " RETURNING is_cancel_wanted, is_pause_wanted",
                [n_done, n_total, message, LEASE_S, self._job_id, self._attempt],
            )
            row = cursor.fetchone()
        if row is None:
            raise JobLost
        if row[0]:
            raise JobCancelled
        if row[1]:
            raise JobPaused

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def kept_alive(job: Job, every_s: float = LEASE_S / 3) -> Iterator[None]:
    """Renew a job's lease from a thread, for runners whose single steps outlast it.

    A worker that is killed renews nothing, so its job is free after one lease.
    """
    ended = threading.Event()
    renewing = threading.Thread(
        target=renew_until, args=(job, ended, every_s), name=f"job-{job.pk}"
    )
    renewing.daemon = True
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()


def renew_until(job: Job, ended: threading.Event, every_s: float) -> None:
    """Renew the lease again and again while this attempt holds the job."""
    try:
        while not ended.wait(every_s):
            try:
                Job.objects.filter(
                    pk=job.pk, state=Job.State.RUNNING, n_attempts=job.n_attempts
                ).update(lease_until=_lease())
            except DatabaseError:
                # The next turn tries on a new connection; the runner sees for itself.
                logger.warning("lease_not_renewed job=%s", job.pk)
                connection.close()
    finally:
        connection.close()


Runner = Callable[[Job, Progress], dict[str, Any]]


@dataclass(frozen=True)
class Registered:
    """How a kind of job is run. `runner`: a dotted path, imported in the worker only.

    `can_pause`: the runner keeps what it has done and goes on from there.
    `max_attempts`: so many workers may die over it before it is given up.
    `page`: the name of the page that shows such a job, with the arguments of "job".
    """

    runner: str
    queue: str = "default"
    can_pause: bool = False
    max_attempts: int = MAX_ATTEMPTS
    page: str = "job"


_REGISTERED: dict[str, Registered] = {}


def register(kind: str, registered: Registered) -> None:
    """Say how jobs of a kind are run; called once, as an app starts."""
    _REGISTERED[kind] = registered


def registered(kind: str) -> Registered:
    """Return how jobs of a kind are run."""
    return _REGISTERED[kind]


def runner_of(kind: str) -> Runner:
    """Import and return what runs jobs of a kind; for a worker of its queue only."""
    runner: Runner = import_string(registered(kind).runner)
    return runner


def queue_of(kind: str) -> str:
    """Return the queue whose workers run jobs of a kind."""
    return registered(kind).queue


def send(job_id: int, kind: str) -> None:
    """Send the id of a job to the queue of its kind."""
    # Imported here: tasks imports this module.
    from annotation.tasks import run_job

    run_job.apply_async((job_id,), queue=queue_of(kind))


@transaction.atomic
def create_job(
    *,
    project: Project,
    user: User | None,
    kind: str,
    parameters: Mapping[str, Any],
    file: str = "",
) -> Job:
    """Store a waiting job and send its id once the transaction is committed."""
    job = Job.objects.create(
        project=project,
        created_by=user,
        kind=kind,
        parameters=dict(parameters),
        file=file,
        lease_until=_lease(),
    )
    # Robust: without a broker the job waits, and beat sends its id again.
    transaction.on_commit(lambda: send(job.pk, kind), robust=True)
    return job


@transaction.atomic
def cancel_job(*, job: Job) -> Job:
    """Ask a job to stop; one that waits or rests is cancelled at once."""
    # A running one would else come to rest between what is looked at below.
    Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    ended = {"state": Job.State.CANCELLED, "finished_at": timezone.now()}
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(
        **ended, message=gettext_noop("Cancelled before it began. Nothing was written.")
    ) + Job.objects.filter(pk=job.pk, state=Job.State.PAUSED).update(
        **ended, message=CANCELLED_AT_REST
    )
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        is_cancel_wanted=True
    )
    if not waiting and not running:
        raise ConflictError(_("This job has ended, so it cannot be cancelled."))
    job.refresh_from_db()
    return job


@transaction.atomic
def pause_job(*, job: Job) -> Job:
    """Ask a job to rest and keep what it has; one that waits rests at once.

    Raises ConflictError where its kind cannot, or it has ended.
    """
    if not registered(job.kind).can_pause:
        raise ConflictError(_("A job of this kind cannot be paused. Cancel it."))
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(
        state=Job.State.PAUSED, lease_until=None
    )
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        is_pause_wanted=True
    )
    if not waiting and not running:
        raise ConflictError(_("This job does not run, so it cannot be paused."))
    job.refresh_from_db()
    return job


@transaction.atomic
def resume_job(*, job: Job) -> Job:
    """Let a job go on that rests, or that was asked to.

    Raises ConflictError where it does neither.
    """
    rests = Job.objects.filter(pk=job.pk, state=Job.State.PAUSED).update(
        state=Job.State.WAITING,
        is_pause_wanted=False,
        lease_until=_lease(),
        message="",
    )
    asked = Job.objects.filter(
        pk=job.pk, state=Job.State.RUNNING, is_pause_wanted=True
    ).update(is_pause_wanted=False)
    if not rests and not asked:
        raise ConflictError(_("This job is not paused."))
    if rests:
        transaction.on_commit(lambda: send(job.pk, job.kind), robust=True)
    job.refresh_from_db()
    return job


def _lease() -> datetime:
    return timezone.now() + LEASE


def claim_job(job_id: int) -> Job | None:
    """Take a job whose lease is free; None where another worker has it.

    One conditional UPDATE, so two workers with the same message never both run.
    """
    now = timezone.now()
    is_free = Q(state=Job.State.WAITING) | Q(
        state=Job.State.RUNNING, lease_until__lt=now
    )
    n_claimed = Job.objects.filter(is_free & ~_is_hopeless(), pk=job_id).update(
        state=Job.State.RUNNING,
        lease_until=now + LEASE,
        n_attempts=F("n_attempts") + 1,
        started_at=now,
    )
    if not n_claimed:
        return None
    return Job.objects.select_related("project").get(pk=job_id)


def run_claimed(job: Job, runner: Runner) -> None:
    """Run a claimed job and store how it ended."""
    progress = Progress(job)
    try:
        result = runner(job, progress)
        _finish(job, Job.State.DONE, "", result)
    except JobCancelled:
        _finish(
            job, Job.State.CANCELLED, _("Cancelled. Nothing was left half done."), {}
        )
    except JobPaused as rest:
        _finish(job, Job.State.PAUSED, str(rest), {})
    except JobFailed as error:
        _finish(job, Job.State.FAILED, str(error), {})
    except JobLost:
        logger.warning("job_lost id=%s attempt=%s", job.pk, job.n_attempts)
    except Exception:
        message = _("This job failed because of a fault in the program. It is logged.")
        _finish(job, Job.State.FAILED, message, {})
        raise
    finally:
        progress.close()


@transaction.atomic
def _finish(job: Job, state: str, message: str, result: dict[str, Any]) -> None:
    stored = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    job.n_done, job.n_total = stored.n_done, stored.n_total
    if state == Job.State.PAUSED and stored.is_cancel_wanted:
        # Whoever cancelled it as it came to rest would else see it go on again.
        state, message = Job.State.CANCELLED, CANCELLED_AT_REST
    Job.objects.filter(
        pk=job.pk, state=Job.State.RUNNING, n_attempts=job.n_attempts
    ).update(
        state=state,
        message=message or str(result.get("message", "")),
        result=result,
        n_done=result.get("n_done", job.n_done),
        n_total=result.get("n_total", max(job.n_total, job.n_done)),
        finished_at=None if state == Job.State.PAUSED else timezone.now(),
        lease_until=None,
        is_pause_wanted=False,
    )


def due_jobs() -> dict[int, str]:
    """Return the jobs whose message or worker was lost, with their kinds.

    Fails the hopeless ones.
    """
    overdue = Job.objects.filter(state__in=UNFINISHED, lease_until__lt=timezone.now())
    overdue.filter(_is_hopeless()).update(
        state=Job.State.FAILED,
        finished_at=timezone.now(),
        lease_until=None,
        message=_(
            "This job was lost again and again with its worker and is given up. The"
            " log of the worker says why it died."
        ),
    )
    due = dict(overdue.values_list("pk", "kind")[:100])
    # A lease of a minute from now: the next beat does not send the same id again.
    Job.objects.filter(pk__in=due, state=Job.State.WAITING).update(lease_until=_lease())
    return due


def _is_hopeless() -> Q:
    """Return: its worker died more often than its kind allows."""
    found = Q(n_attempts__gte=MAX_ATTEMPTS)
    for kind, how in _REGISTERED.items():
        if how.max_attempts != MAX_ATTEMPTS:
            found &= ~Q(kind=kind) | Q(n_attempts__gte=how.max_attempts)
    return found
