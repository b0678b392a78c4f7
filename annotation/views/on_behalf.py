"""For owners: withdraw somebody who asked for it and cannot do it here."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.consent import MANNERS
from annotation.errors import AnnotationError, InvalidError
from annotation.selectors.enrolments import recruitment_of
from annotation.services.on_behalf import (
    Found,
    chosen,
    find_people,
    mark_of,
    withdraw_for,
)
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS
from annotation.words import gettext as _
from annotation.words import gettext_noop

NOT_SURE = gettext_noop("Tick the box first: it cannot be undone.")


@never_cache
@require_http_methods(METHODS)
@login_required
def on_behalf(request: HttpRequest, slug: str) -> HttpResponse:
    """Find whom a name means, say what a withdrawal does, and do it once sure."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    given = request.POST if request.method == "POST" else request.GET
    who = given.get("who", "").strip()
    found = find_people(project=seat.project, who=who)
    if request.method != "POST":
        return _page(request, seat, found, who=who)
    one = chosen(found, request.POST.get("mark", ""), person(request))
    if one is None:
        return _page(request, seat, found, who=who, status=404)
    try:
        if "sure" not in request.POST:
            raise InvalidError(_(NOT_SURE))
        withdraw_for(
            participant=one.participant,
            by=person(request),
            reason=request.POST.get("reason", ""),
        )
    except AnnotationError as error:
        fault, status = error.message, error.status
        return _page(request, seat, [one], who=who, fault=fault, status=status)
    messages.success(
        request, _("They are withdrawn. No export holds their answers now.")
    )
    return redirect("people", slug)


def _page(
    request: HttpRequest,
    seat: Seat,
    found: list[Found],
    *,
    who: str,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "people",
        "part": "members",
        "who": who,
        "found": [
            (one, _(MANNERS[one.manner]), mark_of(one.participant, person(request)))
            for one in found
        ],
        "fault": fault,
        "is_recruiting": recruitment_of(seat.project) is not None,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "annotation/people/on_behalf.html", context, status=status)
