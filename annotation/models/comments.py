"""Comments on an item, between one annotator and those who run the project."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.annotations import Annotation
from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.participants import Participant
from annotation.models.projects import Project, Role


class Thread(Row):
    """What one participant and the research team write each other about one item.

    Nobody else who annotates sees it. Its comments are numbered from 1, and the fields
    below are such numbers, 0 for none; services.comments alone writes them.
    `from_annotator`, `from_team`: the newest comment of each side. `seen`: up to where
    the annotator has read. `settled`: up to where the team has answered or let it rest.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="threads", db_index=False
    )
    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="threads"
    )
    n_comments = models.PositiveIntegerField(default=0)
    from_annotator = models.PositiveIntegerField(default=0)
    from_team = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "thread"
        constraints = [
            models.UniqueConstraint(
                fields=("item", "participant"), name="thread_once_per_person"
            )
        ]
        indexes = [
            models.Index(
                fields=("project", "id"),
                condition=Q(from_annotator__gt=F("settled")),
                name="thread_waiting",
            ),
            models.Index(
                fields=("participant", "id"),
                condition=Q(from_team__gt=F("seen")),
                name="thread_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"thread {self.pk} on {self.item_id}"

    @property
    def is_waiting(self) -> bool:
        """Tell whether the annotator waits for a word of the team."""
        return self.from_annotator > self.settled

    @property
    def is_unread(self) -> bool:
        """Tell whether the annotator has not read what the team wrote last."""
        return self.from_team > self.seen


class Comment(Row):
    """One comment of a thread: append-only, its text emptied only by an erasure.

    `author` is the member of the team who wrote it, and empty for the annotator, whom
    the thread names. `annotation` is the answer that the comment is about, if any.
    """

    thread = models.ForeignKey(
        Thread, on_delete=models.CASCADE, related_name="comments", db_index=False
    )
    number = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=Role.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    annotation = models.ForeignKey(
        Annotation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.TextField()

    class Meta:
        db_table = "comment"
        constraints = [
            models.UniqueConstraint(fields=("thread", "number"), name="comment_number"),
            models.CheckConstraint(
                condition=~Q(role="annotator") | Q(author=None),
                name="comment_annotator_unnamed",
            ),
        ]

    def __str__(self) -> str:
        return f"comment {self.number} of thread {self.thread_id}"
