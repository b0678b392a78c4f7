"""Machine annotators of a project and what they stored. Never mixed with people's."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.projects import Project, QuestionsVersion


class MachineAnnotator(Row):
    """A version of a judge, reward model or tagger of a project.

    All that makes it stands here, and what has answered never changes: a change makes
    the version after it, with the next
    `number`, which `supersedes` it. `prompt_sha256` covers the texts of its prompts.
    Prices are US dollars for a million tokens; null = nobody has told.
    """

    class Kind(models.TextChoices):
        JUDGE = "judge"
        REWARD_MODEL = "reward_model"
        TAGGER = "tagger"

    class Backend(models.TextChoices):
        FILE = "file", gettext_lazy("Labels of a file")
        ENDPOINT = "endpoint", gettext_lazy("Endpoint")
        LANGUAGE_MODEL = "language_model", gettext_lazy("Local language model")
        CLASSIFIER = "classifier", gettext_lazy("Local reward model")
        FOLLOW_UP = "follow_up", gettext_lazy("Local language model, by follow-ups")
        HEAD = "head", gettext_lazy("Reward model of this project")
        JURY = "jury", gettext_lazy("Jury of several judges")

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="machine_annotators"
    )
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.JUDGE)
    model = models.CharField(max_length=200, blank=True)
    revision = models.CharField(max_length=200, blank=True)
    prompt_sha256 = models.CharField(max_length=64, blank=True)
    parameters = models.JSONField(default=dict)
    backend = models.CharField(
        max_length=20,
        choices=Backend.choices,
        default=Backend.FILE,
        db_default=Backend.FILE,
    )
    protocol = models.CharField(max_length=20, blank=True, default="", db_default="")
    number = models.PositiveSmallIntegerField(default=1, db_default=1)
    supersedes = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    archived_at = models.DateTimeField(null=True)
    usd_per_million_in = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True
    )
    usd_per_million_out = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True
    )

    class Meta:
        db_table = "machine_annotator"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "name", "revision", "prompt_sha256", "number"),
                name="machine_annotator_identity",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PreAnnotation(Row):
    """A machine's stored answer in canonical order. Unparsable is never a tie.

    `probability` is P(the answer given), in [0, 1], where the machine tells it.
    `order` is the order in which the completions were put to the machine, empty where
    it is unknown or where the answer combines several orders. Of a combined comparison,
    `logit` is the log-odds of completion 0 over completion 1, `bias` those of the place
    shown first, and `disagreement` the distance of the two orders' verdicts, or of
    those of a jury's members.
    `flags` tell what to know before it is trusted, such as "order_inconsistent".
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
    logit = models.FloatField(null=True, blank=True)
    bias = models.FloatField(null=True, blank=True)
    disagreement = models.FloatField(null=True, blank=True)
    flags = ArrayField(
        models.CharField(max_length=40), default=list, db_default=[], blank=True
    )

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
