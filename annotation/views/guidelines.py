"""The guidelines of a project, for all its members."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation import access
from annotation.views.project_text import project_html


@require_safe
@login_required
def guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the guidelines in force; `?fragment=1` gives the text alone."""
    seat = access.seat(request.user, slug)
    version = seat.project.current_guidelines()
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "guidelines",
        "version": version,
        "html": project_html(version.text) if version else "",
    }
    name = "guidelines_text" if request.GET.get("fragment") else "guidelines"
    return render(request, f"annotation/people/{name}.html", context)
