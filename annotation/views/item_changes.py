"""Change many items at once: what a change would touch, the job, and its undoing."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation import access
from annotation.access import Seat
from annotation.errors import AnnotationError, InvalidError
from annotation.selectors.item_filters import ItemFilter
from annotation.selectors.item_sets import touched
from annotation.selectors.jobs import change_words
from annotation.services.item_changes import (
    MAX_REASON,
    Change,
    ItemSet,
    read_change,
    request_change,
    request_undo,
)
from annotation.services.routes import SOURCES

MAX_TICKED = 1_000


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item_change(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a change would touch; make its job when that is confirmed."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    given = request.POST if request.method == "POST" else request.GET
    items = ItemSet(ItemFilter.from_parts(given.dict()), _ticked(given))
    context = {"seat": seat, "project": seat.project, "tab": "items", "items": items}
    try:
        change = _change(given)
        if request.method == "POST":
            job = request_change(seat=seat, change=change, items=items)
            return redirect("job", slug, job.public_id)
        context |= _preview(seat, change, items)
        status = 200
    except InvalidError as error:
        if [problem.path for problem in error.problems] == ["reason"]:
            # What is missing is asked for on this very page.
            context |= _preview(seat, _change(given), items)
            context["reason_problem"] = error.message
        else:
            context["problem"] = error.message
        status = 422
    return render(request, "annotation/manage/item_change.html", context, status=status)


def _change(given: QueryDict) -> Change:
    value = given.get("value", "").strip()
    return read_change(given.get("action", ""), value, given.get("reason", ""))


def _preview(seat: Seat, change: Change, items: ItemSet) -> dict[str, object]:
    return {
        "change": change,
        "needs_reason": change.action in SOURCES,
        "max_reason": MAX_REASON,
        "words": change_words(change.action, change.value),
        "touched": touched(
            seat.project, items.wanted, items.ticked, change.action, change.value
        ),
    }


def _ticked(given: QueryDict) -> tuple[str, ...]:
    """Read public ids; a broken one names no item, and the service says so."""
    found: list[str] = []
    for text in given.getlist("ticked")[:MAX_TICKED]:
        try:
            found.append(str(uuid.UUID(text)))
        except ValueError:
            found.append(str(uuid.UUID(int=0)))
    return tuple(dict.fromkeys(found))


@login_required
@require_POST
def item_change_undo(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Make the job that takes a change back."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    done = access.job(seat, public_id)
    try:
        job = request_undo(seat=seat, job=done)
    except AnnotationError as error:
        messages.error(request, error.message)
        return redirect("job", slug, public_id)
    return redirect("job", slug, job.public_id)
