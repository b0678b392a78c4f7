"""Annotations by people and flags: append-only, a correction supersedes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from annotation.models.assignments import Assignment
from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.participants import Participant
from annotation.models.projects import Project


class Annotation(Row):
    """A submitted answer in canonical order. Rows are never changed or deleted.

    `submission_id` comes from the client and makes retries return the first result.
    A retraction is a row of its own that supersedes the answer it takes back.
    `active_ms` counts the time with the page visible and in use; `total_ms` runs
    from shown to submitted. Both are empty where an import does not tell.
    `reading_ms[i]` is the part of the active time in which completion i, in canonical
    order, was under the eye or the hand; empty where the page did not measure it.
    """

    class Source(models.TextChoices):
        WEB = "web"
        API = "api"
        IMPORT = "import"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="annotations", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="annotations")
    assignment = models.ForeignKey(
        Assignment, on_delete=models.CASCADE, related_name="annotations"
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="annotations",
        db_index=False,
    )
    submission_id = models.UUIDField(unique=True)
    answers = models.JSONField()
    is_retraction = models.BooleanField(default=False)
    supersedes = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="superseded_by",
    )
    source = models.CharField(max_length=6, choices=Source.choices)
    active_ms = models.PositiveBigIntegerField(null=True, blank=True)
    total_ms = models.PositiveBigIntegerField(null=True, blank=True)
    reading_ms = ArrayField(models.PositiveBigIntegerField(), null=True, blank=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "annotation"
        indexes = [models.Index(fields=("project", "id"), name="annotation_stream")]

    def __str__(self) -> str:
        return f"annotation {self.pk}"


class Flag(Row):
    """A person's remark that something is wrong with an item."""

    class Kind(models.TextChoices):
        HARMFUL = "harmful", gettext_lazy("Harmful content")
        PRIVATE = "private", gettext_lazy("Private data")
        BROKEN = "broken", gettext_lazy("Broken or unreadable")
        LANGUAGE = "language", gettext_lazy("Wrong language")
        OTHER = "other", gettext_lazy("Something else")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="flags")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="flags")
    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    note = models.CharField(max_length=2000, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "flag"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "participant", "kind"), name="flag_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} flag on {self.item_id}"
