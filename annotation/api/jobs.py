"""Imports, exports and the jobs they become, over REST."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.parsers import BoundedJSONParser
from annotation.api.serializers import JobOut
from annotation.errors import ConflictError, InvalidError, LimitError
from annotation.models import Job
from annotation.services.exports import request_export, stream_annotations
from annotation.services.imports import request_import
from annotation.services.jobs import cancel_job, pause_job, resume_job
from annotation.words import gettext as _


def _options(raw: object, name: str) -> dict[str, Any]:
    if raw in (None, ""):
        return {}
    try:
        options = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError) as error:
        raise InvalidError(
            _("{name} is not JSON: {error}.").format(name=name, error=error)
        ) from error
    if not isinstance(options, dict):
        raise InvalidError(_("{name} must be a JSON object.").format(name=name))
    return options


class Imports(APIView):
    """A file, or a JSON list of items, becomes an import job."""

    parser_classes = (MultiPartParser, BoundedJSONParser)

    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "mode": {"type": "string", "enum": ["all", "good"]},
                    "mapping": {"type": "string", "description": "JSON; optional"},
                },
                "required": ["file"],
            },
            "application/json": {"type": "array", "items": {"type": "object"}},
        },
        responses={202: JobOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Store the file and answer 202 with the job that imports it."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        if isinstance(request.data, list):
            lines = "\n".join(json.dumps(row) for row in request.data)
            upload, name = ContentFile(lines.encode()), "items.jsonl"
            fields: dict[str, Any] = {}
        else:
            found = request.FILES.get("file")
            if found is None:
                raise InvalidError(
                    _("Send a file in the field `file`, or a JSON list.")
                )
            if found.size > settings.UPLOAD_LIMIT_MB * 1_000_000:
                raise LimitError(
                    _(
                        "This file is larger than {limit_mb:,} MB. Compress "
                        "it with gzip, or split it."
                    ).format(limit_mb=settings.UPLOAD_LIMIT_MB)
                )
            upload, name, fields = found, found.name or "items", request.data
        job = request_import(
            seat=seat,
            upload=upload,
            name=name,
            mode=str(fields.get("mode", "all")),
            mapping=_options(fields.get("mapping"), "mapping") or None,
        )
        return Response(JobOut(job).data, status=202)


class OneJob(APIView):
    """A job's state, progress and result."""

    @extend_schema(responses=JobOut)
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Return the job, for managers of its project."""
        return Response(JobOut(access.any_job(request.user, public_id)).data)


class CancelJob(APIView):
    """Stop a job."""

    @extend_schema(request=None, responses=JobOut)
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Ask the job to stop; nothing is left half done."""
        job = cancel_job(job=access.any_job(request.user, public_id))
        return Response(JobOut(job).data)


class PauseJob(APIView):
    """Let a job rest."""

    @extend_schema(request=None, responses=JobOut)
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Ask the job to rest; it keeps what it has. 409 where its kind cannot."""
        job = pause_job(job=access.any_job(request.user, public_id))
        return Response(JobOut(job).data)


class ResumeJob(APIView):
    """Let a job go on."""

    @extend_schema(request=None, responses=JobOut)
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Let a job go on that rests; 409 where it does not.

        Owners only where it costs money, as a run of AI labels does.
        """
        job = resume_job(job=access.any_job_to_resume(request.user, public_id))
        return Response(JobOut(job).data)


class Exports(APIView):
    """Data sets to download."""

    @extend_schema(request=OpenApiTypes.OBJECT, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Answer 202 with the job that writes the format."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        options = _options(request.data, _("The body"))
        return Response(JobOut(request_export(seat=seat, options=options)).data, 202)


class DownloadExport(APIView):
    """The file that an export job made."""

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: uuid.UUID) -> FileResponse:
        """Send the file, once the job is done."""
        job = access.any_job(request.user, public_id)
        if job.kind != Job.Kind.EXPORT or job.state != Job.State.DONE or not job.file:
            raise ConflictError(_("This export is not ready to be downloaded."))
        name = f"{job.project.slug}-{job.public_id}.zip"
        try:
            file = default_storage.open(job.file)
        except FileNotFoundError as error:
            raise ConflictError(
                _("The file of this export is no longer there. Make a new export.")
            ) from error
        return FileResponse(file, as_attachment=True, filename=name)


class Annotations(APIView):
    """All current annotations as a stream of JSON lines."""

    @extend_schema(
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR},
        parameters=[OpenApiParameter("slug", str, OpenApiParameter.PATH)],
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Stream one line per annotation, with constant memory."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return StreamingHttpResponse(
            stream_annotations(seat.project), content_type="application/x-ndjson"
        )
