"""Assignments (an item lent to one annotator for a time) and drafts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.participants import Participant
from annotation.models.projects import GuidelinesVersion, Project, QuestionsVersion


class Assignment(Row):
    """An item lent to one annotator, and how it was presented to them.

    `order[k]` is the canonical index of the completion shown at place k. `layout` and
    `view` record what the annotator saw last (side by side or stacked, rendered or
    raw). `annotation` is the current answer, empty until submitted. A main assignment
    is `reserved`, its slot taken, while the second protocol comes first.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        OPEN = "open"
        RESERVED = "reserved"
        SUBMITTED = "submitted"
        SURPLUS = "surplus"
        SKIPPED = "skipped"
        EXPIRED = "expired"
        RELEASED = "released"
        WITHDRAWN = "withdrawn"

    class Purpose(models.TextChoices):
        MAIN = "main"
        MIRROR = "mirror"
        SECOND_PROTOCOL = "second_protocol"
        TRAINING = "training"
        QUALIFICATION = "qualification"
        MONITORING = "monitoring"
        ATTENTION = "attention"
        IMPORTED = "imported"

    # Each foreign key below is the head of another index, or never searched by.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="assignments", db_index=False
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="assignments",
        db_index=False,
    )
    purpose = models.CharField(
        max_length=16, choices=Purpose.choices, default=Purpose.MAIN
    )
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices)
    questions_version = models.ForeignKey(
        QuestionsVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    guidelines_version = models.ForeignKey(
        GuidelinesVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    order = ArrayField(models.PositiveSmallIntegerField(), null=True, blank=True)
    layout = models.CharField(max_length=20, blank=True)
    view = models.CharField(max_length=20, blank=True)
    is_suggestion_visible = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=500, blank=True)
    annotation = models.OneToOneField(
        "annotation.Annotation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        db_table = "assignment"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "participant", "purpose", "round"),
                name="assignment_once_per_person",
            ),
            models.UniqueConstraint(
                fields=("participant",),
                condition=Q(state="open"),
                name="assignment_one_open",
            ),
            models.UniqueConstraint(
                fields=("participant",),
                condition=Q(state="queued"),
                name="assignment_one_queued",
            ),
        ]
        indexes = [
            models.Index(
                fields=("lease_until",),
                condition=Q(state__in=("open", "queued")),
                name="assignment_leases",
            ),
            models.Index(fields=("participant", "-finished_at"), name="assignment_own"),
            models.Index(
                fields=("participant", "state"),
                condition=Q(state__in=("open", "queued", "expired")),
                name="assignment_held",
            ),
            models.Index(fields=("project", "finished_at"), name="assignment_finished"),
            models.Index(
                fields=("project", "id"),
                condition=Q(state="skipped"),
                name="assignment_skipped",
            ),
            models.Index(
                fields=("participant",),
                condition=Q(state="reserved"),
                name="assignment_reserved",
            ),
            models.Index(
                fields=("participant", "purpose"),
                condition=~Q(purpose__in=("main", "imported")),
                name="assignment_checks",
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk} ({self.state})"


class Draft(models.Model):
    """Unsaved answers of an assignment, in the presented order.

    `reading_ms[k]` is the time spent on the completion shown at place k.

    `revision` grows with each save, so that a second tab notices it is behind.
    """

    assignment = models.OneToOneField(
        Assignment, on_delete=models.CASCADE, primary_key=True, related_name="draft"
    )
    answers = models.JSONField(default=dict)
    active_ms = models.PositiveBigIntegerField(default=0)
    reading_ms = ArrayField(models.PositiveBigIntegerField(), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    tab = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "draft"

    def __str__(self) -> str:
        return f"draft of {self.assignment_id}"
