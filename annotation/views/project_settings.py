"""For owners: what may be set of a project at any time."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.models import Project
from annotation.services.projects import Settings, update_project
from annotation.views.forms import Styled
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS, settings_context
from annotation.words import gettext as _


class SettingsForm(Styled, forms.Form):
    """What an owner may set at any time."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("What it is about"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    overlap = forms.IntegerField(
        label=gettext_lazy("Answers per item"),
        min_value=1,
        max_value=100,
        help_text=gettext_lazy(
            "A change reaches items that have no number of their own at once."
        ),
    )
    lease_min = forms.IntegerField(
        label=gettext_lazy("Minutes until an idle item goes back to the pool"),
        min_value=1,
        max_value=1440,
        help_text=gettext_lazy("An item in hand stays as long as its page is open."),
    )
    grace_s = forms.IntegerField(
        label=gettext_lazy("Seconds in which a submission can be taken back"),
        min_value=0,
        max_value=86400,
    )
    editing = forms.ChoiceField(
        label=gettext_lazy("People may change an answer they submitted"),
        choices=Project.Editing.choices,
        help_text=gettext_lazy(
            "A change is a new version; earlier ones are kept and exported. With one"
            " annotation per item, an item has all its answers with the first, so"
            " “until the item has all its answers” is the same as never."
        ),
    )
    is_paused = forms.BooleanField(
        label=gettext_lazy("Pause the project: no items are given out"), required=False
    )


@require_http_methods(METHODS)
@login_required
def project_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change name, overlap, lease, grace and pause."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    project = seat.project
    if request.method != "POST":
        initial = {
            "name": project.name,
            "description": project.description,
            "overlap": project.overlap,
            "lease_min": -(-project.lease_s // 60),
            "grace_s": project.grace_s,
            "editing": project.editing,
            "is_paused": project.is_paused,
        }
        return _settings_page(request, seat, SettingsForm(initial=initial), 200)
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, seat, form, 422)
    given = form.cleaned_data
    lease_s = given.pop("lease_min") * 60
    update_project(
        project=project,
        user=person(request),
        settings=Settings(lease_s=lease_s, **given),
    )
    messages.success(request, _("The settings are saved."))
    return redirect("project_settings", slug)


def _settings_page(
    request: HttpRequest, seat: Seat, form: SettingsForm, status: int
) -> HttpResponse:
    context = settings_context(seat, "general") | {"form": form}
    return render(request, "annotation/people/settings.html", context, status=status)
