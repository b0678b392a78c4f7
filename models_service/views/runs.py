"""Runs of machine annotators: what one would ask, its beginning, and its page."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError, NotFoundError
from annotation.views.manage_jobs import job_context
from annotation.views.settings_common import OWNERS
from models_service.selectors.forecast import forecast
from models_service.selectors.juries import lacking_of
from models_service.selectors.runs import run_of, run_panel
from models_service.selectors.seats import is_jury
from models_service.services.runs import request_run
from models_service.views.machines import base_context, machine_page
from models_service.views.run_form import RunForm


@login_required
@require_POST
def run_start(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Begin a run; owners only, since it costs money."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    machine = access.machine(seat, public_id)
    form = RunForm(request.POST, project=seat.project)
    if not form.is_valid():
        return machine_page(request, seat, machine, form, status=422)
    try:
        job = request_run(
            seat=seat,
            machine=machine,
            selection=form.selection(),
            cap_usd=form.cleaned_data["cap_usd"],
        )
    except (ConflictError, InvalidError) as error:
        return machine_page(
            request, seat, machine, form, problem=error.message, status=error.status
        )
    return redirect("run", slug, job.public_id)


@login_required
@require_POST
def run_forecast(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Return what the run in the form would ask and cost."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    machine = access.machine(seat, public_id)
    form = RunForm(request.POST, project=seat.project)
    questions = seat.project.current_questions()
    shown = None
    if form.is_valid() and questions is not None:
        shown = forecast(machine, questions, form.selection())
    if not request.headers.get("HX-Request"):
        return machine_page(request, seat, machine, form)
    context = {"forecast": shown, "machine": machine, "project": seat.project}
    return render(request, "models_service/forecast.html", context)


@login_required
@require_safe
def run(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show a run: its job, and what it has asked, used and stumbled over."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    context = base_context(seat) | _context(seat, public_id)
    found = context["run"]
    if is_jury(found.machine):
        context["lacking"] = lacking_of(found)
    return render(request, "models_service/run.html", context)


@login_required
@require_GET
def run_live(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Return the figures of a run; they ask again while it goes on."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    return render(request, "models_service/run_live.html", _context(seat, public_id))


def _context(seat: Seat, public_id: uuid.UUID) -> dict[str, Any]:
    job = access.job(seat, public_id)
    found = run_of(job)
    if found is None:
        raise NotFoundError
    return job_context(seat, job) | {"panel": run_panel(found), "run": found}
