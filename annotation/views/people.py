"""For owners: who belongs to the project, in which role, and who may still come."""

import uuid

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation import access
from annotation.access import Seat
from annotation.errors import ConflictError
from annotation.models import Role
from annotation.selectors.people import links, members, n_recruited, n_withdrawn
from annotation.services.invitations import (
    MAX_DAYS,
    MAX_PEOPLE,
    create_invitation,
    revoke_invitation,
)
from annotation.services.members import change_role, remove_member
from annotation.views.forms import Styled
from annotation.views.person import person
from annotation.words import gettext as _

OWNERS = (Role.OWNER,)


class InvitationForm(Styled, forms.Form):
    """A new link."""

    role = forms.ChoiceField(label=gettext_lazy("Joins as"), choices=Role.choices)
    n_max = forms.IntegerField(
        label=gettext_lazy("For how many people"),
        min_value=1,
        max_value=MAX_PEOPLE,
        initial=25,
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days until it ends"),
        min_value=1,
        max_value=MAX_DAYS,
        initial=14,
    )
    note = forms.CharField(
        label=gettext_lazy("A note for yourself"),
        max_length=120,
        required=False,
        help_text=gettext_lazy(
            "Such as “second-year students”. The people invited do not see it."
        ),
    )


@require_GET
@login_required
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """List members and invitations."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    form = InvitationForm(initial={"role": Role.ANNOTATOR})
    return _page(request, seat, form)


@require_POST
@login_required
@never_cache
def invitation_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a link and show it, this once."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, seat, form, status=422)
    made = create_invitation(
        project=seat.project, user=person(request), **form.cleaned_data
    )
    address = request.build_absolute_uri(reverse("join", args=[made.secret]))
    fresh = InvitationForm(initial={"role": Role.ANNOTATOR})
    return _page(request, seat, fresh, address=address)


@require_POST
@login_required
def invitation_revoke(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """End a link."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    revoke_invitation(invitation=access.invitation(seat, public_id), by=person(request))
    messages.success(request, _("The link no longer works. Who has joined stays."))
    is_recruitment = "recruitment" in request.POST
    return redirect("settings_recruitment" if is_recruitment else "people", slug)


@require_POST
@login_required
def member_role(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Give a member another role."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    member = access.membership(seat, public_id)
    try:
        member = change_role(
            membership=member, role=request.POST.get("role", ""), by=person(request)
        )
    except ConflictError as error:
        return _refused(request, seat, error)
    word = Role(member.role).label.lower()
    messages.success(
        request,
        _("{username} is now: {word}.").format(
            username=member.user.username, word=word
        ),
    )
    return _after(request, seat, member.user_id, member.role)


@require_POST
@login_required
def member_remove(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """End a membership."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    member = access.membership(seat, public_id)
    try:
        remove_member(membership=member, by=person(request))
    except ConflictError as error:
        return _refused(request, seat, error)
    messages.success(
        request,
        _("{username} has left the project. The answers stay.").format(
            username=member.user.username
        ),
    )
    return _after(request, seat, member.user_id, "")


def _refused(request: HttpRequest, seat: Seat, error: ConflictError) -> HttpResponse:
    form = InvitationForm(initial={"role": Role.ANNOTATOR})
    return _page(request, seat, form, problem=error.message, status=error.status)


def _after(request: HttpRequest, seat: Seat, user_id: int, role: str) -> HttpResponse:
    """Go back to the page, or home where the person has just lost it."""
    if user_id == person(request).pk and role != Role.OWNER:
        return redirect("home")
    return redirect("people", seat.project.slug)


def _page(
    request: HttpRequest,
    seat: Seat,
    form: InvitationForm,
    *,
    address: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "people",
        "part": "members",
        "members": members(seat.project),
        "n_withdrawn": n_withdrawn(seat.project),
        "links": links(seat.project),
        "n_recruited": n_recruited(seat.project),
        "roles": Role.choices,
        "form": form,
        "address": address,
        "problem": problem,
    }
    return render(request, "annotation/people/people.html", context, status=status)
