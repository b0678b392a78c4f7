"""Conversations with several models in PRISM's sense: turns and their candidates."""

from django.db import models

from annotation.models.base import Row
from annotation.models.participants import Participant
from annotation.models.projects import Project


class Conversation(Row):
    """A conversation, imported or live. `participant` is empty where unknown."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="conversations"
    )
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    type = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=20, blank=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "conversation"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "external_id"),
                condition=~models.Q(external_id=""),
                name="conversation_external_id",
            )
        ]

    def __str__(self) -> str:
        return self.external_id or f"conversation {self.pk}"


class Turn(Row):
    """One user message of a conversation. `number` counts from 0."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns"
    )
    number = models.PositiveIntegerField()
    user_message = models.TextField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "turn"
        constraints = [
            models.UniqueConstraint(
                fields=("conversation", "number"), name="turn_number"
            )
        ]

    def __str__(self) -> str:
        return f"turn {self.number}"


class Candidate(Row):
    """One model's reply in a turn; failed ones are rows too.

    `display_position` is the place on the screen, empty where it is unknown.
    """

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="candidates")
    number = models.PositiveIntegerField()
    text = models.TextField()
    model = models.CharField(max_length=200, blank=True)
    parameters = models.JSONField(default=dict)
    display_position = models.PositiveIntegerField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    is_chosen = models.BooleanField(default=False)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "candidate"
        constraints = [
            models.UniqueConstraint(fields=("turn", "number"), name="candidate_number"),
            models.UniqueConstraint(
                fields=("turn",),
                condition=models.Q(is_chosen=True),
                name="candidate_one_chosen",
            ),
        ]

    def __str__(self) -> str:
        return f"candidate {self.number}"
