"""Machine verdicts shown to people: the policies of a project, and what was shown."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.annotations import Annotation
from annotation.models.assignments import Assignment
from annotation.models.base import Row
from annotation.models.pre_annotations import MachineAnnotator, PreAnnotation
from annotation.models.projects import Project


class SuggestionPolicy(Row):
    """One version of when people of a project see what a machine annotator said.

    `arms` holds the weight of each arm by name (annotation.suggestions.ARMS); an item
    lent to a person falls into one of them by a draw from `seed`. `temperature` is that
    of the machine's calibration when the policy was made; null: no word is said of how
    sure the machine is. Never changed: a change is the next number, and the one in
    force is `project.suggestion_policy`, empty where people see nothing.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="suggestion_policies"
    )
    number = models.PositiveIntegerField()
    machine = models.ForeignKey(
        MachineAnnotator, on_delete=models.CASCADE, related_name="+"
    )
    arms = models.JSONField()
    has_reason = models.BooleanField(default=False)
    temperature = models.FloatField(null=True)
    seed = models.BigIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "suggestion_policy"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "number"), name="suggestion_policy_number"
            )
        ]

    def __str__(self) -> str:
        return f"suggestion policy {self.number}"


class Exposure(models.Model):
    """The arm of one assignment, and what its person saw of a verdict, and when.

    Drawn when an item with a usable verdict first comes to its person's page; the other
    assignments have no row. `propensity` was the probability of the arm then.
    `visible_at`: when the verdict was first sent, empty while it is hidden; an answer
    stored before that moment is blind. `words` and `reason` are what was sent.
    `first_answer` is the one that revealed the verdict, the last blind one, kept apart
    because later ones supersede it.
    """

    assignment = models.OneToOneField(
        Assignment, on_delete=models.CASCADE, primary_key=True, related_name="exposure"
    )
    policy = models.ForeignKey(
        SuggestionPolicy, on_delete=models.CASCADE, related_name="+"
    )
    pre_annotation = models.ForeignKey(
        PreAnnotation, on_delete=models.CASCADE, related_name="+"
    )
    arm = models.CharField(max_length=10)
    propensity = models.FloatField()
    drawn_at = models.DateTimeField(auto_now_add=True)
    visible_at = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    first_answer = models.ForeignKey(
        Annotation, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        db_table = "exposure"
        constraints = [
            models.CheckConstraint(
                condition=~Q(arm="blind") | Q(visible_at=None),
                name="exposure_blind_is_hidden",
            ),
            models.CheckConstraint(
                condition=Q(propensity__gt=0, propensity__lte=1),
                name="exposure_propensity",
            ),
        ]

    def __str__(self) -> str:
        return f"exposure of {self.assignment_id} ({self.arm})"
