"""A recruited person's own page: how far they are, their code, and the way out."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError
from annotation.models import Enrolment, Participant
from annotation.selectors.enrolments import own_enrolment
from annotation.selectors.own_work import n_total_for
from annotation.services.endings import close, go_on
from annotation.services.enrolments import grouped, new_resume_code
from annotation.views.endings import ending_of

State, Reason = Enrolment.State, Enrolment.Reason


@never_cache
@login_required
@require_safe
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how far the person is, or how their part ended."""
    seat, _, enrolment = _own(request, slug)
    if enrolment.state in (State.COMPLETED, State.SCREENED_OUT):
        # The way that also notes the code as shown.
        return redirect("annotate", slug)
    return _page(request, seat, enrolment)


@never_cache
@login_required
@require_POST
def resume_code(request: HttpRequest, slug: str) -> HttpResponse:
    """Make another resume code and show it, this once."""
    seat, _, enrolment = _own(request, slug)
    code = grouped(new_resume_code(enrolment=enrolment))
    return _page(request, seat, enrolment, code=code)


@login_required
@require_POST
def further(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on with further items after the end."""
    _, participant, _ = _own(request, slug)
    go_on(participant=participant)
    return redirect("annotate", slug)


@login_required
@require_POST
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop before the end; what was held goes to others."""
    _, participant, enrolment = _own(request, slug)
    if enrolment.state == State.WORKING:
        close(
            participant=participant,
            state=State.WITHDRAWN,
            reason=Reason.LEFT,
            by=participant.user,
        )
    return redirect("study", slug)


def _own(request: HttpRequest, slug: str) -> tuple[Seat, Participant, Enrolment]:
    seat = access.seat(request.user, slug)
    participant = access.participant(seat)
    enrolment = own_enrolment(participant)
    if participant is None or enrolment is None:
        raise NotFoundError
    return seat, participant, enrolment


def _page(
    request: HttpRequest, seat: Seat, enrolment: Enrolment, *, code: str = ""
) -> HttpResponse:
    context = {
        "seat": seat,
        "project": seat.project,
        "enrolment": enrolment,
        "recruitment": enrolment.project.recruitment,
        "participant": enrolment.participant,
        "ending": ending_of(enrolment),
        "n_total": n_total_for(enrolment.participant, seat.project),
        "is_about": bool(seat.project.check_rules),
        "resume_code": code,
        "tab": "study",
    }
    return render(request, "annotation/people/study.html", context)
