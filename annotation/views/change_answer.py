"""An own earlier answer, opened at the desk as it was presented, to be changed.

Submitting it stores a new version by annotation.api.work; nothing is overwritten.
"""

from dataclasses import replace
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotation import access
from annotation.errors import NotFoundError
from annotation.models import Flag
from annotation.selectors.desk import DeskDraft
from annotation.selectors.desk import desk as read_desk
from annotation.selectors.editing import answers_shown, is_editable
from annotation.views.annotate import guidelines_of, page_data, skip_reasons
from annotation.views.desk_parts import parts, payload


@never_cache
@login_required
@require_GET
def change_answer(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Show the item of an own answer with the answer filled in.

    Where it may not be changed any more, its page in the history says what stands.
    """
    seat = access.seat(request.user, slug)
    assignment = access.own_assignment(request.user, public_id)
    if assignment.project_id != seat.project.pk:
        raise NotFoundError
    participant = access.participant(seat)
    if participant is None or not participant.is_ready:
        return redirect("start", slug)
    if not is_editable(assignment.pk):
        return redirect("history_item", slug, public_id)
    draft = DeskDraft(answers_shown(assignment), 0, 0, None)
    shown = replace(read_desk(assignment, seat.project), draft=draft)
    context = {
        "seat": seat,
        "desk": shown,
        "parts": parts(shown),
        "payload": payload(shown),
        "changing": reverse("history_item", args=[slug, public_id]),
        "guidelines_html": guidelines_of(seat),
        "skip_reasons": skip_reasons(),
        "flag_kinds": Flag.Kind.choices,
        "page_data": page_data(seat, participant),
    }
    return render(request, "annotation/annotate/page.html", context)
