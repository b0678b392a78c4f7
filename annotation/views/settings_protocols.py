"""For owners: a second protocol, what it asks, of how many items, and how far apart."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.allocation.pairing import BOUNDS, ProtocolRules, read_rules
from annotation.answers import main_question, parse_questions
from annotation.errors import InvalidError
from annotation.models import Project
from annotation.second_form import (
    HIGHEST,
    LOWEST,
    Kind,
    SecondForm,
    first_form,
    other_kind,
    read_form,
)
from annotation.services.protocols import second_questions, set_second_protocol
from annotation.views.forms import Styled, bounded_number
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS, settings_context
from annotation.words import gettext as _

RULES = ("share_percent", "after_items", "after_min", "hold_hours")
# The fields of each kind of second protocol beside its title.
FIELDS: dict[Kind, tuple[str, ...]] = {
    "rating": ("low", "high", "low_label", "high_label"),
    "comparison": ("strength", "allow_tie"),
}


def _number(name: str, label: Any, help_text: Any = "") -> forms.IntegerField:
    return bounded_number(BOUNDS[name], label, help_text)


class ProtocolForm(Styled, forms.Form):
    """The rules of a second protocol and its question; one kind's fields stay."""

    share_percent = _number(
        "share_percent",
        gettext_lazy("Percent of the items asked in both forms"),
        gettext_lazy(
            "0 switches it off, 100 takes every item. Each is asked of all "
            "its annotators."
        ),
    )
    after_items = _number(
        "after_items", gettext_lazy("Answers between both forms, at least")
    )
    after_min = _number("after_min", gettext_lazy("Minutes between them, at least"))
    hold_hours = _number(
        "hold_hours",
        gettext_lazy("Hours for which an item is kept for its other form"),
        gettext_lazy(
            "Counted from when its person was last at work; then it returns "
            "to the pool."
        ),
    )
    title = forms.CharField(label=gettext_lazy("What is asked"), max_length=200)
    low = forms.IntegerField(
        label=gettext_lazy("From"), min_value=LOWEST, max_value=HIGHEST
    )
    high = forms.IntegerField(
        label=gettext_lazy("To"), min_value=LOWEST, max_value=HIGHEST
    )
    low_label = forms.CharField(
        label=gettext_lazy("Words at the low end"), max_length=60, required=False
    )
    high_label = forms.CharField(
        label=gettext_lazy("Words at the high end"), max_length=60, required=False
    )
    strength = forms.TypedChoiceField(
        label=gettext_lazy("Grades on each side"),
        coerce=int,
        choices=[
            (1, gettext_lazy("1: better")),
            (2, gettext_lazy("2: better, much better")),
            (3, gettext_lazy("3: slightly, better, much")),
        ],
    )
    allow_tie = forms.BooleanField(
        label=gettext_lazy("A tie is allowed"), required=False
    )

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for other, names in FIELDS.items():
            for name in names if other != kind else ():
                del self.fields[name]

    def second_form(self) -> SecondForm:
        """Return what the second protocol asks, of a form that is valid."""
        own = {name: self.cleaned_data[name] for name in FIELDS[self.kind]}
        return SecondForm(self.kind, self.cleaned_data["title"], **own)

    def rules(self) -> ProtocolRules:
        """Return of how many items it is asked, and how far apart."""
        return ProtocolRules(**{name: self.cleaned_data[name] for name in RULES})


@require_http_methods(METHODS)
@login_required
def settings_protocols(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change the second protocol of a project."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    kind = _kind(seat.project)
    if kind is None:
        return _page(
            request, seat, None, status=422 if request.method == "POST" else 200
        )
    if request.method != "POST":
        return _page(
            request, seat, ProtocolForm(initial=_initial(seat, kind), kind=kind)
        )
    form = ProtocolForm(request.POST, kind=kind)
    if not form.is_valid():
        return _page(request, seat, form, status=422)
    try:
        project = set_second_protocol(
            project=seat.project,
            form=form.second_form(),
            rules=form.rules(),
            by=person(request),
        )
    except InvalidError as error:
        for problem in error.problems:
            form.add_error(problem.path, problem.message)
        return _page(request, seat, form, status=422)
    messages.success(
        request,
        _("The second protocol is saved. It holds from the next item on.")
        if project.protocol_rules
        else _("The second protocol is off. Answers given to it stay stored."),
    )
    return redirect("settings_protocols", slug)


def _kind(project: Project) -> Kind | None:
    version = project.current_questions()
    return other_kind(parse_questions(version.questions)) if version else None


def _initial(seat: Seat, kind: Kind) -> dict[str, Any]:
    rules = read_rules(seat.project.protocol_rules)
    stored = second_questions(seat.project)
    known = read_form(stored.questions) if stored else None
    asked = known if known is not None and known.kind == kind else first_form(kind)
    names = ("title", *FIELDS[kind])
    return {name: getattr(rules, name) for name in RULES} | {
        name: getattr(asked, name) for name in names
    }


def _page(
    request: HttpRequest, seat: Seat, form: ProtocolForm | None, status: int = 200
) -> HttpResponse:
    version = seat.project.current_questions()
    context: dict[str, Any] = settings_context(seat, "protocols") | {
        "form": form,
        "main": main_question(parse_questions(version.questions)) if version else None,
        "is_on": bool(seat.project.protocol_rules),
    }
    name = "annotation/people/settings_protocols.html"
    return render(request, name, context, status=status)
