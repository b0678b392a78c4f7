"""What machine annotators said, over REST; for owners and researchers alone."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.access import Seat
from annotation.api.projects import Pages
from annotation.errors import InvalidError
from annotation.models import MachineAnnotator, PreAnnotation
from annotation.words import gettext as _
from models_service.api.machines import PAGED
from models_service.api.serializers import PreAnnotationOut
from models_service.selectors.raw_calls import RawCall, calls_behind
from models_service.selectors.trust import calibrated_answers


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
            OpenApiParameter("item", uuid.UUID, description="On this item alone"),
            OpenApiParameter("status", str, enum=PreAnnotation.Status.values),
        ],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return pre-annotations in the order in which they were first stored."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        rows = _filtered(seat, request).select_related(*BESIDE)
        pages = Pages()
        shown = pages.paginate_queryset(rows.order_by("id"), request, self) or []
        return pages.get_paginated_response(told_of(shown))


class OnePreAnnotation(APIView):
    """One stored verdict of a machine."""

    @extend_schema(responses=PreAnnotationOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return it; for managers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return Response(told_of([access.pre_annotation(seat, public_id)])[0])


class CallOut(serializers.Serializer[RawCall]):
    """One call. `order`: the canonical index of the completion shown at each place.

    `p_first`: P(the place shown first), where the model tells its log-probabilities.
    """

    step = serializers.IntegerField(source="call.step")
    sample = serializers.IntegerField(source="call.sample")
    order = serializers.ListField(child=serializers.IntegerField(), source="call.order")
    status = serializers.CharField(source="call.status")
    text = serializers.CharField(source="call.text")
    finish_reason = serializers.CharField(source="call.finish_reason")
    error = serializers.CharField(source="call.error")
    error_code = serializers.CharField(source="call.error_code")
    logit = serializers.FloatField(source="call.logit", allow_null=True)
    p_first = serializers.FloatField(allow_null=True)
    tokens_in = serializers.IntegerField(source="call.tokens_in")
    tokens_out = serializers.IntegerField(source="call.tokens_out")
    cost_usd = serializers.DecimalField(14, 8, source="call.cost_usd")
    latency_ms = serializers.IntegerField(source="call.latency_ms")
    n_attempts = serializers.IntegerField(source="call.n_attempts")
    created_at = serializers.DateTimeField(source="call.created_at")


class Calls(APIView):
    """The calls behind a verdict."""

    @extend_schema(responses=CallOut(many=True))
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return what the machine was asked about the item of a verdict, and said."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        rows = calls_behind(access.pre_annotation(seat, public_id))
        return Response(CallOut(cast(Any, rows), many=True).data)


BESIDE = ("item", "machine", "questions_version")


def told_of(rows: Sequence[PreAnnotation]) -> list[dict[str, Any]]:
    """Return verdicts with their calibrated probabilities; one query for these."""
    known = calibrated_answers(rows)
    told = PreAnnotationOut(rows, many=True, context={"calibrated": known}).data
    return [dict(one) for one in told]


def machine_named(seat: Seat, text: str, parameter: str) -> MachineAnnotator:
    """Return the machine annotator whose id a parameter holds."""
    return access.machine(seat, _uuid(text, parameter))


def _filtered(seat: Seat, request: Request) -> "QuerySet[PreAnnotation]":
    found = PreAnnotation.objects.filter(project=seat.project)
    wanted = request.query_params
    if machine := wanted.get("machine"):
        found = found.filter(machine=machine_named(seat, machine, "machine"))
    if item := wanted.get("item"):
        try:
            found = found.filter(item=access.item(seat, uuid.UUID(item)))
        except ValueError as error:
            raise InvalidError(_("`item` is not the id of an item.")) from error
    if status := wanted.get("status"):
        if status not in PreAnnotation.Status.values:
            text = _("{value!r} is not one of {allowed}.")
            allowed = ", ".join(PreAnnotation.Status.values)
            raise InvalidError(text.format(value=status, allowed=allowed))
        found = found.filter(status=status)
    return found


def _uuid(text: str, parameter: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        said = _("`{name}` is not the id of an AI annotator.")
        raise InvalidError(said.format(name=parameter)) from error
