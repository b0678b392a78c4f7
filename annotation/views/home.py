"""The first page: a person's projects, and what to do next in each."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.selectors.home import project_cards


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the projects of the person who has logged in."""
    cards = project_cards(request.user)
    return render(request, "annotation/people/home.html", {"cards": cards})
