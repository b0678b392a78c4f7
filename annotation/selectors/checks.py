"""Which items are checks, and how they have done so far."""

import uuid
from dataclasses import dataclass

from django.db.models import Count, Q

from annotation.models import CheckItem, Project

MAX_ITEMS = 200


@dataclass(frozen=True)
class CheckRow:
    """A check as the settings list it. `n_answers`: given to it as a check."""

    item: uuid.UUID
    name: str
    use: str
    is_in_pool: bool
    is_retired: bool
    n_answers: int


def check_items(project: Project) -> list[CheckRow]:
    """Return the checks of a project by use and number, at most MAX_ITEMS; one query.

    Answers to a check that stays in the pool are data and not counted here.
    """
    is_check = Q(
        item__assignments__annotation__isnull=False,
        item__assignments__purpose__in=CheckItem.Use.values,
    )
    rows = (
        CheckItem.objects.filter(project=project)
        .select_related("item")
        .annotate(n=Count("item__assignments", filter=is_check))
        .order_by("is_retired", "use", "item__number")[:MAX_ITEMS]
    )
    return [
        CheckRow(
            item=row.item.public_id,
            name=str(row.item),
            use=row.get_use_display(),
            is_in_pool=row.is_in_pool,
            is_retired=row.is_retired,
            n_answers=row.n,
        )
        for row in rows
    ]
