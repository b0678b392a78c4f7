"""Checks: items with a known answer, how far people are with them, who is paused."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.participants import Participant
from annotation.models.projects import Project


class CheckItem(models.Model):
    """The place of an item among the checks; its known answer is `item.gold`.

    `is_in_pool`: it is judged as data too and never inserted. Else the frontier wants
    no answer to it; `overlap_before` is what it wanted then, to give it back.
    """

    class Use(models.TextChoices):
        TRAINING = "training", gettext_lazy("Training, with feedback")
        QUALIFICATION = "qualification", gettext_lazy("Qualification")
        MONITORING = "monitoring", gettext_lazy("Silent gold")
        ATTENTION = "attention", gettext_lazy("Attention check")

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, primary_key=True, related_name="check_item"
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="check_items", db_index=False
    )
    use = models.CharField(max_length=14, choices=Use.choices)
    is_in_pool = models.BooleanField(default=False)
    is_retired = models.BooleanField(default=False)
    overlap_before = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        db_table = "check_item"
        indexes = [models.Index(fields=("project", "use"), name="check_item_use")]

    def __str__(self) -> str:
        return f"{self.use} check on {self.item_id}"


class CheckPlan(models.Model):
    """How far a participant is with the checks of their project.

    `next_*`: at how many answers the next silent check or repeat is due, see
    annotation.allocation.insertion. `attempt`: the present one at the qualification.
    Only services.insertions, services.gates and services.hints write it.
    """

    class Stage(models.TextChoices):
        TRAINING = "training"
        QUALIFICATION = "qualification"
        WAITING = "waiting"
        FAILED = "failed"
        OPEN = "open"

    participant = models.OneToOneField(
        Participant,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="check_plan",
    )
    stage = models.CharField(
        max_length=14, choices=Stage.choices, default=Stage.TRAINING
    )
    attempt = models.PositiveSmallIntegerField(default=1)
    next_monitoring = models.PositiveIntegerField(null=True, blank=True)
    next_attention = models.PositiveIntegerField(null=True, blank=True)
    next_mirror = models.PositiveIntegerField(null=True, blank=True)
    hinted_at = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "check_plan"

    def __str__(self) -> str:
        return f"{self.stage} of {self.participant_id}"


class QualificationAttempt(Row):
    """One attempt at the qualification, as it was graded then.

    `by`: the owner who let the person pass, empty where answers decided.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="qualification_attempts"
    )
    number = models.PositiveSmallIntegerField()
    n_asked = models.PositiveSmallIntegerField()
    n_correct = models.PositiveSmallIntegerField()
    pass_percent = models.PositiveSmallIntegerField()
    is_passed = models.BooleanField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        db_table = "qualification_attempt"
        constraints = [
            models.UniqueConstraint(
                fields=("participant", "number"),
                condition=Q(by=None),
                name="qualification_attempt_number",
            ),
            models.CheckConstraint(
                condition=Q(n_correct__lte=models.F("n_asked")),
                name="qualification_attempt_correct",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.participant_id}"


class StandingChange(Row):
    """A person's decision on whether somebody may go on, with its reason.

    Append-only; the newest is in force and stands in `participant.standing` too.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="standing_changes"
    )
    standing = models.CharField(max_length=8, choices=Participant.Standing.choices)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "standing_change"

    def __str__(self) -> str:
        return f"{self.standing}: {self.participant_id}"
