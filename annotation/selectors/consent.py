"""Whether what somebody agreed to is still in force.

Consent records are only ever added, and the newest of a participant holds.
"""

from annotation.models import ConsentRecord, Participant


def last_word(participant: Participant) -> ConsentRecord | None:
    """Return a participant's newest consent record with its document; one query."""
    return (
        ConsentRecord.objects.filter(participant=participant)
        .select_related("document")
        .order_by("-id")
        .first()
    )


def has_withdrawn(participant: Participant) -> bool:
    """Tell whether a participant took the consent back; one query."""
    record = last_word(participant)
    return record is not None and record.withdrawn_at is not None
