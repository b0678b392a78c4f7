"""What an owner wants of routing: whose label, how many labels first, what budget."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from annotation.models import MachineAnnotator, Project
from annotation.models.base import Row


class RoutingPolicy(Row):
    """A version of a project's policy; what is stored of it never changes.

    At most one is in force: `ended_at` is empty. `machine` gives the label of what
    people do not label; `judges` are others, whose verdicts are signals. `n_seed` items
    are labelled by people first, `audit_share` of them, in [0, 1), for measuring alone.
    `budget` is in its unit: US dollars, items that people label, or the share of the
    items in (0, 1]. `label_usd`: what people's label of one item costs, all its answers
    together, which were `overlap` when it was set (null: those of the project now); 0
    only where the budget is not money. It is that of an item of mean length
    without a surcharge: `length_share` of it, in [0, 1], grows with the words that are
    read, and `surcharges` are factors by “field=value”. `reserve_share` of what is left
    goes to items by lot. After `refit_every` new labels it is learned anew; 0 = only by
    hand. `stop_gain`: an item whose expected gain is below it is left to the machine;
    null = the budget is spent. `ppm`: the performance prediction model. Of the tags of
    items those of the `tagger` are read; null = the newest of any. Beside them the
    metadata of items in `metadata_fields`.
    `judge_new_items`: items without a verdict wait for the machine, which is asked
    about them by itself.
    """

    class Unit(models.TextChoices):
        MONEY = "money", gettext_lazy("US dollars")
        LABELS = "labels", gettext_lazy("Items that people label")
        SHARE = "share", gettext_lazy("Share of all items")

    class Strategy(models.TextChoices):
        DEFAULT = "default", gettext_lazy("Learned from the seed")
        DISAGREEMENT = "disagreement", gettext_lazy("Judges who disagree")
        CONFIDENCE = "confidence", gettext_lazy("The AI is unsure")
        CONTRADICTION = "contradiction", gettext_lazy("A reward model contradicts")
        TOP_K = "top_k", gettext_lazy("Performance prediction")
        SIMULATED = "simulated", gettext_lazy("Best simulated mix")
        RANDOM = "random", gettext_lazy("At random")

    class Ppm(models.TextChoices):
        RIDGE = "ridge", gettext_lazy("Ridge on shares")
        QUADRATIC = "quadratic", gettext_lazy("Quadratic, as in the paper")

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveIntegerField()
    machine = models.ForeignKey(
        MachineAnnotator, on_delete=models.CASCADE, related_name="+"
    )
    judges = models.ManyToManyField(MachineAnnotator, related_name="+")
    n_seed = models.PositiveIntegerField()
    audit_share = models.FloatField(default=0.25)
    budget_unit = models.CharField(max_length=6, choices=Unit.choices)
    budget = models.DecimalField(max_digits=16, decimal_places=6)
    label_usd = models.DecimalField(max_digits=16, decimal_places=6)
    overlap = models.PositiveSmallIntegerField(null=True)
    length_share = models.FloatField(default=0.0)
    surcharges = models.JSONField(default=dict)
    strategy = models.CharField(
        max_length=13, choices=Strategy.choices, default=Strategy.DEFAULT
    )
    reserve_share = models.FloatField(default=0.10)
    refit_every = models.PositiveIntegerField(default=100)
    stop_gain = models.FloatField(null=True)
    ppm = models.CharField(
        max_length=9, choices=Ppm.choices, default=Ppm.RIDGE, db_default=Ppm.RIDGE
    )
    tagger = models.ForeignKey(
        MachineAnnotator, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    metadata_fields = ArrayField(
        models.CharField(max_length=200), default=list, db_default=[], blank=True
    )
    judge_new_items = models.BooleanField(default=False, db_default=False)
    seed = models.BigIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "routing_policy"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "number"), name="routing_policy_number"
            ),
            models.UniqueConstraint(
                fields=("project",),
                condition=Q(ended_at=None),
                name="routing_policy_in_force",
                violation_error_message=gettext_lazy(
                    "Another routing policy is in force in this project."
                ),
            ),
            models.CheckConstraint(
                condition=Q(audit_share__gte=0, audit_share__lt=1)
                & Q(reserve_share__gte=0, reserve_share__lt=1)
                & Q(budget__gt=0, label_usd__gte=0, n_seed__gte=1)
                & (Q(label_usd__gt=0) | ~Q(budget_unit="money")),
                name="routing_policy_bounds",
            ),
            models.CheckConstraint(
                condition=Q(length_share__gte=0, length_share__lte=1),
                name="routing_policy_length_share",
            ),
        ]

    def __str__(self) -> str:
        return f"policy {self.number} of {self.project_id}"
