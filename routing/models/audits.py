"""What the audit of a project says: the last computation of it."""

from django.db import models

from annotation.models import Project


class AuditReport(models.Model):
    """What a worker found on the audit of the newest fit of the policy in force.

    Apart from the figures of the fit, as it is computed anew whenever answers come or
    go: nothing of who withdrew stays. `figures`: docs/ROUTING.md explains each; `mark`
    is what services.audits saw of the answers then, `gone` of who had withdrawn,
    `cost_s` the time it took.
    """

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    figures = models.JSONField(default=dict)
    mark = models.TextField(blank=True)
    gone = models.TextField(blank=True)
    formula = models.PositiveSmallIntegerField(default=0)
    cost_s = models.FloatField(default=0)
    computed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_report"

    def __str__(self) -> str:
        return f"audit of {self.project_id}"
