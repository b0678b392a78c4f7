"""What a policy decided, run by run, of which items; the routes are the newest."""

from django.db import models
from django.db.models import Q

from annotation.models import Item, Job, Route
from models_service.models import EncoderIdentity
from routing.models.policies import RoutingPolicy


class RoutingRun(models.Model):
    """One job that decides: it draws the seed, or learns from it and routes.

    A run first writes all its decisions at once (`planned_at`) and then lets them hold,
    chunk by chunk; a run that died in between goes on with the same decisions.
    `n_labels`: items with labels of people that it learned from. The same inputs
    (`inputs_sha256`), policy and versions give the same decisions. `figures`:
    docs/ROUTING.md explains each. `applied_at`: when the last chunk held.
    """

    class Kind(models.TextChoices):
        SEED = "seed"
        FIT = "fit"

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    policy = models.ForeignKey(
        RoutingPolicy, on_delete=models.CASCADE, related_name="runs"
    )
    kind = models.CharField(max_length=4, choices=Kind.choices)
    n_labels = models.PositiveIntegerField(default=0)
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    figures = models.JSONField(default=dict)
    versions = models.JSONField(default=dict)
    duration_s = models.FloatField(default=0)
    planned_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "routing_run"

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"


class EmbeddingRun(models.Model):
    """One job that makes the texts of a policy's pool ready: embedded and measured.

    `encoder` null: no model is there, and the pool is small enough to be learned from
    its own words. `note`: what is to be known of the encoder. `n_new`: texts that were
    encoded. `ended_at`: when the whole pool was ready; the newest such run says what a
    fit reads.
    """

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    policy = models.ForeignKey(
        RoutingPolicy, on_delete=models.CASCADE, related_name="embedding_runs"
    )
    encoder = models.ForeignKey(
        EncoderIdentity, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    note = models.TextField(blank=True)
    n_new = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "embedding_run"

    def __str__(self) -> str:
        return f"embedding run {self.pk}"


class Decision(models.Model):
    """What a run decided of one item; kept for good, while routes are replaced.

    `place` is the order in which the budget was spent, from 1 for the first; the fields
    are those of Route.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        RoutingRun, on_delete=models.CASCADE, related_name="decisions", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()
    source = models.CharField(max_length=10, choices=Route.Source.choices)
    part = models.CharField(max_length=10, choices=Route.Part.choices)
    gain = models.FloatField(null=True)
    gain_low = models.FloatField(null=True)
    gain_high = models.FloatField(null=True)
    propensity = models.FloatField(null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    reasons = models.JSONField(default=list)

    class Meta:
        db_table = "routing_decision"
        constraints = [
            models.UniqueConstraint(
                fields=("run", "item"), name="routing_decision_once"
            ),
            models.CheckConstraint(
                condition=Q(propensity=None) | Q(propensity__gte=0, propensity__lte=1),
                name="routing_decision_propensity",
            ),
        ]
        indexes = [models.Index(fields=("run", "place"), name="routing_decision_order")]

    def __str__(self) -> str:
        return f"item {self.item_id}: {self.source}"
