"""How the team settled items about which people disagree: append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.projects import Project, QuestionsVersion, Role


class Adjudication(Row):
    """A member of the team settles an item, or opens it again; the last one holds.

    `answers` are in canonical order, as people's are, and empty where `is_reopening`.
    They are no annotation: nothing counts them among the answers of people.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="adjudications", db_index=False
    )
    number = models.PositiveIntegerField()
    is_reopening = models.BooleanField(default=False)
    questions_version = models.ForeignKey(
        QuestionsVersion, on_delete=models.PROTECT, related_name="+"
    )
    answers = models.JSONField(default=dict)
    reason = models.TextField()
    role = models.CharField(max_length=10, choices=Role.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        db_table = "adjudication"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "number"), name="adjudication_number"
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="adjudication_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(is_reopening=False) | Q(answers={}),
                name="adjudication_reopening_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"adjudication {self.number} of {self.item_id}"
