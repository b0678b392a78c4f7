"""Pages of jobs: the list, one job with its progress, and the files it made."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError
from annotation.models import Job
from annotation.selectors.jobs import can_undo, job_page, shown_job
from annotation.selectors.workers import workers_alive
from annotation.services.jobs import (
    cancel_job,
    pause_job,
    registered,
    resume_job,
)
from annotation.words import gettext as _


@login_required
@require_safe
def jobs(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the jobs of a project, newest first."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "jobs",
        "page": job_page(seat.project, request.GET.get("page")),
        "is_worker_alive": workers_alive()["default"],
    }
    return render(request, "annotation/manage/jobs.html", context)


@login_required
@require_safe
def job(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show a job; while it runs, the page asks for its progress again and again."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = access.job(seat, public_id)
    if registered(found.kind).page != "job":
        return _shown(slug, found)
    context = job_context(seat, found) | {"tab": "jobs"}
    return render(request, "annotation/manage/job.html", context)


@login_required
@require_GET
def job_live(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Return the part of the job page that changes; it asks again until the end."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    context = job_context(seat, access.job(seat, public_id))
    return render(request, "annotation/manage/job_live.html", context)


def _shown(slug: str, found: Job) -> HttpResponse:
    """Lead to the page that shows the job."""
    return redirect(registered(found.kind).page, slug, found.public_id)


def job_context(seat: Seat, found: Job) -> dict[str, object]:
    """Return what the part of a page needs that shows a job's progress."""
    return {
        "seat": seat,
        "project": seat.project,
        "job": shown_job(found),
        "can_undo": can_undo(found),
        "can_pause": registered(found.kind).can_pause,
        "can_resume": access.may_resume(seat, found),
        "is_worker_alive": workers_alive()[registered(found.kind).queue],
    }


@login_required
@require_POST
def job_cancel(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Ask a job to stop."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = cancel_job(job=access.job(seat, public_id))
    messages.success(
        request, _("The job is asked to stop. It leaves nothing half done.")
    )
    return _shown(slug, found)


@login_required
@require_POST
def job_pause(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Ask a job to rest."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = pause_job(job=access.job(seat, public_id))
    messages.success(request, _("The job is asked to rest. It keeps what it has."))
    return _shown(slug, found)


@login_required
@require_POST
def job_resume(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Let a job go on that rests; owners only where it costs money."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = resume_job(job=access.job_to_resume(seat, public_id))
    messages.success(request, _("The job goes on."))
    return _shown(slug, found)


@login_required
@require_safe
def job_report(request: HttpRequest, slug: str, public_id: uuid.UUID) -> FileResponse:
    """Send the table of rejected rows of an import."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = access.job(seat, public_id)
    return _attachment(found.report_file, f"{slug}-rejected-rows.csv", "text/csv")


@login_required
@require_safe
def job_download(request: HttpRequest, slug: str, public_id: uuid.UUID) -> FileResponse:
    """Send the file that an export made."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = access.job(seat, public_id)
    is_ready = found.kind == Job.Kind.EXPORT and found.state == Job.State.DONE
    made_on = f"{found.finished_at:%Y-%m-%d}" if found.finished_at else ""
    return _attachment(
        found.file if is_ready else "", f"{slug}-{made_on}.zip", "application/zip"
    )


def _attachment(stored: str, name: str, content_type: str) -> FileResponse:
    if not stored or not default_storage.exists(stored):
        raise NotFoundError(_("This file is not there. It may have been removed."))
    return FileResponse(
        default_storage.open(stored, "rb"),
        as_attachment=True,
        filename=name,
        content_type=content_type,
    )
