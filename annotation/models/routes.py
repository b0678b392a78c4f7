"""Where the label of an item comes from: people, or a machine annotator."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.projects import Project


class Route(Row):
    """The newest decision on where an item's label comes from, and why.

    An item without a row is labelled by people. With the source `ai`, or `waiting`
    while nobody knows yet, its frontier entry `is_routed_away`. `part` says what the
    decision was: by hand, with the `reason` that its person wrote; or that of the
    routing policy `policy`, by its number, which drew the item for the seed or for the
    audit, reserved it at random, chose it for its gain, or left the rest to the AI.
    Of an item that waits for the next run of a policy, `policy` is empty; `decided_by`
    and `reason` then say who gave it back to the policy, and why.

    `gain` is the expected share of right labels that a person adds, with its interval;
    `propensity` the probability that the item went to people, in (0, 1], or 0 where it
    could not; `cost_usd` what its label costs: that
    of people is expected, that of the AI was booked. `reasons` are the
    strongest first: `{"name", "words"}`, in English, to be translated when shown.
    `run`: the public id of the job that decided; null by hand.
    """

    class Source(models.TextChoices):
        HUMAN = "human"
        AI = "ai"
        WAITING = "waiting"

    class Part(models.TextChoices):
        BY_HAND = "by_hand"
        SEED = "seed"
        AUDIT = "audit"
        RESERVE = "reserve"
        CHOSEN = "chosen"
        REST = "rest"

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="route")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(max_length=10, choices=Source.choices)
    part = models.CharField(
        max_length=10,
        choices=Part.choices,
        default=Part.BY_HAND,
        db_default=Part.BY_HAND,
    )
    reason = models.CharField(max_length=500, blank=True)
    policy = models.PositiveIntegerField(null=True)
    run = models.UUIDField(null=True)
    gain = models.FloatField(null=True)
    gain_low = models.FloatField(null=True)
    gain_high = models.FloatField(null=True)
    propensity = models.FloatField(null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    reasons = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        db_table = "route"
        indexes = [
            models.Index(fields=("project", "source"), name="route_of_project"),
            models.Index(
                fields=("project",), condition=Q(part="by_hand"), name="route_by_hand"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(propensity=None) | Q(propensity__gte=0, propensity__lte=1),
                name="route_propensity",
            )
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} by {self.source}"
