"""For owners: who came by a recruitment link, what they are owed, and whom to pay."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError, NotFoundError
from annotation.models import Enrolment
from annotation.pay_plot import PayPlot, pay_plot
from annotation.selectors.enrolments import recruitment_of
from annotation.services.endings import close, take_in
from annotation.services.owed_pay import drop_owed, mark_owed_paid
from annotation.services.pay import PayList, mark_paid, pay_csv, pay_list, unmark_paid
from annotation.services.statuses import take_statuses
from annotation.views.person import person
from annotation.views.settings_common import OWNERS
from annotation.words import gettext as _
from annotation.words import ngettext

PAGE_SIZE = 100
MAX_UPLOAD = 20_000_000
STATES = Enrolment.State


@never_cache
@login_required
@require_safe
def pay(request: HttpRequest, slug: str) -> HttpResponse:
    """Show everybody who came by a link, with time and pay."""
    return _page(request, access.seat(request.user, slug, roles=OWNERS))


@never_cache
@login_required
@require_safe
def pay_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the list to pay from; with `all` everybody."""
    seat = _recruiting(request, slug)
    text = pay_csv(
        seat.project, by=person(request), is_whole=bool(request.GET.get("all"))
    )
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"pay-{slug}-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@never_cache
@login_required
@require_safe
def pay_chart(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the plot of hourly pay as a file."""
    found = pay_list(_recruiting(request, slug).project)
    context = {"plot": _plot(found), "found": found, "title": _title(found)}
    response = render(
        request,
        "annotation/people/pay_plot.svg",
        context,
        content_type="image/svg+xml",
    )
    response["Content-Disposition"] = f'attachment; filename="hourly-pay-{slug}.svg"'
    return response


@require_POST
@login_required
def pay_act(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Do what the button says with one person: their state, or their payment."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    enrolment = access.enrolment(seat, public_id)
    act = request.POST.get("do", "")
    if act in ACTS:
        messages.success(request, ACTS[act](request, seat, enrolment))
        return redirect("pay", slug)
    raise InvalidError(_("There is no such button."))


@require_POST
@login_required
def pay_owed(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Settle what somebody who has withdrawn is still owed."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    owed = access.owed_pay(seat, public_id)
    act = request.POST.get("do", "")
    if act == "paid":
        mark_owed_paid(project=seat.project, keys=[owed.pk], by=person(request))
        messages.success(request, _("The payment is noted, and the id is deleted."))
    elif act == "not_owed":
        drop_owed(owed=owed, by=person(request))
        messages.success(request, _("Nothing is owed any more; the id is deleted."))
    else:
        raise InvalidError(_("There is no such button."))
    return redirect("pay", slug)


Act = Callable[[HttpRequest, Seat, Enrolment], str]


def _ended(state: Enrolment.State) -> Act:
    def act(request: HttpRequest, seat: Seat, enrolment: Enrolment) -> str:
        close(participant=enrolment.participant, state=state, by=person(request))
        return _("That is noted, and what the person held is back in the pool.")

    return act


def _taken_in(request: HttpRequest, seat: Seat, enrolment: Enrolment) -> str:
    take_in(participant=enrolment.participant, by=person(request))
    return _("The person may go on, with the whole time anew.")


def _paid(request: HttpRequest, seat: Seat, enrolment: Enrolment) -> str:
    n = mark_paid(project=seat.project, ids=[enrolment.public_id], by=person(request))
    if not n:
        raise ConflictError(_("Nothing is owed to this person, or it is paid already."))
    return _("The payment is noted.")


def _unpaid(request: HttpRequest, seat: Seat, enrolment: Enrolment) -> str:
    unmark_paid(enrolment=enrolment, by=person(request))
    return _("The mark is taken back. Both stay in the log.")


ACTS: dict[str, Act] = {
    "returned": _ended(STATES.RETURNED),
    "timed_out": _ended(STATES.TIMED_OUT),
    "take_in": _taken_in,
    "paid": _paid,
    "unpaid": _unpaid,
}


@require_POST
@login_required
def pay_all(request: HttpRequest, slug: str) -> HttpResponse:
    """Mark everybody as paid to whom something is owed.

    Of those who withdrew only whom the page showed: their ids go for good.
    """
    seat = _recruiting(request, slug)
    owed = _shown(request.POST.get("withdrawn", ""))
    n = mark_paid(project=seat.project, ids=None, owed=owed, by=person(request))
    messages.success(
        request,
        ngettext("{n:,} payment is noted.", "{n:,} payments are noted.", n).format(n=n),
    )
    return redirect("pay", slug)


def _shown(text: str) -> list[uuid.UUID]:
    """Return the ids that the form names, with spaces between them."""
    try:
        return [uuid.UUID(one) for one in text.split()]
    except ValueError as error:
        raise InvalidError(
            _("The form names somebody in no known way. Load the page again.")
        ) from error


@require_POST
@login_required
def pay_statuses(request: HttpRequest, slug: str) -> HttpResponse:
    """Take over the platform's list of submissions, all or nothing."""
    seat = _recruiting(request, slug)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise InvalidError(_("Choose the file first."))
        if (file.size or 0) > MAX_UPLOAD:
            raise InvalidError(_("The file is larger than 20 MB. Cut it in parts."))
        taken = take_statuses(
            project=seat.project, content=file.read(), by=person(request)
        )
    except InvalidError as error:
        return _page(request, seat, error=error, status=422)
    said = _("{n:,} lines are taken over; {n_ended:,} changed what is lent.").format(
        n=taken.n_lines, n_ended=taken.n_ended
    )
    if taken.n_unknown:
        said += " " + _("{n:,} never came.").format(n=taken.n_unknown)
    messages.success(request, said)
    return redirect("pay", slug)


def _recruiting(request: HttpRequest, slug: str) -> Seat:
    seat = access.seat(request.user, slug, roles=OWNERS)
    if recruitment_of(seat.project) is None:
        raise NotFoundError
    return seat


def _plot(found: PayList) -> PayPlot:
    rates = [
        line.pay.hourly
        for line in found.lines
        if line.stored.state == STATES.COMPLETED and line.pay.hourly is not None
    ]
    return pay_plot(rates, found.rule.floor)


def _title(found: PayList) -> str:
    """Return the finding of the plot."""
    table, floor = found.table, found.rule.floor
    currency = found.recruitment.currency
    if table.median_hourly is None:
        return _("Nobody has completed yet")
    said = _("The median pay is {median_hourly:,.2f} {currency} an hour").format(
        median_hourly=table.median_hourly, currency=currency
    )
    if not floor:
        return said
    if table.median_hourly < floor:
        told = _("{said}, below the floor of {floor:,.2f}")
    else:
        told = _("{said}, not below the floor of {floor:,.2f}")
    return told.format(said=said, floor=floor)


def _page(
    request: HttpRequest,
    seat: Seat,
    *,
    error: InvalidError | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {
        "seat": seat,
        "project": seat.project,
        "tab": "people",
        "part": "pay",
        "error": error,
    }
    if recruitment_of(seat.project) is not None:
        found = pay_list(seat.project)
        number = request.GET.get("page", "1")
        context |= {
            "found": found,
            "lines": Paginator(found.lines, PAGE_SIZE).get_page(number),
            "plot": _plot(found),
            "title": _title(found),
        }
    return render(request, "annotation/people/pay.html", context, status=status)
