"""For owners: recruiting through a platform: ids, codes, the end, time and pay."""

from dataclasses import asdict, fields
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotation import access
from annotation.access import Seat
from annotation.errors import AnnotationError, InvalidError
from annotation.models import Invitation, Recruitment
from annotation.recruiting import PROVIDERS, link_with
from annotation.selectors.enrolments import recruitment_of
from annotation.selectors.people import links
from annotation.services.invitations import MAX_DAYS, MAX_PEOPLE
from annotation.services.recruitment import (
    MAX_ITEMS,
    MAX_MINUTES,
    RecruitmentSettings,
    create_link,
    save_recruitment,
)
from annotation.views.forms import Styled
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS, settings_context
from annotation.words import gettext as _
from annotation.words import translated


class RecruitmentForm(Styled, forms.Form):
    """How people are recruited, how their part ends, and what they are paid."""

    provider = forms.ChoiceField(
        label=gettext_lazy("Platform"), choices=Recruitment.Provider.choices
    )
    id_parameter = forms.CharField(
        label=gettext_lazy("Parameter with the person's id"),
        max_length=60,
        required=False,
        help_text=gettext_lazy(
            "For another panel only; Prolific, Mechanical Turk and SONA have their own."
        ),
    )
    study_parameter = forms.CharField(
        label=gettext_lazy("… with the id of the study"), max_length=60, required=False
    )
    session_parameter = forms.CharField(
        label=gettext_lazy("… with the id of the session"),
        max_length=60,
        required=False,
    )
    completion_code = forms.CharField(
        label=gettext_lazy("Completion code"),
        max_length=60,
        help_text=gettext_lazy("As the platform gave it; shown to who has completed."),
    )
    screen_out_code = forms.CharField(
        label=gettext_lazy("Screen-out code"),
        max_length=60,
        required=False,
        help_text=gettext_lazy(
            "Shown to who does not qualify. Empty: they are asked to return the study."
        ),
    )
    completion_url = forms.URLField(
        label=gettext_lazy("Address back, for the completed"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy(
            "Where the button at the end leads; {code} is replaced by the code. "
            "Empty on Prolific: its own page for the code."
        ),
    )
    screen_out_url = forms.URLField(
        label=gettext_lazy("Address back, for the screened out"),
        required=False,
        max_length=500,
        assume_scheme="https",
    )
    n_items_wanted = forms.IntegerField(
        label=gettext_lazy("Items wanted from each person"),
        required=False,
        min_value=1,
        max_value=MAX_ITEMS,
        help_text=gettext_lazy("Empty: as many as there are."),
    )
    time_allowed_min = forms.IntegerField(
        label=gettext_lazy("Minutes allowed from beginning to end"),
        required=False,
        min_value=1,
        max_value=MAX_MINUTES,
        help_text=gettext_lazy(
            "Afterwards what they hold goes back to the pool. Empty: no limit."
        ),
    )
    when_done = forms.ChoiceField(
        label=gettext_lazy("Who has answered the wanted items"),
        choices=Recruitment.WhenDone.choices,
    )
    is_empty_done = forms.BooleanField(required=False)
    pay_kind = forms.ChoiceField(
        label=gettext_lazy("Pay is"), choices=Recruitment.PayKind.choices
    )
    pay_amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=0, max_digits=9, decimal_places=3
    )
    screen_out_amount = forms.DecimalField(
        label=gettext_lazy("Amount for the screened out"),
        min_value=0,
        max_digits=9,
        decimal_places=2,
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"), min_length=3, max_length=3
    )
    is_pay_partial = forms.BooleanField(required=False)
    floor_per_hour = forms.DecimalField(
        label=gettext_lazy("Floor for an hour"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        help_text=gettext_lazy("0: no floor is promised."),
    )
    clock = forms.ChoiceField(
        label=gettext_lazy("Time that is paid"), choices=Recruitment.Clock.choices
    )
    top_up = forms.ChoiceField(
        label=gettext_lazy("Where pay stays below the floor"),
        choices=Recruitment.TopUp.choices,
    )


class LinkForm(Styled, forms.Form):
    """A new recruitment link."""

    n_max = forms.IntegerField(
        label=gettext_lazy("For how many people"),
        min_value=1,
        max_value=MAX_PEOPLE,
        initial=100,
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days until it ends"),
        min_value=1,
        max_value=MAX_DAYS,
        initial=14,
    )
    note = forms.CharField(
        label=gettext_lazy("A note for yourself"), max_length=120, required=False
    )


@require_http_methods(METHODS)
@login_required
def settings_recruitment(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change how people are recruited, and list the links."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    if request.method != "POST":
        return _page(request, seat, RecruitmentForm(initial=_initial(seat)))
    form = RecruitmentForm(request.POST)
    if not form.is_valid() or not _is_saved(request, seat, form):
        return _page(request, seat, form, status=422)
    messages.success(request, _("How people are recruited is saved."))
    return redirect("settings_recruitment", slug)


@never_cache
@require_POST
@login_required
def recruitment_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a link and show it, this once."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    form = RecruitmentForm(initial=_initial(seat))
    fresh = LinkForm(request.POST)
    if not fresh.is_valid():
        return _page(request, seat, form, link_form=fresh, status=422)
    try:
        made = create_link(
            project=seat.project, user=person(request), **fresh.cleaned_data
        )
    except AnnotationError as error:
        fresh.add_error(None, error.message)
        return _page(request, seat, form, link_form=fresh, status=error.status)
    recruitment = seat.project.recruitment
    address = link_with(
        request.build_absolute_uri(reverse("arrive", args=[made.secret])),
        recruitment.provider,
        recruitment.parameters,
    )
    return _page(request, seat, form, address=address)


def _is_saved(request: HttpRequest, seat: Seat, form: RecruitmentForm) -> bool:
    """Save what was given; what is wrong with it goes to its field."""
    try:
        save_recruitment(
            project=seat.project,
            user=person(request),
            settings=RecruitmentSettings(**form.cleaned_data),
        )
    except InvalidError as error:
        for problem in error.problems:
            form.add_error(problem.path, problem.message)
        if not error.problems:
            form.add_error(None, error.message)
        return False
    return True


def _initial(seat: Seat) -> dict[str, Any]:
    stored = recruitment_of(seat.project)
    if stored is None:
        return asdict(RecruitmentSettings(provider="prolific", completion_code=""))
    return {
        field.name: getattr(stored, field.name) for field in fields(RecruitmentSettings)
    }


def _page(
    request: HttpRequest,
    seat: Seat,
    form: RecruitmentForm,
    *,
    link_form: LinkForm | None = None,
    address: str = "",
    status: int = 200,
) -> HttpResponse:
    stored = recruitment_of(seat.project)
    context = settings_context(seat, "recruitment") | {
        "form": form,
        "link_form": link_form or LinkForm(),
        "address": address,
        "platform": stored and translated(PROVIDERS[stored.provider], "title"),
        "links": links(seat.project, Invitation.Kind.RECRUITMENT),
    }
    name = "annotation/people/settings_recruitment.html"
    return render(request, name, context, status=status)
