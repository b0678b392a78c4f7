"""Checks of a machine annotator: a job of the queue `models`, shown on its page."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

from annotation import access
from annotation.errors import ConflictError, NotFoundError
from annotation.models import Job
from annotation.views.settings_common import OWNERS
from models_service.selectors.checks import newest_check
from models_service.services.checks import request_check
from models_service.views.machines import base_context


@login_required
@require_POST
def check_start(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Ask for a check; owners only, since it costs a call."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    machine = access.machine(seat, public_id)
    try:
        request_check(seat=seat, machine=machine)
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect(reverse("machine", args=[slug, public_id]) + "#check")


@login_required
@require_GET
def check_live(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Return what the newest check found; it asks again until there is something."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    machine = access.machine(seat, public_id)
    context = base_context(seat) | {
        "machine": machine,
        "check": newest_check(machine),
    }
    return render(request, "models_service/check.html", context)


@login_required
@require_safe
def check(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Lead from the job of a check to the page of what was checked."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    job = access.job(seat, public_id)
    if job.kind != Job.Kind.CHECK_BACKEND:
        raise NotFoundError
    return redirect(
        reverse("machine", args=[slug, job.parameters["machine"]]) + "#check"
    )
