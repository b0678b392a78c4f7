"""What a machine annotator was asked about an item and said, call by call."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation import access
from models_service.selectors.raw_calls import calls_behind
from models_service.views.machines import base_context


@login_required
@require_safe
def calls(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show the calls behind a verdict, in the item's page or alone."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    verdict = access.pre_annotation(seat, public_id)
    context = base_context(seat) | {"verdict": verdict, "calls": calls_behind(verdict)}
    if request.headers.get("HX-Request"):
        return render(request, "models_service/calls_list.html", context)
    return render(request, "models_service/calls.html", context)
