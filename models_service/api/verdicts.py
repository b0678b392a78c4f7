"""What machine annotators said, over REST; for owners and researchers alone."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.projects import Pages
from annotation.errors import InvalidError
from annotation.models import PreAnnotation
from annotation.words import gettext as _
from models_service.api.machines import PAGED
from models_service.api.serializers import PreAnnotationOut


class PreAnnotationPage(serializers.Serializer[Any]):
    """A page of pre-annotations."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = PreAnnotationOut(many=True)


class PreAnnotations(APIView):
    """Stored verdicts of machines."""

    @extend_schema(
        responses=PreAnnotationPage,
        parameters=[
            *PAGED,
            OpenApiParameter("machine", uuid.UUID, description="Of this version alone"),
            OpenApiParameter("status", str, enum=PreAnnotation.Status.values),
        ],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return pre-annotations in the order in which they were first stored."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        found = PreAnnotation.objects.filter(project=seat.project)
        wanted = request.query_params
        if machine := wanted.get("machine"):
            found = found.filter(machine=access.machine(seat, _uuid(machine)))
        if status := wanted.get("status"):
            if status not in PreAnnotation.Status.values:
                raise InvalidError(
                    _("{value!r} is not one of {allowed}.").format(
                        value=status, allowed=", ".join(PreAnnotation.Status.values)
                    )
                )
            found = found.filter(status=status)
        rows = found.select_related("item", "machine", "questions_version")
        pages = Pages()
        shown = pages.paginate_queryset(rows.order_by("id"), request, self) or []
        return pages.get_paginated_response(PreAnnotationOut(shown, many=True).data)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InvalidError(_("`machine` is not the id of an AI annotator.")) from error
