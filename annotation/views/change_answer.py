"""An own earlier answer, opened at the desk as it was presented, to be changed; and
what an AI says of it, where the answer revealed that.

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
from annotation.answers import main_question
from annotation.errors import NotFoundError
from annotation.models import Assignment, Flag
from annotation.selectors.desk import Desk, DeskDraft
from annotation.selectors.desk import desk as read_desk
from annotation.selectors.editing import answers_shown, is_editable
from annotation.selectors.suggestions import revealed_by, suggestion_of
from annotation.verdicts import verdict_words
from annotation.views.annotate import guidelines_of, own_of, page_data, skip_reasons
from annotation.views.desk_parts import parts, payload
from annotation.words import gettext as _


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
    shown = _as_answered(assignment, seat)
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


@never_cache
@login_required
@require_GET
def desk_revealed(request: HttpRequest, slug: str) -> HttpResponse:
    """Return what an AI says of an own item, once the first answer has revealed it."""
    seat = access.seat(request.user, slug)
    assignment = own_of(request, seat)
    told = revealed_by(assignment)
    if told is None:
        raise NotFoundError
    shown = read_desk(assignment, seat.project)
    main = main_question(shown.questions)
    answers = answers_shown(assignment)
    context = {
        "seat": seat,
        "desk": shown,
        "parts": parts(shown),
        "suggestion": told,
        "own": verdict_words(main, answers.get(main.name)) or _("Answered"),
        "can_change": is_editable(assignment.pk),
    }
    return render(request, "annotation/annotate/revealed.html", context)


@never_cache
@login_required
@require_GET
def desk_change(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the desk of an own answer, filled in, to be changed at once.

    From there the way leads on to the next item, and not to the history.
    """
    seat = access.seat(request.user, slug)
    assignment = own_of(request, seat)
    if not is_editable(assignment.pk):
        raise NotFoundError
    shown = _as_answered(assignment, seat)
    context = {
        "seat": seat,
        "desk": shown,
        "parts": parts(shown),
        "payload": payload(shown),
        "changing": reverse("annotate", args=[slug]),
    }
    return render(request, "annotation/annotate/desk.html", context)


def _as_answered(assignment: Assignment, seat: access.Seat) -> Desk:
    """Return the desk with the answer filled in, and what was suggested."""
    return replace(
        read_desk(assignment, seat.project),
        draft=DeskDraft(answers_shown(assignment), 0, 0, None),
        suggestion=suggestion_of(assignment),
    )
