"""Items that one person judges under two protocols."""

from django.db import models
from django.db.models import Q

from annotation.models.items import Item
from annotation.models.participants import Participant
from annotation.models.projects import Project


class ProtocolPair(models.Model):
    """An item that a participant is asked under both protocols, and in which order.

    `comes_first` was drawn when the item was lent; the two answers are the assignments
    of this item and participant with the purposes `main` and `second_protocol`.
    `reserved_until`: how long the main assignment is kept while the second protocol
    comes first. `is_settled`: nothing is asked as things are. `waits_since`: since when
    the other half waits, as far as a claim has seen it; empty: look at it. Only
    services.pairings writes it.
    """

    class First(models.TextChoices):
        MAIN = "main"
        SECOND_PROTOCOL = "second_protocol"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="protocol_pairs"
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="protocol_pairs",
        db_index=False,
    )
    comes_first = models.CharField(max_length=16, choices=First.choices)
    reserved_until = models.DateTimeField(null=True, blank=True)
    is_settled = models.BooleanField(default=False)
    waits_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "protocol_pair"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "participant"), name="protocol_pair_once"
            ),
            models.CheckConstraint(
                condition=Q(reserved_until=None) | Q(comes_first="second_protocol"),
                name="protocol_pair_reserved",
            ),
        ]
        indexes = [
            models.Index(
                fields=("participant", "comes_first"), name="protocol_pair_own"
            ),
            models.Index(
                fields=("participant", "waits_since", "id"),
                condition=Q(is_settled=False),
                name="protocol_pair_pending",
            ),
            models.Index(
                fields=("reserved_until",),
                condition=Q(reserved_until__isnull=False),
                name="protocol_pair_reservations",
            ),
        ]

    def __str__(self) -> str:
        return f"pair of {self.participant_id} on {self.item_id}"
