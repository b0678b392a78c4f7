"""Where a recruitment link leads: take a newcomer in, or let somebody come back.

The ids in the address go into the session, encrypted, and the browser is sent to the
address without them at once: no page, no Referer and no later address has them.
"""

import json
from dataclasses import asdict

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.errors import ConflictError, InvalidError, LimitError
from annotation.models import Enrolment, Invitation, Recruitment
from annotation.recruiting import PROVIDERS, Arrival, NoArrival, read_arrival
from annotation.services.enrolments import (
    Enrolled,
    begin_afresh,
    enrol,
    find_enrolment,
    grouped,
    is_untouched,
    resume,
)
from annotation.services.identities import decrypt, encrypt
from annotation.services.invitations import find_invitation, refusal
from annotation.views.join import BACKEND
from annotation.words import translated

KEPT = "arrival"
ENDED = gettext_lazy(
    "All places of this study are taken, or its time is over, so nobody can "
    "begin it any more."
)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def arrive(request: HttpRequest, secret: str) -> HttpResponse:
    """Read the ids and go to the clean address; there, begin or come back."""
    invitation = find_invitation(secret, Invitation.Kind.RECRUITMENT)
    recruitment = invitation.project.recruitment
    if request.GET:
        return _take_ids(request, recruitment, secret)
    arrival = _kept(request, secret)
    if arrival is None:
        arrival = read_arrival(recruitment.provider, recruitment.parameters, {})
    if isinstance(arrival, NoArrival):
        return _refused(request, recruitment, arrival.problem, 422)
    if _has_account(request):
        return _page(request, recruitment, {"is_logged_in": True}, 200)
    enrolment = find_enrolment(invitation.project, arrival.external_id)
    if enrolment is None:
        return _newcomer(request, invitation, arrival)
    return _known(request, invitation, enrolment)


def _take_ids(
    request: HttpRequest, recruitment: Recruitment, secret: str
) -> HttpResponse:
    """Keep the ids of the address for this browser, and leave them behind.

    A faulty address is left behind too, so that its sentence stands on a clean one.
    """
    found = read_arrival(
        recruitment.provider, recruitment.parameters, request.GET.dict()
    )
    kept = asdict(found) | {"secret": secret}
    request.session[KEPT] = encrypt(json.dumps(kept)).decode()
    return redirect("arrive", secret)


def _kept(request: HttpRequest, secret: str) -> Arrival | NoArrival | None:
    token = request.session.get(KEPT)
    if token is None:
        return None
    kept = json.loads(decrypt(token.encode()))
    if kept.pop("secret") != secret:
        return None
    return NoArrival(**kept) if "problem" in kept else Arrival(**kept)


def _has_account(request: HttpRequest) -> bool:
    """Tell whether somebody with a log-in of their own, such as an owner, looks."""
    return request.user.is_authenticated and request.user.has_usable_password()


def _newcomer(
    request: HttpRequest, invitation: Invitation, arrival: Arrival
) -> HttpResponse:
    recruitment = invitation.project.recruitment
    ended = refusal(invitation)
    if ended:
        return _refused(request, recruitment, str(ENDED), 409)
    if request.method != "POST":
        return _page(request, recruitment, {}, 200)
    try:
        enrolled = enrol(invitation=invitation, arrival=arrival)
    except ConflictError as error:
        return _refused(request, recruitment, error.message, error.status)
    return _begun(request, enrolled)


def _known(
    request: HttpRequest, invitation: Invitation, enrolment: Enrolment
) -> HttpResponse:
    """Let the id go on in its own browser; elsewhere ask for the resume code."""
    recruitment = invitation.project.recruitment
    user = enrolment.participant.user
    if user is not None and request.user == user:
        return redirect("study", invitation.project.slug)
    if request.method == "POST" and "resume_code" not in request.POST:
        return _begun(request, begin_afresh(enrolment=enrolment))
    if is_untouched(enrolment):
        return _page(request, recruitment, {}, 200)
    if request.method != "POST":
        return _page(request, recruitment, {"is_known": True}, 200)
    try:
        back = resume(
            enrolment=enrolment, code=request.POST.get("resume_code", "")[:100]
        )
    except (InvalidError, LimitError) as error:
        context = {"is_known": True, "problem": error.message}
        return _page(request, recruitment, context, error.status)
    _log_in(request, back)
    return redirect("study", invitation.project.slug)


def _begun(request: HttpRequest, enrolled: Enrolled) -> HttpResponse:
    """Log the person in and show the resume code, this once."""
    _log_in(request, enrolled.user)
    project = enrolled.enrolment.project
    context = {
        "project": project,
        "recruitment": project.recruitment,
        "resume_code": grouped(enrolled.resume_code),
    }
    return render(request, "annotation/people/begun.html", context)


def _log_in(request: HttpRequest, user: User) -> None:
    """Log in; what the browser kept of the link, and of anybody before, goes."""
    request.session.flush()
    login(request, user, backend=BACKEND)


def _refused(
    request: HttpRequest, recruitment: Recruitment, problem: str, status: int
) -> HttpResponse:
    context = {"problem": problem, "is_refused": True}
    return _page(request, recruitment, context, status)


def _page(
    request: HttpRequest,
    recruitment: Recruitment,
    extra: dict[str, object],
    status: int,
) -> HttpResponse:
    context = {
        "project": recruitment.project,
        "recruitment": recruitment,
        "platform": translated(PROVIDERS[recruitment.provider], "title"),
        **extra,
    }
    return render(request, "annotation/people/arrive.html", context, status=status)
