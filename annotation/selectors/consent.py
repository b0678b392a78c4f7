"""Whether what somebody agreed to is still in force.

Consent records are only ever added, and the newest of a participant holds.
"""

from annotation.models import ConsentDocument, ConsentRecord, Participant


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


def manner_of(participant: Participant) -> str:
    """Return what a withdrawal does, as the text says that was agreed to.

    Of who agreed to none, such as people known from a file, as the newest text says;
    2-3 queries.
    """
    held = last_word(participant)
    if held is not None:
        return held.document.on_withdrawal
    newest = participant.project.consent_documents.order_by("-number").first()
    return newest.on_withdrawal if newest else ConsentDocument.OnWithdrawal.ERASE
