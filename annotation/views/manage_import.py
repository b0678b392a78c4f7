"""Pages of an import: choose a file, look at what it gives, start the job."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadhandler import FileUploadHandler
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import (
    AnnotationError,
    InvalidError,
    LimitError,
    NotFoundError,
)
from annotation.formats.examples import EXAMPLES
from annotation.formats.mapping import ColumnMapping
from annotation.services.imports import ALL, request_import
from annotation.services.survey_imports import questions_of
from annotation.services.uploads import (
    KEPT_DAYS,
    Look,
    Preview,
    Upload,
    drop_upload,
    find_upload,
    keep_upload,
    look,
    preview,
    proposed,
)
from annotation.views.import_preview import shown_item
from annotation.views.mapping_form import form_context, read_mapping
from annotation.words import gettext as _
from annotation.words import translated


class _Limit(FileUploadHandler):
    """Refuses a request that is too large before any of it is stored."""

    def handle_raw_input(self, input_data, META, content_length, *rest):  # type: ignore[no-untyped-def]
        """Compare the announced length with the limit."""
        if content_length > (settings.UPLOAD_LIMIT_MB + 1) * 1_000_000:
            raise LimitError(
                _(
                    "The file exceeds {limit_mb:,} MB. Split it, or import it "
                    "on the server with the command import_items."
                ).format(limit_mb=settings.UPLOAD_LIMIT_MB)
            )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the data on to the handler that stores it."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handler that stored it."""


@csrf_exempt
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Offer the upload; the inner view checks CSRF once the limit is in place."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    request.upload_handlers.insert(0, _Limit(request))
    return _import_new(request, seat)


@csrf_protect
def _import_new(request: HttpRequest, seat: Seat) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        try:
            return _take(request, seat)
        except InvalidError as error:
            problem = error.message
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "jobs",
        "examples": [translated(one, "title") for one in EXAMPLES],
        "problem": problem,
        "limit_mb": settings.UPLOAD_LIMIT_MB,
        "kept_days": KEPT_DAYS,
    }
    status = 422 if problem else 200
    return render(request, "annotation/manage/import_new.html", context, status=status)


def _take(request: HttpRequest, seat: Seat) -> HttpResponse:
    found = request.FILES.get("file")
    if found is None:
        raise InvalidError(_("No file was sent. Choose a file and try again."))
    upload = keep_upload(seat=seat, upload=found)
    if questions_of(upload) is not None:
        return _to("import_survey", seat, upload)
    try:
        look(upload)
    except InvalidError:
        drop_upload(upload=upload)
        raise
    return _to("import_check", seat, upload)


def _to(name: str, seat: Seat, upload: Upload) -> HttpResponse:
    address = reverse(name, args=[seat.project.slug])
    return redirect(f"{address}?{urlencode({'file': upload.ticket})}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a file gives under a mapping; start the import when asked to."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    given = request.POST if request.method == "POST" else request.GET
    upload = find_upload(seat=seat, ticket=given.get("file", ""))
    if given.get("do") == "discard" and request.method == "POST":
        drop_upload(upload=upload)
        messages.success(request, _("The file is removed. Nothing was imported."))
        return redirect("import_new", slug)
    seen = look(upload)
    is_changed = request.method == "POST"
    mapping = read_mapping(request.POST, seen) if is_changed else proposed(seen)
    shown = preview(seen, mapping)
    problem = ""
    if given.get("do") == "import" and is_changed and shown.is_ready:
        try:
            return _start(request, seat, upload, mapping)
        except AnnotationError as error:
            problem = error.message
    return _show(request, seat, upload, seen, mapping, shown, problem)


def _start(
    request: HttpRequest, seat: Seat, upload: Upload, mapping: ColumnMapping
) -> HttpResponse:
    job = request_import(
        seat=seat,
        upload=None,
        stored=upload.stored,
        name=upload.name,
        mode=request.POST.get("mode", ALL),
        mapping=mapping.to_json(),
    )
    return redirect("job", seat.project.slug, job.public_id)


def _show(
    request: HttpRequest,
    seat: Seat,
    upload: Upload,
    seen: Look,
    mapping: ColumnMapping,
    shown: Preview,
    problem: str,
) -> HttpResponse:
    context = form_context(mapping, seen.columns) | {
        "seat": seat,
        "project": seat.project,
        "tab": "jobs",
        "upload": upload,
        "seen": seen,
        "preview": shown,
        "items": [shown_item(item, mapping) for item in shown.items],
        "mode": request.POST.get("mode", ALL),
        "problem": problem,
    }
    template = "annotation/manage/import_check.html"
    if request.headers.get("HX-Request"):
        template = "annotation/manage/import_form.html"
    return render(request, template, context, status=422 if problem else 200)


@login_required
@require_safe
def import_example(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Send one of the example files."""
    access.seat(request.user, slug, roles=access.MANAGERS)
    found = next((example for example in EXAMPLES if example.file == name), None)
    if found is None:
        raise NotFoundError
    return FileResponse(found.path.open("rb"), as_attachment=True, filename=found.file)
