"""For owners: what the project checks, how often, and with which items."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.allocation.insertion import BOUNDS, CheckRules, read_rules
from annotation.errors import InvalidError
from annotation.models import CheckItem
from annotation.selectors.checks import check_items
from annotation.services.checks import n_checks, set_rules
from annotation.views.forms import Styled, bounded_number
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS, settings_context
from annotation.words import gettext as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _number(
    name: str, label: "StrOrPromise", help_text: "StrOrPromise" = ""
) -> forms.IntegerField:
    return bounded_number(BOUNDS[name], label, help_text)


class ChecksForm(Styled, forms.Form):
    """All rules of a project, one number each."""

    n_training = _number(
        "n_training",
        gettext_lazy("Training items"),
        gettext_lazy("Each is followed by what was expected and why. 0 for none."),
    )
    n_qualification = _number(
        "n_qualification",
        gettext_lazy("Qualification items"),
        gettext_lazy("How many one attempt has. 0 lets everybody in."),
    )
    pass_percent = _number("pass_percent", gettext_lazy("Pass mark in percent"))
    n_attempts = _number("n_attempts", gettext_lazy("Attempts in all"))
    wait_hours = _number("wait_hours", gettext_lazy("Hours between two attempts"))
    monitoring_every = _number(
        "monitoring_every",
        gettext_lazy("Silent gold: one item in"),
        gettext_lazy("0 for none, 20 is usual."),
    )
    attention_every = _number(
        "attention_every",
        gettext_lazy("Attention checks: one item in"),
        gettext_lazy("0 for none, 50 is usual."),
    )
    mirror_every = _number(
        "mirror_every",
        gettext_lazy("Mirrored repeats: one item in"),
        gettext_lazy(
            "0 for none, 25 is usual. Only items with two answers or more are repeated."
        ),
    )
    mirror_after_items = _number(
        "mirror_after_items",
        gettext_lazy("A repeat comes after at least so many answers"),
    )
    mirror_after_min = _number(
        "mirror_after_min", gettext_lazy("and after so many minutes")
    )
    hint_every = _number(
        "hint_every",
        gettext_lazy("At most one hint in so many answers"),
        gettext_lazy(
            "A kind, private line where answers are very fast or all alike. 0 for none."
        ),
    )


@require_http_methods(METHODS)
@login_required
def settings_checks(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change the rules; list the items they use."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    if request.method != "POST":
        rules = read_rules(seat.project.check_rules)
        initial = {name: getattr(rules, name) for name in BOUNDS}
        return _page(request, seat, ChecksForm(initial=initial))
    form = ChecksForm(request.POST)
    if not form.is_valid():
        return _page(request, seat, form, status=422)
    try:
        set_rules(
            project=seat.project,
            rules=CheckRules(**form.cleaned_data),
            by=person(request),
        )
    except InvalidError as error:
        for problem in error.problems:
            form.add_error(problem.path, problem.message)
        return _page(request, seat, form, status=422)
    messages.success(
        request, _("The rules are saved. They hold from the next item on.")
    )
    return redirect("settings_checks", slug)


def _page(
    request: HttpRequest, seat: Seat, form: ChecksForm, status: int = 200
) -> HttpResponse:
    there = n_checks(seat.project)
    context: dict[str, Any] = settings_context(seat, "checks") | {
        "form": form,
        "uses": [(label, there[use]) for use, label in CheckItem.Use.choices],
        "items": check_items(seat.project),
    }
    name = "annotation/people/settings_checks.html"
    return render(request, name, context, status=status)
