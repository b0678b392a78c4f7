"""Reward models that were trained on a project's own labels."""

from django.db import models

from annotation.models.base import Row
from annotation.models.projects import Project
from models_service.models.embeddings import EncoderIdentity


class Head(Row):
    """An ensemble of Bradley-Terry heads on the embeddings of one encoder.

    `number` counts the heads of a project from 1. `weights` is what
    heads.dump_ensemble writes; `features_version` names the recipe of the features.
    `figures` holds what cross-validation said of it. Never changed: a new training is
    a new row, and the same labels, seed and versions give the same weights.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveIntegerField()
    encoder = models.ForeignKey(
        EncoderIdentity, on_delete=models.PROTECT, related_name="+"
    )
    source = models.CharField(max_length=300, blank=True)
    features_version = models.CharField(max_length=40)
    seed = models.BigIntegerField()
    n_pairs = models.PositiveIntegerField()
    n_votes = models.PositiveIntegerField()
    n_prompts = models.PositiveIntegerField()
    figures = models.JSONField()
    weights = models.BinaryField()

    class Meta:
        db_table = "head"
        constraints = [
            models.UniqueConstraint(fields=("project", "number"), name="head_number"),
            models.CheckConstraint(
                condition=models.Q(n_pairs__gte=1), name="head_has_pairs"
            ),
        ]

    def __str__(self) -> str:
        return f"head {self.number} of {self.project_id}"
