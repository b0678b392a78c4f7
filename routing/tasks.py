"""Celery's way in: one service, no rules of its own."""

from celery import shared_task

from annotation.services.each import for_each
from routing.services import audits, due, new_items


@shared_task(name="routing.refresh_due", time_limit=600)
def refresh_due() -> None:
    """Draw, learn and decide wherever it is due, and keep what audits say current.

    What waits under a policy that has ended always returns.
    """
    steps = (new_items.mend_lost, audits.refresh_stale, due.refresh_due)
    for_each(steps, lambda step: step())
