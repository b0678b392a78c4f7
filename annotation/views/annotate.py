"""The annotator's pages: the desk and its fragments, and one's own history.

The desk is rendered here first; its script then talks to annotation.api.work.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation import access
from annotation.errors import NotFoundError, NotReadyError
from annotation.models import Assignment, Flag, GuidelinesVersion, Participant
from annotation.rendering import Span, differences
from annotation.selectors.comments import n_unread
from annotation.selectors.desk import desk as read_desk
from annotation.selectors.editing import is_editable, own_versions
from annotation.selectors.feedback import feedback
from annotation.selectors.own_work import (
    can_take_back,
    n_left_for,
    own_answer,
    why_empty,
)
from annotation.selectors.own_work import (
    history as read_history,
)
from annotation.selectors.suggestions import suggestion_of
from annotation.selectors.texts import rendered
from annotation.services import assignments, submissions
from annotation.services.endings import conclude
from annotation.services.pairings import refuse_unshown
from annotation.services.suggestions import laid_out
from annotation.views.comments import own_comments_of
from annotation.views.desk_parts import parts, payload
from annotation.views.endings import ending_of
from annotation.words import gettext as _
from annotation.words import gettext_noop, ngettext

SKIP_REASONS = (
    gettext_noop("I cannot decide"),
    gettext_noop("I do not know the subject"),
    gettext_noop("Not my language"),
    gettext_noop("Broken or incomplete"),
    gettext_noop("I do not want to read this"),
)
DAY_S = 24 * 3600


def skip_reasons() -> list[tuple[str, str]]:
    """Return each reason as it is stored, and in the reader's language."""
    return [(reason, _(reason)) for reason in SKIP_REASONS]


