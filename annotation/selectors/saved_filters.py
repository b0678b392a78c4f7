"""The filters that a person sees on the item browser: their own and the shared ones."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q

from annotation.access import Seat
from annotation.models import SavedFilter
from annotation.selectors.item_filters import ItemFilter

MAX_SHOWN = 100


@dataclass(frozen=True)
class ShownFilter:
    """A filter as a chip. `by`: who shares it, empty for one's own."""

    saved: SavedFilter
    query: str
    is_current: bool
    may_change: bool
    by: str


def shown_filters(seat: Seat, wanted: ItemFilter) -> list[ShownFilter]:
    """Return one's own filters and those shared in the project, by name; one query."""
    found = (
        SavedFilter.objects.filter(
            Q(user_id=seat.user_id) | Q(is_shared=True), project=seat.project
        )
        .select_related("user")
        .order_by("name", "id")[:MAX_SHOWN]
    )
    return [shown_as(saved, seat, wanted) for saved in found]


def shown_as(saved: SavedFilter, seat: Seat, wanted: ItemFilter) -> ShownFilter:
    """Return a filter as somebody sees it; a query for the maker of another's."""
    kept = ItemFilter.from_parts(saved.query)
    is_own = saved.user_id == seat.user_id
    return ShownFilter(
        saved=saved,
        query=urlencode(kept.parts),
        is_current=kept == wanted,
        may_change=is_own or seat.is_owner,
        by="" if is_own else saved.user.username,
    )
