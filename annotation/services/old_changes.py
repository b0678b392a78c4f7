"""Step manage: forget how items were before a change that is too old to be undone.

Called by the beat. The job itself stays in the list of jobs; a row for each item that
it changed would else be kept for ever.
"""

from datetime import timedelta

from django.utils import timezone

from annotation.models import ItemChange, Job
from annotation.selectors.jobs import KEPT

BATCH = 10_000
# An undoing that was asked for at the last moment has ended by then.
GRACE = timedelta(days=7)


def forget_old_changes() -> int:
    """Delete the rows of old changes, some thousand at a time; return their number."""
    old = Job.objects.filter(
        kind=Job.Kind.CHANGE, finished_at__lt=timezone.now() - KEPT - GRACE
    )
    n_gone = 0
    while keys := list(
        ItemChange.objects.filter(job__in=old).values_list("pk", flat=True)[:BATCH]
    ):
        n_gone += ItemChange.objects.filter(pk__in=keys).delete()[0]
    return n_gone
