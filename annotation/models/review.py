"""What a worker computes for the review of answers."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy

from annotation.models.items import Item
from annotation.models.projects import Project


class DisagreementRun(models.Model):
    """The last computation of a project's disagreements, of which its rows are part.

    `mark`: what services.disagreements saw of the answers then. `cost_s`: its time.
    `formula`: the version of annotation.agreement.disagreement.
    """

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    mark = models.TextField()
    formula = models.PositiveSmallIntegerField()
    n_items = models.PositiveIntegerField()
    cost_s = models.FloatField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "disagreement_run"

    def __str__(self) -> str:
        return f"disagreements of {self.project_id}"


class ItemDisagreement(models.Model):
    """How much the answers to one question of one item disagree; made by a worker.

    `value` in (0, 1]; an item on which all say the same has no row.
    """

    class Kind(models.TextChoices):
        SIDE = "side", gettext_lazy("Side flips")
        TASTE = "taste", gettext_lazy("Taste")

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="disagreements", db_index=False
    )
    question = models.TextField()
    kind = models.CharField(max_length=5, choices=Kind.choices)
    value = models.FloatField()
    n_answers = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "item_disagreement"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "question"), name="item_disagreement_once"
            ),
            models.CheckConstraint(
                condition=models.Q(value__gt=0, value__lte=1),
                name="item_disagreement_value",
            ),
        ]
        indexes = [
            models.Index(
                F("project"),
                F("question"),
                F("value").desc(),
                F("item"),
                name="item_disagreement_most",
            )
        ]

    def __str__(self) -> str:
        return f"{self.value:.2f} on {self.question} of {self.item_id}"
