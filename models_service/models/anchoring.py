"""What suggestions do to the answers of a project: the last computation of it."""

from django.db import models

from annotation.models import Project


class AnchoringReport(models.Model):
    """What a worker found of a project that has shown suggestions to people.

    `figures` holds everything that models_service.anchoring tells; null in the place of
    what is not defined. `mark` is what services.anchoring saw of the answers then,
    `cost_s` the time it took. `requested_at`: somebody asked for it and it has not been
    computed since.
    """

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    figures = models.JSONField(default=dict)
    mark = models.TextField(blank=True)
    formula = models.PositiveSmallIntegerField(default=0)
    cost_s = models.FloatField(default=0)
    computed_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "anchoring_report"

    def __str__(self) -> str:
        return f"anchoring in {self.project_id}"
