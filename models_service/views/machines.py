"""Pages of machine annotators: all of a project, one of them, and its form."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotation import access
from annotation.access import Seat
from annotation.errors import InvalidError, NotFoundError
from annotation.models import MachineAnnotator
from annotation.selectors.workers import workers_alive
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS
from annotation.words import gettext as _
from models_service.prompts import PROTOCOLS
from models_service.selectors.checks import newest_check
from models_service.selectors.forecast import forecast
from models_service.selectors.juries import shown_seats, split_share
from models_service.selectors.machines import (
    connection_of,
    machine_row,
    machine_rows,
    versions_of,
)
from models_service.selectors.runs import runs_of
from models_service.selectors.seats import is_jury
from models_service.selectors.trust import trust_by_machine, trust_of
from models_service.selectors.wanted import Selection
from models_service.services.machines import (
    add_machine,
    archive_machine,
    change_machine,
)
from models_service.specs import OFFERED
from models_service.views.machine_form import MachineForm, fresh, initial
from models_service.views.run_form import RunForm

RUNS_SHOWN = 20


@login_required
@require_safe
def machines(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the machine annotators of a project."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    rows = machine_rows(seat.project)
    aside = [one for one in rows if one.is_past or one.machine.archived_at]
    context = base_context(seat) | {
        "rows": [one for one in rows if one not in aside],
        "aside": aside,
        "trusts": trust_by_machine(seat.project),
        "protocols": [(_(one.title), _(one.about)) for one in PROTOCOLS.values()],
    }
    return render(request, "models_service/machines.html", context)


@login_required
@require_safe
def machine(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show one version of a machine annotator, its runs, and how to begin one."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = access.machine(seat, public_id)
    form = RunForm(initial={"which": "all", "seed": 0}, project=seat.project)
    return machine_page(request, seat, found, form)


def machine_page(
    request: HttpRequest,
    seat: Seat,
    found: MachineAnnotator,
    form: RunForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the page of a version, with the form of a run as it was filled in."""
    row = machine_row(found)
    is_runnable = found.backend in OFFERED and not found.archived_at
    questions = seat.project.current_questions()
    shown = None
    if is_runnable and questions is not None and not row.unended:
        chosen = form.selection() if form.is_bound and form.is_valid() else Selection()
        shown = forecast(found, questions, chosen)
    protocol = PROTOCOLS.get(found.protocol)
    context = base_context(seat) | {
        "row": row,
        "trust": trust_of(found),
        "machine": found,
        "connection": connection_of(found),
        "protocol_title": _(protocol.title) if protocol else "",
        "protocol_about": _(protocol.about) if protocol else "",
        "parameters": _parameters(found),
        "versions": versions_of(found),
        "runs": runs_of(seat.project, found)[:RUNS_SHOWN],
        "form": form,
        "problem": problem,
        "forecast": shown,
        "is_runnable": is_runnable,
        "check": newest_check(found),
        "has_questions": questions is not None,
    }
    if is_jury(found):
        seats = shown_seats(found)
        context |= {
            "seats": seats,
            "n_heard": sum(one.seat.weight > 0 for one in seats),
            "is_fitted": any(
                one.seat.is_calibrated and one.seat.weight for one in seats
            ),
            "split": split_share(found),
        }
    return render(request, "models_service/machine.html", context, status=status)


@login_required
@require_http_methods(METHODS)
def machine_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a machine annotator; owners only."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    if request.method != "POST":
        form = MachineForm(initial=fresh(), project=seat.project)
        return _form(request, seat, form)
    form = MachineForm(request.POST, project=seat.project)
    spec = form.spec()
    if spec is None:
        return _form(request, seat, form, status=422)
    try:
        made = add_machine(project=seat.project, user=person(request), spec=spec)
    except InvalidError as error:
        form.say(error.problems)
        return _form(request, seat, form, status=422)
    messages.success(request, _("The AI annotator is added. Nothing is asked yet."))
    return redirect("machine", slug, made.public_id)


@login_required
@require_http_methods(METHODS)
def machine_change(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Change a machine annotator, in place or as its next version; owners only."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    found = access.machine(seat, public_id)
    if found.backend not in OFFERED:
        raise NotFoundError
    begun = initial(found)
    more = {"project": seat.project, "chosen": begun.get("members", ())}
    if request.method != "POST":
        return _form(request, seat, MachineForm(initial=begun, **more), found)
    sent = request.POST.copy()
    sent["name"] = found.name
    form = MachineForm(sent, **more)
    spec = form.spec(found)
    if spec is None:
        return _form(request, seat, form, found, status=422)
    try:
        held = change_machine(machine=found, user=person(request), spec=spec)
    except InvalidError as error:
        form.say(error.problems)
        return _form(request, seat, form, found, status=422)
    said = _("The changes are saved.")
    if held.pk != found.pk:
        said = _(
            "This is version {number}. What was said before stays with its version."
        ).format(number=held.number)
    messages.success(request, said)
    return redirect("machine", slug, held.public_id)


@login_required
@require_POST
def machine_archive(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Put a machine annotator aside, or take it up again; owners only."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    found = access.machine(seat, public_id)
    is_archived = found.archived_at is None
    archive_machine(machine=found, user=person(request), is_archived=is_archived)
    said = _("It is put aside. What it said is kept.")
    if not is_archived:
        said = _("It can be asked again.")
    messages.success(request, said)
    return redirect("machine", slug, public_id)


def base_context(seat: Seat) -> dict[str, Any]:
    """Return what every page of machine annotators needs."""
    return {
        "seat": seat,
        "project": seat.project,
        "tab": "machines",
        "is_worker_alive": workers_alive()["models"],
    }


def _form(
    request: HttpRequest,
    seat: Seat,
    form: MachineForm,
    found: MachineAnnotator | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    connection = connection_of(found) if found else None
    context = base_context(seat) | {
        "form": form,
        "machine": found,
        "row": machine_row(found) if found else None,
        "has_key": bool(connection and connection.key_encrypted),
    }
    return render(request, "models_service/machine_form.html", context, status=status)


def _parameters(found: MachineAnnotator) -> list[tuple[str, Any]]:
    """Return the parameters that were set, by name; the body of calls last."""
    told = dict(found.parameters)
    told.pop("members", None)
    extra = told.pop("extra_body", {})
    return [*sorted(told.items()), *sorted(extra.items())]
