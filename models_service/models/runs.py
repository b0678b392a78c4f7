"""A run of a machine annotator over items: the job's own figures."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotation.models import Job, MachineAnnotator, QuestionsVersion


class Run(models.Model):
    """What one job lets a machine annotator do, and how far it came.

    `selection` says which items were meant, `drawn` the numbers of those drawn
    at random; null = all. `cap_usd` is the most this run may spend;
    null = only the budget of the project bounds it. The counters are written with each
    batch, in the transaction that stores its answers.
    """

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    machine = models.ForeignKey(
        MachineAnnotator, on_delete=models.CASCADE, related_name="+"
    )
    questions_version = models.ForeignKey(
        QuestionsVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    selection = models.JSONField(default=dict)
    drawn = ArrayField(models.PositiveIntegerField(), null=True)
    cap_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    n_items = models.PositiveIntegerField(default=0)
    n_ok = models.PositiveIntegerField(default=0)
    n_unparsable = models.PositiveIntegerField(default=0)
    n_refused = models.PositiveIntegerField(default=0)
    n_failed = models.PositiveIntegerField(default=0)
    n_calls = models.PositiveIntegerField(default=0)
    n_cached = models.PositiveIntegerField(default=0)
    tokens_in = models.PositiveBigIntegerField(default=0)
    tokens_out = models.PositiveBigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)

    class Meta:
        db_table = "model_run"

    def __str__(self) -> str:
        return f"run of {self.machine_id} ({self.job_id})"
