"""For managers: how people answer, and the decision whether somebody may go on."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from annotation import access
from annotation.errors import ConflictError, InvalidError
from annotation.selectors.charts import habit_charts
from annotation.selectors.habits import habit_page
from annotation.services.gates import pass_by_hand
from annotation.services.standings import set_standing
from annotation.views.person import person
from annotation.views.settings_common import OWNERS
from annotation.words import gettext as _

PAGE_SIZE = 100
DONE = {
    "active": gettext_lazy("{} may go on."),
    "paused": gettext_lazy("{} is paused. What was in hand is back in the pool."),
    "blocked": gettext_lazy(
        "{} is blocked. What was in hand is back in the pool; the answers stay."
    ),
}


@require_GET
@login_required
def habits(request: HttpRequest, slug: str) -> HttpResponse:
    """Show each annotator's checks, repeats, sides and time, with intervals."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    page = habit_page(seat.project)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "habits",
        "page": page,
        "people": Paginator(page.people, PAGE_SIZE).get_page(request.GET.get("page")),
        "charts": habit_charts(seat.project),
    }
    return render(request, "annotation/manage/habits.html", context)


@require_POST
@login_required
def standing(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Pause, block or let an annotator go on; owners decide."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    participant = access.annotator(seat, public_id)
    wanted = request.POST.get("standing", "")
    reason = request.POST.get("reason", "").replace("\x00", "")
    try:
        set_standing(
            participant=participant, standing=wanted, reason=reason, by=person(request)
        )
    except InvalidError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, DONE[wanted].format(participant.pseudonym))
    return redirect("habits", slug)


@require_POST
@login_required
def qualify(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Let an annotator pass the qualification by hand."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    participant = access.annotator(seat, public_id)
    try:
        pass_by_hand(participant=participant, by=person(request))
    except ConflictError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("{pseudonym} is let through.").format(pseudonym=participant.pseudonym),
        )
    return redirect("habits", slug)
