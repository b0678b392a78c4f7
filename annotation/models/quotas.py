"""Quotas of a project, the counts of their cells, and what each assignment holds."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotation.models.assignments import Assignment
from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.participants import Participant
from annotation.models.projects import Project


class QuotaVersion(Row):
    """The quotas of a project as an owner set them; the newest is in force.

    `quotas`: see annotation.allocation.quotas.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="quota_versions"
    )
    number = models.PositiveIntegerField()
    quotas = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "quota_version"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "number"), name="quota_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"quotas {self.number}"


class QuotaCell(models.Model):
    """A cell of a quota in force: its bounds, and how much of it is taken.

    `place`: which quota of the newest version. `n_taken`: leases held and answers
    counted; of the kind *people* the persons who have one. Services.quotas alone
    writes it, and the command `rebuild_frontier` computes it anew.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    place = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=14)
    key = models.CharField(max_length=1000)
    n_limit = models.PositiveIntegerField(null=True, blank=True)
    n_least = models.PositiveIntegerField(default=0)
    is_rest = models.BooleanField(default=False)
    n_taken = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "quota_cell"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "place", "key"), name="quota_cell_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.n_taken}"


class ItemCell(models.Model):
    """How many slots of an item people of one cell have taken; *per_item* only."""

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    cell = models.ForeignKey(QuotaCell, on_delete=models.CASCADE, related_name="+")
    n_taken = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "item_cell"
        constraints = [
            models.UniqueConstraint(fields=("item", "cell"), name="item_cell_once")
        ]

    def __str__(self) -> str:
        return f"cell {self.cell_id} of {self.item_id}"


class QuotaHold(models.Model):
    """The cells in which a lease or a counted answer takes part.

    They stay what they were when the lease was taken, also where the person's profile
    changes later. A lease that ends without an answer gives its row back.
    """

    assignment = models.OneToOneField(
        Assignment, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="+"
    )
    category = models.CharField(max_length=120, blank=True)
    cells = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "quota_hold"

    def __str__(self) -> str:
        return f"cells of {self.assignment_id}"
