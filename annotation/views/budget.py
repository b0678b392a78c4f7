"""For owners: the budget of a project, what is spent of it, and every entry."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import InvalidError
from annotation.models import Project
from annotation.money import AmountError, read_usd
from annotation.selectors.ledger import BudgetPage, budget_page, entries_of
from annotation.services.budgets import Terms, set_budget
from annotation.views.forms import Styled
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS
from annotation.words import gettext as _

PAGE_SIZE = 50


class AmountField(forms.CharField):
    """An amount in USD, or nothing."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(required=False, max_length=40, widget=widget, **options)

    def clean(self, value: Any) -> Decimal | None:
        """Return the amount; None where nothing is written."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_usd(text)
        except AmountError as error:
            raise ValidationError(str(error)) from error


class BudgetForm(Styled, forms.Form):
    """The caps and the price."""

    cap_usd = AmountField(
        label=gettext_lazy("Cap in all (USD)"),
        help_text=gettext_lazy("Empty: no cap. It is never passed."),
    )
    day_cap_usd = AmountField(
        label=gettext_lazy("Cap for each day (USD)"),
        help_text=gettext_lazy("Empty: no cap. A day begins at midnight UTC."),
    )
    price_usd = AmountField(
        label=gettext_lazy("Price of one answer of a person (USD)"),
        help_text=gettext_lazy(
            "Empty or 0: answers cost nothing here. Checks and repeats cost the same."
        ),
    )


@never_cache
@require_http_methods(METHODS)
@login_required
def budget(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is spent, reserved, left and to come; set the caps and the price."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    page = budget_page(seat.project)
    if request.method != "POST":
        names = ("cap_usd", "day_cap_usd", "price_usd")
        initial = {name: _typed(getattr(page.budget, name)) for name in names}
        return _page(request, seat, page, BudgetForm(initial=initial), 200)
    form = BudgetForm(request.POST)
    if form.is_valid():
        terms = {**form.cleaned_data}
        terms["price_usd"] = terms["price_usd"] or Decimal(0)
        try:
            set_budget(project=seat.project, user=person(request), terms=Terms(**terms))
        except InvalidError as error:
            for problem in error.problems:
                form.add_error(problem.path, problem.message)
        else:
            messages.success(request, _("The budget is saved."))
            return redirect("budget", slug)
    return _page(request, seat, page, form, 422)


def _page(
    request: HttpRequest, seat: Seat, page: BudgetPage, form: BudgetForm, status: int
) -> HttpResponse:
    entries = Paginator(entries_of(seat.project), PAGE_SIZE)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "budget",
        "page": page,
        "form": form,
        "entries": entries.get_page(request.GET.get("page")),
        "human_usd": page.by_purpose["human"],
        "machine_usd": page.by_purpose["machine"],
    }
    return render(request, "annotation/people/budget.html", context, status=status)


def _typed(amount: Decimal | None) -> str:
    """Return an amount as a person would type it."""
    if not amount:
        return "" if amount is None else "0"
    whole, _dot, places = f"{amount:.6f}".partition(".")
    return f"{whole}.{places[:2]}{places[2:].rstrip('0')}"


class _Echo:
    def write(self, value: str) -> str:
        return value


@never_cache
@require_safe
@login_required
def budget_file(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Give every entry of the ledger as CSV, oldest first."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    response = StreamingHttpResponse(
        _lines(seat.project), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="ledger-{slug}.csv"'
    return response


def _lines(project: Project) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    names = ("at", "day", "kind", "purpose", "reference", "key", "amount_usd")
    yield writer.writerow(names)
    for entry in entries_of(project).order_by("id").iterator(chunk_size=2000):
        yield writer.writerow(
            (
                entry.created_at.isoformat(),
                entry.day.isoformat(),
                entry.kind,
                entry.purpose,
                entry.reservation.reference,
                entry.key,
                f"{entry.amount_usd:.6f}",
            )
        )
