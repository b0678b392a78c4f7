"""For a participant alone: what is held about them, what may be released, withdrawal.

No page here takes the id of a person: everybody reaches their own data only.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotation import access
from annotation.access import OwnPlace
from annotation.consent import MANNERS
from annotation.errors import InvalidError, NotFoundError
from annotation.models import Participant
from annotation.recruiting import PROVIDERS
from annotation.selectors.enrolments import own_enrolment
from annotation.selectors.own_data import own_data
from annotation.selectors.pay import owed_if_withdrawn
from annotation.selectors.profile import consent_in_force, current_consent
from annotation.services.own_copy import own_json, own_zip
from annotation.services.participants import change_scopes
from annotation.services.withdrawals import withdraw as withdraw_for_good
from annotation.views.project_text import project_html
from annotation.words import gettext as _
from annotation.words import gettext_noop

METHODS = ["GET", "HEAD", "POST"]
GONE: dict[str, str] = {
    "erase": gettext_noop("What you answered and told is erased."),
    "anonymise": gettext_noop(
        "The link between you and your answers is cut, and your profile is erased."
    ),
}
NOT_SURE = gettext_lazy("Tick the box first: it cannot be undone.")


@never_cache
@login_required
@require_http_methods(METHODS)
def your_data(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is held about the person; change single scopes."""
    place = access.own_place(request.user, slug)
    participant = place.participant
    if participant is None or request.method != "POST":
        return _page(request, place)
    try:
        change_scopes(participant=participant, granted=request.POST.getlist("agree"))
    except InvalidError as error:
        return _page(request, place, fault=error.message, status=422)
    messages.success(request, _("Saved. It holds for every data set from now on."))
    return redirect("your_data", slug)


def _page(
    request: HttpRequest, place: OwnPlace, *, fault: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "project": place.project,
        "seat": place.seat,
        "fault": fault,
    }
    participant = place.participant
    if participant is not None:
        record = consent_in_force(participant)
        context |= {
            "participant": participant,
            "held": own_data(participant),
            "record": record,
            "is_newest": record is not None
            and record.document == current_consent(place.project),
        }
    return render(request, "annotation/people/your_data.html", context, status=status)


@never_cache
@login_required
@require_GET
def your_data_file(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Return everything that is held about the person as one JSON document."""
    participant = _own(access.own_place(request.user, slug))
    return StreamingHttpResponse(
        own_json(participant),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{slug}-my-data.json"'},
    )


@never_cache
@login_required
@require_GET
def your_data_zip(request: HttpRequest, slug: str) -> FileResponse:
    """Return the same to read and as tables, in one ZIP file."""
    participant = _own(access.own_place(request.user, slug))
    return FileResponse(
        own_zip(participant), as_attachment=True, filename=f"{slug}-my-data.zip"
    )


@never_cache
@login_required
@require_http_methods(METHODS)
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what a withdrawal does, and withdraw once the person is sure."""
    place = access.own_place(request.user, slug)
    participant = place.participant
    if participant is None:
        return redirect("your_data", slug)
    if request.method == "POST" and "sure" in request.POST:
        enrolment = own_enrolment(participant)
        owed = _owed(participant)
        withdrawal = withdraw_for_good(participant=participant)
        context: dict[str, Any] = {
            "project": place.project,
            "words": _(GONE[withdrawal.manner]),
            "return_words": _(PROVIDERS[enrolment.provider].return_words)
            if enrolment
            else "",
        } | owed
        return render(request, "annotation/people/withdrawn.html", context)
    record = consent_in_force(participant)
    document = record.document if record else current_consent(place.project)
    context = {
        "project": place.project,
        "participant": participant,
        "words": _(MANNERS[document.on_withdrawal if document else "erase"]),
        "consent_html": project_html(document.text) if document else "",
        "document": document,
        "fault": NOT_SURE if request.method == "POST" else "",
    } | _owed(participant)
    status = 422 if context["fault"] else 200
    return render(request, "annotation/people/withdraw.html", context, status=status)


def _owed(participant: Participant) -> dict[str, Any]:
    """Return what stays to be paid after a withdrawal, and by which platform."""
    owed = owed_if_withdrawn(participant)
    enrolment = own_enrolment(participant)
    if owed is None or enrolment is None:
        return {}
    return {"owed": owed.total, "currency": enrolment.project.recruitment.currency}


def _own(place: OwnPlace) -> Participant:
    if place.participant is None:
        raise NotFoundError
    return place.participant
