"""A person's own page: password and API tokens."""

import uuid

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from annotation import access
from annotation.errors import AnnotationError
from annotation.services.accounts import change_password
from annotation.services.tokens import NewToken, make_token, revoke_token
from annotation.views.forms import Styled
from annotation.views.person import person
from annotation.words import gettext as _


class PasswordForm(Styled, PasswordChangeForm):
    """Django's form in our words."""

    error_messages = {
        "password_incorrect": gettext_lazy("This is not your present password."),
        "password_mismatch": gettext_lazy(
            "The two new passwords differ. Write the same one twice."
        ),
    }

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(user, data)
        # The page is about more than the password; it begins at its top.
        del self.fields["old_password"].widget.attrs["autofocus"]


def _page(
    request: HttpRequest,
    *,
    form: PasswordForm | None = None,
    new: NewToken | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form or PasswordForm(person(request)),
        "tokens": person(request).api_tokens.order_by("-pk"),
        "new": new,
        "problem": problem,
    }
    return render(request, "annotation/people/account.html", context, status=status)


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's log-in and tokens."""
    return _page(request)


@require_POST
@login_required
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change the password, and keep this session."""
    form = PasswordForm(person(request), request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    user = person(request)
    change_password(user=user, password=form.cleaned_data["new_password1"])
    update_session_auth_hash(request, user)
    messages.success(
        request, _("The password is changed. Other devices are logged out.")
    )
    return redirect("account")


@require_POST
@login_required
@never_cache
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    try:
        new = make_token(user=person(request), name=request.POST.get("name", ""))
    except AnnotationError as error:
        return _page(request, problem=error.message, status=error.status)
    return _page(request, new=new)


@require_POST
@login_required
def token_revoke(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Revoke one of the person's tokens."""
    token = access.token(request.user, public_id)
    revoke_token(token=token)
    messages.success(
        request, _("The token “{name}” no longer works.").format(name=token.name)
    )
    return redirect("account")
