"""What a job changed of many items, and the filters that people keep by name."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from annotation.models.base import Row
from annotation.models.items import Item
from annotation.models.jobs import Job
from annotation.models.projects import Project


class ItemChange(models.Model):
    """An item that a job changed, and how it was before, so that it can be undone.

    `rank`, `overlap`, `is_excluded` are those of its frontier entry before the change;
    `route` is its row of the table route then, where the change wrote another.
    """

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="item_changes", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    rank = models.IntegerField()
    overlap = models.PositiveSmallIntegerField(null=True, blank=True)
    is_excluded = models.BooleanField()
    route = models.JSONField(null=True)
    is_undone = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "item_change"
        constraints = [
            models.UniqueConstraint(fields=("job", "item"), name="item_change_once")
        ]

    def __str__(self) -> str:
        return f"change of item {self.item_id} by job {self.job_id}"


class SavedFilter(Row):
    """A filter of the item browser under a name; `is_shared` with all managers.

    `query` holds the parts of the filter that narrow the list, by name.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="saved_filters", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=60)
    query = models.JSONField()
    is_shared = models.BooleanField(default=False)

    class Meta:
        db_table = "saved_filter"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "user", "name"),
                name="saved_filter_name",
                violation_error_message=gettext_lazy(
                    "You have a filter of this name already."
                ),
            )
        ]

    def __str__(self) -> str:
        return self.name
