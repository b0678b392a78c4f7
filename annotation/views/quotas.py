"""The quotas of a project: their state for managers, their form for owners."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from annotation import access
from annotation.access import MANAGERS, Seat
from annotation.allocation.census import SOURCE
from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.selectors.quota_state import quota_page
from annotation.selectors.strata import newest_quotas, rare_names, stratum_values
from annotation.services.quotas import publish_quotas
from annotation.views.list_edits import place_in
from annotation.views.person import person
from annotation.views.quota_form import (
    MOST_CARDS,
    cards,
    faults_of,
    filled,
    from_template,
    read_form,
)
from annotation.views.settings_common import METHODS, OWNERS, settings_context
from annotation.words import gettext as _

KINDS = {
    "per_item": gettext_lazy("at most so many answers per item from one cell"),
    "at_least": gettext_lazy("at least so many per cent of all answers"),
    "exact": gettext_lazy("exact shares of all answers"),
    "people": gettext_lazy("at most so many people"),
    "category": gettext_lazy(
        "at most so many per cent of all answers, by item category"
    ),
    "category_each": gettext_lazy(
        "at most so many answers per person and item category"
    ),
}
TEMPLATES = {
    "country": gettext_lazy("At most 2 per item from one country"),
    "women": gettext_lazy("At least 40 % women"),
    "census_crossed": gettext_lazy("UK census: age × gender × ethnicity"),  # noqa: RUF001  # the sign
    "census": gettext_lazy("UK census: each of them by itself"),
    "categories": gettext_lazy("2 answers per person and category"),
}
CANNOT = gettext_lazy(
    "The survey has no question that this template could go by. Add it there first."
)


@require_GET
@login_required
def quotas(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what each quota has, wants and lacks."""
    seat = access.seat(request.user, slug, roles=MANAGERS)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "quotas",
        "page": quota_page(seat.project),
    }
    return render(request, "annotation/manage/quotas.html", context)


@require_http_methods(METHODS)
@login_required
def settings_quotas(request: HttpRequest, slug: str) -> HttpResponse:
    """Make, change and remove quotas."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    if request.method != "POST":
        version = newest_quotas(seat.project)
        return _form(request, seat, version.quotas if version else [])
    values = stratum_values(seat.project)
    given = read_form(request.POST, values)
    do = request.POST.get("do", "")
    if do != "save":
        changed, said = _changed(given, do, values)
        place = place_in(do.partition(":")[2], MOST_CARDS)
        in_hand = len(changed) - 1 if place is None else place
        return _form(
            request, seat, changed, [*faults_of(changed), *said], in_hand=in_hand
        )
    try:
        if problems := faults_of(given):
            raise InvalidError(_("The quotas need mending."), problems=problems)
        published = publish_quotas(
            project=seat.project, user=person(request), raw=given
        )
    except InvalidError as error:
        return _form(request, seat, given, error.problems, status=422)
    said_now = _("The quotas are in force.") if published else _("Nothing has changed.")
    messages.success(request, said_now)
    return redirect("settings_quotas", slug)


def _changed(
    quotas: list[dict[str, Any]], do: str, values: Mapping[str, Sequence[str]]
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the cards after a button other than "Save"."""
    what, _, which = do.partition(":")
    place = place_in(which, len(quotas))
    at = len(quotas) if place is None else place
    if what == "add":
        return [*quotas, {"kind": "per_item"}], []
    if what == "remove":
        return quotas[:at] + quotas[at + 1 :], []
    if what == "fill" and at < len(quotas):
        known = set(quotas[at].get("questions", ())) <= set(values)
        return [
            filled(quota, values) if k == at and known else quota
            for k, quota in enumerate(quotas)
        ], []
    added = from_template(which, values) if what == "template" else []
    return quotas + added, [] if added else [Problem("quotas", str(CANNOT))]


def _form(
    request: HttpRequest,
    seat: Seat,
    quotas: Sequence[Mapping[str, Any]],
    problems: Sequence[Problem] = (),
    *,
    status: int = 200,
    in_hand: int | None = None,
) -> HttpResponse:
    values = stratum_values(seat.project)
    rare = rare_names(seat.project)
    context = settings_context(seat, "quotas") | {
        "cards": cards(
            quotas, problems, -1 if in_hand is None else in_hand, values, rare
        ),
        "problems": problems,
        "kinds": KINDS.items(),
        "templates": TEMPLATES.items(),
        "asked": [name for name in values if name not in rare],
        "rare": rare,
        "numbers": [name for name, options in values.items() if not options],
        "source": SOURCE,
        "is_changed": in_hand is not None,
    }
    return render(
        request, "annotation/people/settings_quotas.html", context, status=status
    )
