"""Whether what somebody agreed to is still in force."""

from annotation.models import ConsentRecord, Participant


def has_withdrawn(participant: Participant) -> bool:
    """Tell whether a participant took every consent back; one query."""
    given = ConsentRecord.objects.filter(participant=participant)
    ends = given.values_list("withdrawn_at", flat=True)
    return bool(ends) and None not in ends
