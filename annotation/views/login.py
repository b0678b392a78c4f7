"""Log in and out. Too many wrong passwords are throttled by django-axes."""

from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy

from annotation.views.forms import Styled

WRONG = gettext_lazy(
    "This user name and this password do not belong together. Check both."
)


class LogInForm(Styled, AuthenticationForm):
    """Django's form in our words."""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}


class LogIn(views.LoginView):
    """Ask for name and password; go on to where the person wanted to go."""

    template_name = "annotation/people/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True


class LogOut(views.LogoutView):
    """End the session; takes POST only."""
