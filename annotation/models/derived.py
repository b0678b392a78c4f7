"""What researchers make of own words: categorised, and simplified from that."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.base import Row
from annotation.models.participants import Participant


class DerivedAttribute(Row):
    """One level of a self-description, by whom it was given and who checked it.

    Rows are only added: a new decision, or a changed self-description, ends the one
    before by `is_current`. `role`: what the person who decided was in the project.
    """

    class Level(models.TextChoices):
        CATEGORISED = "categorised"
        SIMPLIFIED = "simplified"

    class Method(models.TextChoices):
        PERSON = "person"
        MAPPING = "mapping"

    class Verdict(models.TextChoices):
        OPEN = ""
        AGREED = "agreed"
        DISAGREED = "disagreed"

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="derived_attributes"
    )
    question = models.CharField(max_length=60)
    level = models.CharField(max_length=12, choices=Level.choices)
    value = models.CharField(max_length=120)
    method = models.CharField(max_length=10, choices=Method.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    role = models.CharField(max_length=10)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    is_current = models.BooleanField(default=True)

    class Meta:
        db_table = "derived_attribute"
        constraints = [
            models.UniqueConstraint(
                fields=("participant", "question", "level"),
                condition=Q(is_current=True),
                name="derived_attribute_current",
            )
        ]

    def __str__(self) -> str:
        return f"{self.question}, {self.level}"
