"""Where an invitation link leads: sign up, or join with the present log-in."""

from django import forms
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from annotation.errors import ConflictError, InvalidError
from annotation.models import Invitation, Role
from annotation.services.invitations import (
    accept_invitation,
    find_invitation,
    refusal,
    sign_up,
)
from annotation.views.forms import Styled
from annotation.views.person import person
from annotation.words import gettext as _

NAME_WORDS = gettext_lazy(
    "Use letters, digits and the signs @ . + - _ only, without a space."
)
BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignUpForm(Styled, forms.Form):
    """A new log-in; the e-mail address is only for a lost password."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator(message=NAME_WORDS)],
        help_text=gettext_lazy(
            "Researchers see it; it never stands next to your answers."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 8 characters, not only digits."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=gettext_lazy("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address, if you like"),
        required=False,
        help_text=gettext_lazy("Lets the research group reach you about your log-in."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean(self) -> None:
        """Check the two passwords against each other and the rules."""
        super().clean()
        given = self.cleaned_data
        first, second = given.get("password"), given.get("password_again")
        if not first or not second:
            return
        if first != second:
            self.add_error(
                "password_again",
                _("The two passwords differ. Write the same one twice."),
            )
        try:
            validate_password(
                first,
                User(username=given.get("username", ""), email=given.get("email", "")),
            )
        except ValidationError as error:
            self.add_error("password", error)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password", "password_again")
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what a person is invited to, and take them in."""
    invitation = find_invitation(secret)
    if request.user.is_authenticated:
        return _join_as(request, invitation)
    ended = refusal(invitation)
    if ended:
        raise ConflictError(ended, code="invitation_over")
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _signed_up(request, invitation, form):
        return _welcome(invitation)
    return _page(request, invitation, form, 422 if form.is_bound else 200)


def _signed_up(request: HttpRequest, invitation: Invitation, form: SignUpForm) -> bool:
    given = form.cleaned_data
    try:
        user = sign_up(
            invitation=invitation,
            username=given["username"],
            password=given["password"],
            email=given["email"],
        )
    except InvalidError as error:
        form.add_error("username", error.message)
        return False
    login(request, user, backend=BACKEND)
    return True


def _join_as(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    user = person(request)
    if request.method == "POST":
        accept_invitation(invitation=invitation, user=user)
        return _welcome(invitation)
    if user.memberships.filter(project=invitation.project).exists():
        return _welcome(invitation)
    ended = refusal(invitation)
    if ended:
        raise ConflictError(ended, code="invitation_over")
    return _page(request, invitation, None, 200)


def _page(
    request: HttpRequest, invitation: Invitation, form: SignUpForm | None, status: int
) -> HttpResponse:
    context = {"invitation": invitation, "project": invitation.project, "form": form}
    return render(request, "annotation/people/join.html", context, status=status)


def _welcome(invitation: Invitation) -> HttpResponse:
    place = "start" if invitation.role == Role.ANNOTATOR else "dashboard"
    return redirect(place, invitation.project.slug)
