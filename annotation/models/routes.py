"""Where the label of an item comes from: people, or a machine annotator."""

from django.conf import settings
from django.db import models

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.projects import Project


class Route(Row):
    """The newest decision on where an item's label comes from, and why.

    An item without a row is labelled by people. With the source `ai` its frontier entry
    `is_routed_away`. `reason` is what the person who decided wrote.
    """

    class Source(models.TextChoices):
        HUMAN = "human"
        AI = "ai"

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="route")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(max_length=10, choices=Source.choices)
    reason = models.CharField(max_length=500)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        db_table = "route"

    def __str__(self) -> str:
        return f"item {self.item_id} by {self.source}"
