"""Step manage: filters of the item browser that people keep by name."""

from django.db import IntegrityError, transaction

from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.models import SavedFilter
from annotation.selectors.item_filters import ItemFilter
from annotation.words import gettext as _

MAX_NAME = 60
MAX_FILTERS = 50


def save_filter(
    *, seat: Seat, name: str, wanted: ItemFilter, is_shared: bool = False
) -> SavedFilter:
    """Keep a filter under a name; the same name again takes the new filter.

    Raises InvalidError for a name that is empty or long, an empty filter, too many.
    """
    called = _checked(name)
    if wanted.is_empty:
        raise _invalid("query", _("This filter shows every item. Narrow it first."))
    own = SavedFilter.objects.filter(project=seat.project, user_id=seat.user_id)
    if not own.filter(name=called).exists() and own.count() >= MAX_FILTERS:
        raise _invalid(
            "name",
            _("You keep {max_filters} filters. Delete one first.").format(
                max_filters=MAX_FILTERS
            ),
        )
    saved, _made = SavedFilter.objects.update_or_create(
        project=seat.project,
        user_id=seat.user_id,
        name=called,
        defaults={"query": wanted.parts, "is_shared": is_shared},
    )
    return saved


def change_filter(*, saved: SavedFilter, name: str, is_shared: bool) -> None:
    """Rename a filter, and share it with the project's managers or not.

    Raises InvalidError where another filter of the same person has the name.
    """
    called = _checked(name)
    try:
        with transaction.atomic():
            SavedFilter.objects.filter(pk=saved.pk).update(
                name=called, is_shared=is_shared
            )
    except IntegrityError as error:
        raise _invalid(
            "name",
            _("A filter is called “{called}” already. Choose another name.").format(
                called=called
            ),
        ) from error


def delete_filter(*, saved: SavedFilter) -> None:
    """Forget a filter; the items are not touched."""
    SavedFilter.objects.filter(pk=saved.pk).delete()


def _checked(name: str) -> str:
    called = " ".join(name.replace("\x00", "").split())
    if not called:
        raise _invalid("name", _("The filter has no name. Write one."))
    if len(called) > MAX_NAME:
        raise _invalid(
            "name",
            _("The name is longer than {max_name} characters.").format(
                max_name=MAX_NAME
            ),
        )
    return called


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError(message, problems=[Problem(field, message)])
