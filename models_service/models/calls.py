"""What was asked of a model and what it said, call by call."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models import Item, MachineAnnotator, PreAnnotation


class Call(models.Model):
    """One call to a model, kept raw: the verdicts are made from these rows.

    `cache_key` is a hash of the version of the machine, its prompt, the texts, their
    order and the sample, so that an answer once had is never paid for again. `order[k]`
    is the canonical index of the completion shown at place k. `text` is what the model
    said; `logit` the log-odds of the place shown first over the second, where the model
    tells. `step` counts the turns of a protocol of several.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    machine = models.ForeignKey(
        MachineAnnotator, on_delete=models.CASCADE, related_name="+"
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    cache_key = models.CharField(max_length=64, unique=True)
    order = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    step = models.PositiveSmallIntegerField(default=0)
    sample = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=PreAnnotation.Status.choices)
    text = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    logit = models.FloatField(null=True)
    error = models.CharField(max_length=500, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    n_attempts = models.PositiveSmallIntegerField(default=1)

    class Meta:
        db_table = "model_call"
        indexes = [
            models.Index(fields=("machine", "item"), name="model_call_of_item"),
            # What the page of a run groups every two seconds; troubles are few.
            models.Index(
                fields=("machine", "created_at"),
                include=("status", "error_code", "id"),
                condition=~Q(status="ok"),
                name="model_call_trouble",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk} ({self.status})"
