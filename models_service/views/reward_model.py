"""The page of a project's own reward model: train it, see what it is worth."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import access
from annotation.errors import ConflictError, NotFoundError
from annotation.selectors.jobs import shown_job
from annotation.views.settings_common import OWNERS
from annotation.words import gettext as _
from models_service.selectors.reward_model import reward_model, training_of
from models_service.services.training import request_training, send_back
from models_service.views.machines import base_context

N_SENT_BACK = 20


@login_required
@require_safe
def reward(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the newest reward model, or how to come by one."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    training = training_of(seat.project)
    context = base_context(seat) | {
        "model": reward_model(seat.project),
        "training": shown_job(training) if training else None,
        "n_sent_back": N_SENT_BACK,
    }
    return render(request, "models_service/reward_model.html", context)


@login_required
@require_POST
def reward_train(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a training; owners only."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    try:
        job = request_training(seat=seat)
    except ConflictError as error:
        messages.error(request, error.message)
        return redirect("reward_model", slug)
    return redirect("job", slug, job.public_id)


@login_required
@require_POST
def reward_send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask one more person about the labels that look least likely."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    found = reward_model(seat.project)
    if found is None:
        raise NotFoundError
    try:
        job = send_back(seat=seat, head=found.head, n=N_SENT_BACK)
    except ConflictError as error:
        messages.error(request, error.message)
        return redirect("reward_model", slug)
    messages.success(request, _("One more person will be asked about these items."))
    return redirect("job", slug, job.public_id)
