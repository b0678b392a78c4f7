"""Items, their completions, and the frontier from which assignments are drawn."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotation.models.base import Row, zero
from annotation.models.conversations import Conversation
from annotation.models.projects import Project


class Item(Row):
    """What is judged: a prompt or a multi-turn context, with its completions.

    `messages`: [{role, content}], the last one being the prompt. `content_sha256`
    covers the messages and completions in order and makes a re-import idempotent
    where there is no external id. `number` counts the items of a project from 1.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    number = models.PositiveIntegerField()
    external_id = models.CharField(max_length=200, blank=True)
    content_sha256 = models.CharField(max_length=64)
    messages = models.JSONField()
    n_completions = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=20, blank=True)
    category = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=120, blank=True)
    metadata = models.JSONField(default=dict)
    gold = models.JSONField(null=True, blank=True)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "item"
        constraints = [
            models.UniqueConstraint(fields=("project", "number"), name="item_number"),
            models.UniqueConstraint(
                fields=("project", "external_id"),
                condition=~Q(external_id=""),
                name="item_external_id",
            ),
            models.UniqueConstraint(
                fields=("project", "content_sha256"),
                condition=Q(external_id=""),
                name="item_content",
            ),
            models.CheckConstraint(
                condition=Q(n_completions__gte=1), name="item_has_completions"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or f"item {self.number}"


class Completion(models.Model):
    """One model output of an item. `index` is its place in the canonical order.

    It has no public id of its own: outside it is its item's id and this index.
    """

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="completions", db_index=False
    )
    index = models.PositiveSmallIntegerField()
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    model = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "completion"
        constraints = [
            models.UniqueConstraint(fields=("item", "index"), name="completion_index")
        ]

    def __str__(self) -> str:
        return f"completion {self.index} of {self.item_id}"


class FrontierEntry(models.Model):
    """The narrow row of an item that assignment reads and writes.

    `rank` = -priority, so that the pool is one ascending index: the lowest is served
    first, and among equals the `random_key` decides.
    `n_taken` = leases held + answers counted; `n_counted` = answers counted. Only
    services.assignments and services.submissions write them, and the command
    `rebuild_frontier` computes them anew. `base_order` is a permutation of the
    completions; a turn k shows it rotated by k places. `turns[k]` = how many of
    `n_taken` have turn k: the least used comes next, so that each completion stands
    equally often in each place over the answers. What is missing there is 0.
    An item that `is_excluded` from the work, or `is_routed_away` from people because
    its label comes from a machine, has the target 0, so that nothing that lends items
    has to know of it.
    """

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, primary_key=True, related_name="frontier"
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    rank = models.IntegerField(default=0)
    random_key = models.BigIntegerField()
    overlap = models.PositiveSmallIntegerField(null=True, blank=True)
    target = models.PositiveSmallIntegerField()
    n_taken = models.PositiveIntegerField(default=0)
    n_counted = models.PositiveIntegerField(default=0)
    n_presented = models.PositiveIntegerField(default=0)
    base_order = ArrayField(models.PositiveSmallIntegerField())
    turns = ArrayField(models.PositiveSmallIntegerField(), default=zero, db_default=[0])

    is_excluded = models.BooleanField(default=False, db_default=False)
    is_routed_away = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "frontier"
        indexes = [
            models.Index(
                fields=("project", "item"),
                condition=Q(is_excluded=True),
                name="frontier_excluded",
            ),
            models.Index(
                fields=("project", "item"),
                condition=Q(is_routed_away=True),
                name="frontier_routed_away",
            ),
            models.Index(
                F("project"),
                F("rank"),
                F("random_key"),
                F("item"),
                condition=Q(n_taken__lt=F("target")),
                name="frontier_open",
            ),
            models.Index(
                fields=("project",),
                condition=Q(n_counted__lt=F("target")),
                name="frontier_unfinished",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(n_counted__lte=F("n_taken")), name="frontier_counted"
            ),
            models.CheckConstraint(
                condition=Q(is_excluded=False) | Q(target=0),
                name="frontier_excluded_wants_none",
            ),
            models.CheckConstraint(
                condition=Q(is_routed_away=False) | Q(target=0),
                name="frontier_routed_away_wants_none",
            ),
        ]

    def __str__(self) -> str:
        return f"frontier of {self.item_id}"
