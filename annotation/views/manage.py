"""Pages for owners and researchers: dashboard, item browser, item, charts."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError
from annotation.selectors.adjudications import decisions_on
from annotation.selectors.charts import (
    FILE,
    THEMES,
    chart_named,
    kept_figures,
    past_picture,
    snapshot,
    stamp_of,
)
from annotation.selectors.comments import talks_of
from annotation.selectors.dashboard import live
from annotation.selectors.enrolments import recruitment_of
from annotation.selectors.item_detail import item_detail
from annotation.selectors.item_filters import ItemFilter
from annotation.selectors.items import is_routed, item_page
from annotation.selectors.saved_filters import shown_filters
from annotation.services.assignments import reclaim
from annotation.services.flags import resolve_flag
from annotation.views.live_parts import live_part
from annotation.words import gettext as _

ITEM_STATES = {
    "": gettext_lazy("All"),
    "unfinished": gettext_lazy("Unfinished"),
    "finished": gettext_lazy("Finished"),
    "disagreement": gettext_lazy("Disagreement"),
    "needs_adjudication": gettext_lazy("To settle"),
    "adjudicated": gettext_lazy("Settled"),
    "flagged": gettext_lazy("Flagged"),
    "skipped": gettext_lazy("Skipped"),
    "excluded": gettext_lazy("Excluded"),
    "checks": gettext_lazy("Checks"),
}
# Where labels come from; shown once something of the project is routed.
ROUTE_STATES = {
    "seed": gettext_lazy("Seed"),
    "audit": gettext_lazy("Audit"),
    "reserve": gettext_lazy("Reserve"),
    "chosen": gettext_lazy("Chosen"),
    "ai": gettext_lazy("Left to the AI"),
    "waiting": gettext_lazy("Waits for its route"),
    "by_hand": gettext_lazy("Decided by hand"),
}


@login_required
@require_safe
def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how the project stands; an annotator is sent to the work instead."""
    seat = access.seat(request.user, slug)
    if not seat.is_manager:
        return redirect("annotate", slug)
    context = _live_context(seat) | {
        "tab": "dashboard",
        "is_recruiting": seat.is_owner and recruitment_of(seat.project) is not None,
    }
    return render(request, "annotation/manage/dashboard.html", context)


@login_required
@require_GET
def dashboard_live(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the figures that change; 304 where they are as the page has them."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    context = _live_context(seat)
    context["is_newer"] = request.GET.get("snapshot", "") != context["snapshot"].stamp
    body = render_to_string("annotation/manage/live.html", context, request=request)
    return live_part(request, body)


def _live_context(seat: Seat) -> dict[str, Any]:
    shown = snapshot(seat.project)
    return {
        "seat": seat,
        "project": seat.project,
        "live": live(seat.project),
        "snapshot": shown,
        "figures": shown.figures,
    }


@login_required
@require_POST
def lease_reclaim(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Return a stuck lease to the pool."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    reclaim(assignment=access.lease(seat, public_id))
    messages.success(request, _("The item is back in the pool. Its draft is kept."))
    return redirect("dashboard", slug)


@login_required
@require_POST
def flag_resolve(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Mark a flag as dealt with, and go back to where it was shown."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    flag = access.flag(seat, public_id)
    resolve_flag(flag=flag)
    messages.success(request, _("The flag is resolved."))
    if request.POST.get("from") == "item":
        return redirect("item", slug, flag.item.public_id)
    return redirect("dashboard", slug)


@login_required
@require_safe
def items(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page of items."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    wanted = ItemFilter.from_parts(request.GET.dict())
    page = item_page(
        seat.project,
        wanted,
        after=_number(request.GET.get("after")) or 0,
        before=_number(request.GET.get("before")),
    )
    filters = shown_filters(seat, wanted)
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "wanted": wanted,
        "states": ITEM_STATES,
        "route_states": ROUTE_STATES if is_routed(seat.project) else {},
        "page": page,
        "query": query.urlencode(),
        "filters": filters,
        "is_kept": any(one.is_current for one in filters),
        "figures": kept_figures(seat.project),
    }
    return render(request, "annotation/manage/items.html", context)


def _number(text: str | None) -> int | None:
    """Read an edge of a page; anything else than a number of an item is no edge."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return int(text)


@login_required
@require_safe
def item(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show an item with every answer and where it came from."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    shown = access.item(seat, public_id)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "detail": item_detail(shown),
        "talks": talks_of(shown),
        "decisions": decisions_on(shown),
    }
    return render(request, "annotation/manage/item.html", context)


@login_required
@require_safe
def chart(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Send a chart as the worker drew it, in the asked theme."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    is_file = "download" in request.GET
    asked = FILE if is_file else request.GET.get("theme")
    theme = next((name for name in (FILE, *THEMES) if name == asked), THEMES[0])
    # What was drawn before there were narrow ones is shown as it is.
    found = chart_named(seat.project, name, theme) or chart_named(
        seat.project, name, theme.removesuffix("-narrow")
    )
    stamp = request.GET.get("at", "")
    # The words on the page are of a snapshot, and so is their picture.
    if stamp and (found is None or stamp != stamp_of(found.made_at)):
        past = past_picture(seat.project, name, theme, stamp)
        if past is not None:
            return HttpResponse(past, content_type="image/svg+xml")
    if found is None:
        raise NotFoundError
    etag = f'"{found.pk}-{found.made_at.timestamp():.6f}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(found.svg, content_type="image/svg+xml")
        if is_file:
            response["Content-Disposition"] = (
                f'attachment; filename="{slug}-{name}.svg"'
            )
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
