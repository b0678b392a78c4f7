"""Filters of the item browser under a name: keep, rename, share, delete."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotation import access
from annotation.errors import InvalidError
from annotation.selectors.item_filters import ItemFilter
from annotation.services.saved_filters import change_filter, delete_filter, save_filter
from annotation.words import gettext as _


@login_required
@require_POST
def filter_save(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the present filter under a name, and go back to it."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    wanted = ItemFilter.from_parts(request.POST.dict())
    try:
        saved = save_filter(
            seat=seat,
            name=request.POST.get("name", ""),
            wanted=wanted,
            is_shared="is_shared" in request.POST,
        )
        messages.success(
            request, _("The filter “{name}” is kept.").format(name=saved.name)
        )
    except InvalidError as error:
        messages.error(request, error.message)
    return _back(slug, wanted)


@login_required
@require_POST
def filter_change(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Rename a filter, share it or not, or delete it."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    saved = access.saved_filter(seat, public_id)
    wanted = ItemFilter.from_parts(saved.query)
    if request.POST.get("do") == "delete":
        delete_filter(saved=saved)
        messages.success(
            request, _("The filter “{name}” is deleted.").format(name=saved.name)
        )
        return _back(slug, wanted)
    try:
        change_filter(
            saved=saved,
            name=request.POST.get("name", ""),
            is_shared="is_shared" in request.POST,
        )
        messages.success(request, _("The filter is changed."))
    except InvalidError as error:
        messages.error(request, error.message)
    return _back(slug, wanted)


def _back(slug: str, wanted: ItemFilter) -> HttpResponse:
    return redirect(f"{reverse('items', args=[slug])}?{urlencode(wanted.parts)}")
