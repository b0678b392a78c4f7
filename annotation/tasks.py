"""Celery's way in: ids in, one service each, no rules of their own."""

from celery import shared_task
from celery.signals import heartbeat_sent, worker_ready
from django.core.cache import cache

from annotation.selectors.workers import beat_key
from annotation.services import (
    assignments,
    budgets,
    disagreements,
    endings,
    jobs,
    ledger,
    old_changes,
    uploads,
    withdrawals,
)
from annotation.services.charts import refresh_stale
from annotation.services.each import for_each

WORKER_BEAT_S = 30


@shared_task(name="annotation.run_job", time_limit=6 * 3600)
def run_job(job_id: int) -> None:
    """Run a job, unless another worker already does."""
    job = jobs.claim_job(job_id)
    if job is not None:
        jobs.run_claimed(job, jobs.runner_of(job.kind))


@shared_task(name="annotation.resend_jobs", time_limit=60)
def resend_jobs() -> None:
    """Send again what waits too long or whose worker was lost."""
    for job_id, kind in jobs.due_jobs().items():
        jobs.send(job_id, kind)


@shared_task(name="annotation.expire_leases", time_limit=60)
def expire_leases() -> None:
    """Return the leases that ran out to the pool, and money held for nobody."""
    steps = (assignments.expire_leases, ledger.expire_reservations, budgets.pay_owed)
    for_each(steps, lambda step: step())


@shared_task(name="annotation.close_overdue", time_limit=60)
def close_overdue() -> None:
    """End the enrolments whose time is over."""
    endings.close_overdue()


@shared_task(name="annotation.finish_withdrawals", time_limit=3600)
def finish_withdrawals() -> None:
    """Carry out what is left of withdrawals."""
    withdrawals.finish_all()


@shared_task(name="annotation.refresh_charts", time_limit=600)
def refresh_charts() -> None:
    """Make the charts of projects whose figures have changed."""
    refresh_stale()


@shared_task(name="annotation.refresh_disagreements", time_limit=3600)
def refresh_disagreements() -> None:
    """Measure where annotators disagree in projects that have changed."""
    disagreements.refresh_stale()


@shared_task(name="annotation.remove_unused_uploads", time_limit=600)
def remove_unused_uploads() -> None:
    """Remove uploaded files that nobody imported for days."""
    uploads.remove_unused_uploads()


@shared_task(name="annotation.forget_old_changes", time_limit=3600)
def forget_old_changes() -> None:
    """Forget what is too old to be undone."""
    old_changes.forget_old_changes()


@heartbeat_sent.connect
@worker_ready.connect
def tell_alive(sender: object = None, **_: object) -> None:
    """Leave a short-lived mark for each queue that this worker reads."""
    # `worker_ready` comes from the consumer, `heartbeat_sent` from its heart.
    app = getattr(getattr(sender, "eventer", sender), "app", None)
    if app is None:
        return
    for queue in app.amqp.queues.consume_from:
        cache.set(beat_key(queue), True, WORKER_BEAT_S)
