"""Jobs: make, claim, run, cancel. The row is the truth; the message is only its id.

A runner is `run(job, progress) -> dict`; its result is stored with the job.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Job, Project
from annotation.words import gettext as _
from annotation.words import gettext_noop

logger = logging.getLogger(__name__)

LEASE_S = 60
LEASE = timedelta(seconds=LEASE_S)
MAX_ATTEMPTS = 5
PROGRESS_INTERVAL_S = 0.5
UNFINISHED = (Job.State.WAITING, Job.State.RUNNING)


class JobFailed(Exception):
    """An expected failure: its text is a sentence for the person who waits."""


class JobCancelled(Exception):
    """Somebody asked the job to stop; the runner leaves nothing half done."""


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
            When somebody asked for it; JobLost when another worker took over.
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
                " RETURNING is_cancel_wanted",
                [n_done, n_total, message, LEASE_S, self._job_id, self._attempt],
            )
            row = cursor.fetchone()
        if row is None:
            raise JobLost
        if row[0]:
            raise JobCancelled

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


Runner = Callable[[Job, Progress], dict[str, Any]]


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
    # Imported here: tasks imports the runners, which import this module.
    from annotation.tasks import run_job

    job = Job.objects.create(
        project=project,
        created_by=user,
        kind=kind,
        parameters=dict(parameters),
        file=file,
        lease_until=timezone.now() + LEASE,
    )
    # Robust: without a broker the job waits, and beat sends its id again.
    transaction.on_commit(lambda: run_job.delay(job.pk), robust=True)
    return job


@transaction.atomic
def cancel_job(*, job: Job) -> Job:
    """Ask a job to stop; one that waits is cancelled at once."""
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(
        state=Job.State.CANCELLED,
        finished_at=timezone.now(),
        message=gettext_noop("Cancelled before it began. Nothing was written."),
    )
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        is_cancel_wanted=True
    )
    if not waiting and not running:
        raise ConflictError(_("This job has ended, so it cannot be cancelled."))
    job.refresh_from_db()
    return job


def claim_job(job_id: int) -> Job | None:
    """Take a job whose lease is free; None where another worker has it.

    One conditional UPDATE, so two workers with the same message never both run.
    """
    now = timezone.now()
    is_free = Q(state=Job.State.WAITING) | Q(
        state=Job.State.RUNNING, lease_until__lt=now
    )
    n_claimed = Job.objects.filter(
        is_free, pk=job_id, n_attempts__lt=MAX_ATTEMPTS
    ).update(
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


def _finish(job: Job, state: str, message: str, result: dict[str, Any]) -> None:
    job.refresh_from_db(fields=["n_done", "n_total"])
    Job.objects.filter(
        pk=job.pk, state=Job.State.RUNNING, n_attempts=job.n_attempts
    ).update(
        state=state,
        message=message or str(result.get("message", "")),
        result=result,
        n_done=result.get("n_done", job.n_done),
        n_total=result.get("n_total", max(job.n_total, job.n_done)),
        finished_at=timezone.now(),
        lease_until=None,
    )


def due_jobs() -> list[int]:
    """Return the ids of jobs whose message or worker was lost; fail the hopeless."""
    overdue = Job.objects.filter(state__in=UNFINISHED, lease_until__lt=timezone.now())
    overdue.filter(n_attempts__gte=MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=timezone.now(),
        lease_until=None,
        message=(
            _(
                "This job was lost {max_attempts} times with its worker and "
                "is given up. The log of the worker says why it died."
            ).format(max_attempts=MAX_ATTEMPTS)
        ),
    )
    ids = list(overdue.values_list("pk", flat=True)[:100])
    # A lease of a minute from now: the next beat does not send the same id again.
    Job.objects.filter(pk__in=ids, state=Job.State.WAITING).update(
        lease_until=timezone.now() + LEASE
    )
    return ids
