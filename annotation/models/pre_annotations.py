"""Machine annotators of a project and what they stored. Never mixed with people's."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.projects import Project, QuestionsVersion


class MachineAnnotator(Row):
    """A judge, reward model or tagger of a project, with all that identifies it."""

    class Kind(models.TextChoices):
        JUDGE = "judge"
        REWARD_MODEL = "reward_model"
        TAGGER = "tagger"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="machine_annotators"
    )
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.JUDGE)
    model = models.CharField(max_length=200, blank=True)
    revision = models.CharField(max_length=200, blank=True)
    prompt_sha256 = models.CharField(max_length=64, blank=True)
    parameters = models.JSONField(default=dict)

    class Meta:
        db_table = "machine_annotator"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "name", "revision", "prompt_sha256"),
                name="machine_annotator_identity",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PreAnnotation(Row):
    """A machine's stored answer in canonical order. Unparsable is never a tie.

    `probability` is P(the answer given), in [0, 1], where the machine tells it.
    `order` is the order in which the completions were put to the machine, empty where
    it is unknown.
    """

    class Status(models.TextChoices):
        OK = "ok"
        UNPARSABLE = "unparsable"
        REFUSED = "refused"
        FAILED = "failed"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="pre_annotations"
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="pre_annotations"
    )
    machine = models.ForeignKey(
        MachineAnnotator, on_delete=models.CASCADE, related_name="pre_annotations"
    )
    questions_version = models.ForeignKey(
        QuestionsVersion, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OK)
    answers = models.JSONField(default=dict)
    probability = models.FloatField(null=True, blank=True)
    raw = models.TextField(blank=True)
    order = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    cost_usd = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True
    )
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "pre_annotation"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "machine", "questions_version", "order"),
                name="pre_annotation_once",
            )
        ]

    def __str__(self) -> str:
        return f"pre-annotation {self.pk}"
