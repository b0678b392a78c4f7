"""Jobs (long work as a row), the files they use and make, and the event log."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from annotation.models.base import Row
from annotation.models.projects import Project


class Job(Row):
    """Long work that survives a worker's death: the message carries only the id.

    `lease_until` is renewed while a worker is at it; once it has passed, the job is
    sent again. `n_done` of `n_total` counts rows (0 = unknown).
    """

    class Kind(models.TextChoices):
        IMPORT = "import", gettext_lazy("Import")
        EXPORT = "export", gettext_lazy("Export")
        CHARTS = "charts", gettext_lazy("Charts")
        CHANGE = "change", gettext_lazy("Change of items")
        PRE_ANNOTATE = "pre_annotate", gettext_lazy("AI labels")
        TRAIN = "train", gettext_lazy("Training of a reward model")
        CHECK_BACKEND = "check_backend", gettext_lazy("Check of an AI annotator")
        ROUTE = "route", gettext_lazy("Routing")
        EMBED = "embed", gettext_lazy("Embedding of texts")

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        RUNNING = "running", gettext_lazy("Running")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")
        CANCELLED = "cancelled", gettext_lazy("Cancelled")
        PAUSED = "paused", gettext_lazy("Paused")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    parameters = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    message = models.TextField(blank=True)
    n_done = models.PositiveBigIntegerField(default=0)
    n_total = models.PositiveBigIntegerField(default=0)
    n_attempts = models.PositiveSmallIntegerField(default=0)
    is_cancel_wanted = models.BooleanField(default=False)
    is_pause_wanted = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    file = models.CharField(max_length=300, blank=True)
    report_file = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "job"
        indexes = [
            models.Index(
                fields=("lease_until",),
                condition=Q(state__in=("waiting", "running")),
                name="job_unfinished",
            ),
            models.Index(fields=("project", "-created_at"), name="job_of_project"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} job {self.pk} ({self.state})"


class Chart(models.Model):
    """An SVG made by a worker and kept until its figures change."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="charts"
    )
    name = models.CharField(max_length=40)
    theme = models.CharField(max_length=12)
    svg = models.TextField()
    numbers = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "chart"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "name", "theme"), name="chart_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """What happened, append-only. `data` holds ids and figures, never text."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "event"
        indexes = [models.Index(fields=("project", "-id"), name="event_of_project")]

    def __str__(self) -> str:
        return self.kind
