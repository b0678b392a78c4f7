"""How far a machine annotator agrees with people, over REST; for managers."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.models import MachineAnnotator
from models_service.models import MachineReport
from models_service.selectors.trust import shared_figures, trust_of
from models_service.services.reports import request_report


class ReportOut(serializers.Serializer[Any]):
    """What a worker found. `figures` are null before the first time.

    `requested_at`: newer ones were asked for and are on their way. `n_to_label`: so
    many items that it has answered should still be labelled.
    """

    machine = serializers.UUIDField()
    computed_at = serializers.DateTimeField(allow_null=True)
    requested_at = serializers.DateTimeField(allow_null=True)
    carries_weight = serializers.BooleanField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    n_to_label = serializers.IntegerField(allow_null=True)
    figures = serializers.JSONField(allow_null=True)


class Report(APIView):
    """How far one version of a machine annotator agrees with people."""

    @extend_schema(responses=ReportOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return the figures of the last computation, people under pseudonyms."""
        return Response(_told(_managed(request, slug, public_id)))

    @extend_schema(request=None, responses={202: ReportOut})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Ask a worker for the figures anew; answers 202 with those there are."""
        machine = _managed(request, slug, public_id)
        request_report(machine=machine)
        return Response(_told(machine), 202)


def _told(machine: MachineAnnotator) -> dict[str, Any]:
    report = MachineReport.objects.filter(machine=machine).first()
    trust = trust_of(machine)
    return {
        "machine": machine.public_id,
        "computed_at": trust.computed_at if trust else None,
        "requested_at": report.requested_at if report else None,
        "carries_weight": trust.weight.carries if trust else None,
        "reasons": list(trust.weight.reasons) if trust else [],
        "n_to_label": trust.n_to_label if trust else None,
        "figures": shared_figures(trust) if trust else None,
    }


def _managed(request: Request, slug: str, public_id: uuid.UUID) -> MachineAnnotator:
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    return access.machine(seat, public_id)