@never_cache
@login_required
@require_GET
def annotate(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the person's item, lending the next one where they hold none."""
    seat = access.seat(request.user, slug)
    participant = access.participant(seat)
    if participant is None or not participant.is_ready:
        return redirect("start", slug)
    assignment = _claim(participant, seat)
    shown = _shown(seat, participant, assignment)
    return render(
        request,
        "annotation/annotate/page.html",
        {
            **shown,
            "guidelines_html": guidelines_of(seat),
            "skip_reasons": skip_reasons(),
            "flag_kinds": Flag.Kind.choices,
            "page_data": page_data(seat, participant),
            "n_unread": n_unread(participant),
            "is_recruited": participant.source == Participant.Source.RECRUITED,
        },
    )


@never_cache
@login_required
@require_GET
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a desk without its page: the next item, `ahead`, or `of` an assignment.

    204 where nothing can be lent ahead. One's own assignment is shown again as it was,
    so that an answer that came back can be mended.
    """
    seat = access.seat(request.user, slug)
    participant = _ready(seat)
    if "of" in request.GET:
        assignment = own_of(request, seat)
    elif "ahead" in request.GET:
        ahead = assignments.claim_ahead(participant=participant, project=seat.project)
        if ahead is None:
            return HttpResponse(status=204)
        assignment = ahead
    else:
        found = _claim(participant, seat)
        if found is None:
            shown = _shown(seat, participant, None)
            return render(request, "annotation/annotate/empty.html", shown)
        assignment = found
    shown = _shown(seat, participant, assignment)
    return render(request, "annotation/annotate/desk.html", shown)


@never_cache
@login_required
@require_GET
def desk_feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Return what was expected of an own training item, once it is answered."""
    seat = access.seat(request.user, slug)
    assignment = own_of(request, seat)
    told = feedback(assignment)
    if told is None:
        raise NotFoundError
    shown = read_desk(assignment, seat.project)
    context = {
        "seat": seat,
        "desk": shown,
        "parts": parts(shown),
        "feedback": told,
        "explanation": rendered([told.explanation])[0] if told.explanation else "",
    }
    return render(request, "annotation/annotate/feedback.html", context)


@never_cache
@login_required
@require_GET
def desk_differences(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the two texts of an own assignment, cut where their words differ."""
    assignment = own_of(request, access.seat(request.user, slug))
    key = f"differences:{assignment.public_id}"
    texts = cache.get(key)
    if texts is None:
        shown = read_desk(assignment, assignment.project).completions
        if len(shown) != 2:
            raise NotFoundError
        spans = differences(shown[0].text, shown[1].text)
        texts = [
            _cut(completion.text, marked)
            for completion, marked in zip(shown, spans, strict=True)
        ]
        cache.set(key, texts, DAY_S)
    return JsonResponse({"texts": texts})


@never_cache
@login_required
@require_GET
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the person's own submissions, newest first."""
    seat = access.seat(request.user, slug)
    participant = access.participant(seat)
    if participant is None:
        return redirect("start", slug)
    number = request.GET.get("page", "1")
    page = read_history(
        participant, seat.project, int(number) if number.isdecimal() else 1
    )
    return render(
        request,
        "annotation/annotate/history.html",
        {
            "seat": seat,
            "history": page,
            "grace": _duration(seat.project.grace_s),
            "n_unread": n_unread(participant),
        },
    )


@never_cache
@login_required
@require_GET
def history_item(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Show one own submission: the item as it was presented, and the answer."""
    seat = access.seat(request.user, slug)
    assignment = _of_seat(request, seat, public_id)
    if assignment.annotation is None:
        raise NotFoundError
    shown = read_desk(assignment, seat.project)
    return render(
        request,
        "annotation/annotate/history_item.html",
        {
            "seat": seat,
            "assignment": assignment,
            "desk": shown,
            "parts": parts(shown),
            "said": own_answer(assignment),
            "can_take_back": can_take_back(assignment, seat.project),
            **own_comments_of(assignment),
            "can_change": is_editable(assignment.pk),
            "versions": own_versions(assignment),
            "suggestion": suggestion_of(assignment),
        },
    )


@login_required
@require_POST
def take_back(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Take an own submission back, and go on with it at the desk."""
    seat = access.seat(request.user, slug)
    submissions.take_back(assignment=_of_seat(request, seat, public_id))
    return redirect("annotate", slug)


def _claim(participant: Participant, seat: access.Seat) -> Assignment | None:
    """Lend the next item; nothing where the project's people hold the person back."""
    if participant.standing != Participant.Standing.ACTIVE:
        return None
    return assignments.claim_next(participant=participant, project=seat.project)


def _ready(seat: access.Seat) -> Participant:
    participant = access.participant(seat)
    if participant is None or not participant.is_ready:
        raise NotReadyError(_("Give your consent and fill in the profile first."))
    return participant


def own_of(request: HttpRequest, seat: access.Seat) -> Assignment:
    try:
        public_id = UUID(request.GET.get("of", ""))
    except ValueError as error:
        raise NotFoundError from error
    return _of_seat(request, seat, public_id)


def _of_seat(request: HttpRequest, seat: access.Seat, public_id: UUID) -> Assignment:
    assignment = access.own_assignment(request.user, public_id)
    if assignment.project_id != seat.project.pk:
        raise NotFoundError
    if assignment.state == Assignment.State.RESERVED:
        refuse_unshown(assignment.pk)
    return assignment


def _shown(
    seat: access.Seat, participant: Participant, assignment: Assignment | None
) -> dict[str, Any]:
    """Return what the templates of a desk, or of none, need."""
    if assignment is None:
        empty = why_empty(participant, seat.project)
        enrolment = conclude(participant=participant, reason=empty.reason)
        return {"seat": seat, "empty": empty, "ending": ending_of(enrolment)}
    shown = laid_out(assignment, seat.project)
    return {
        "seat": seat,
        "desk": shown,
        "parts": parts(shown),
        "payload": payload(shown),
        # Only what is shown now tells how much is left; what is ahead waits.
        "n_left": (
            None
            if shown.state == Assignment.State.QUEUED
            else n_left_for(participant, seat.project)
        ),
    }


def guidelines_of(seat: access.Seat) -> str:
    newest = (
        GuidelinesVersion.objects.filter(project=seat.project)
        .order_by("-number")
        .first()
    )
    return rendered([newest.text])[0] if newest and newest.text.strip() else ""


def page_data(seat: access.Seat, participant: Participant) -> dict[str, object]:
    slug = seat.project.slug
    return {
        "slug": slug,
        "participant": str(participant.public_id),
        "urls": {
            "desk": reverse("desk", args=[slug]),
            "differences": reverse("desk_differences", args=[slug]),
            "feedback": reverse("desk_feedback", args=[slug]),
            "revealed": reverse("desk_revealed", args=[slug]),
            "change": reverse("desk_change", args=[slug]),
            "login": f"{reverse('login')}?next={reverse('annotate', args=[slug])}",
        },
    }


def _duration(seconds: int) -> str:
    """Say a time in whole minutes where it is some, else in seconds."""
    n = seconds // 60
    if seconds % 60 == 0:
        return ngettext("{n} minute", "{n} minutes", n).format(n=n)
    return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)


def _cut(text: str, spans: list[Span]) -> list[tuple[str, bool]]:
    """Cut a text into pieces, each with whether only this text has it."""
    pieces = []
    position = 0
    for span in spans:
        pieces.append((text[position : span.start], False))
        pieces.append((text[span.start : span.end], True))
        position = span.end
    pieces.append((text[position:], False))
    return [piece for piece in pieces if piece[0]]
