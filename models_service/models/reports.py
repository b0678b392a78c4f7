"""How far a machine annotator agrees with people: the last computation of it."""

from django.db import models

from annotation.models import MachineAnnotator


class MachineReport(models.Model):
    """What a worker found of one version of a machine annotator.

    `figures` holds everything that models_service.trust tells, its calibration among
    it; null in the place of what is not defined. `inputs_sha256` covers the arrays that
    it was computed from: the same ones, with the same `formula`, give the same figures.
    `mark` is what services.reports saw of the answers then, `cost_s` the time it took.
    `requested_at`: somebody asked for it and it has not been computed since.
    """

    machine = models.OneToOneField(
        MachineAnnotator, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    figures = models.JSONField(default=dict)
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    mark = models.TextField(blank=True)
    formula = models.PositiveSmallIntegerField(default=0)
    cost_s = models.FloatField(default=0)
    computed_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "machine_report"

    def __str__(self) -> str:
        return f"report of {self.machine_id}"
