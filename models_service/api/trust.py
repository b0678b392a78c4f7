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
from annotation.words import gettext as _
from models_service.models import MachineReport
from models_service.selectors.trust import shared_figures, trust_of
from models_service.selectors.trust_page import (
    PersonRow,
    people_of,
    replaced_in_words,
)
from models_service.services.reports import request_report
from models_service.trust import MIN_COMMON


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


class StandInOut(serializers.Serializer[Any]):
    """What the others gain or lose where the machine answers for one person.

    Over `n_common` items: how often the others say what the person says, and what the
    machine says; `gain` is the second less the first. `verdict`: gain, loss, open.
    """

    pseudonym = serializers.CharField()
    n_common = serializers.IntegerField()
    kappa = serializers.JSONField()
    with_person = serializers.JSONField()
    with_model = serializers.JSONField()
    gain = serializers.JSONField()
    verdict = serializers.ChoiceField(("gain", "loss", "open"))
    finding = serializers.CharField()


class ReplacementOut(serializers.Serializer[Any]):
    """Each person beside the machine, whom it would replace with the most gain first.

    `n_suppressed`: people with fewer than `least_common` items in common.
    """

    machine = serializers.UUIDField()
    computed_at = serializers.DateTimeField(allow_null=True)
    summary = serializers.CharField()
    least_common = serializers.IntegerField()
    n_suppressed = serializers.IntegerField(allow_null=True)
    people = StandInOut(many=True)


class Replacement(APIView):
    """Replace an annotator by this model?"""

    @extend_schema(responses=ReplacementOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return what the last report says of it; `computed_at` null: none yet."""
        machine = _managed(request, slug, public_id)
        trust = trust_of(machine)
        rows = people_of(trust) if trust else []
        told = {"machine": machine.public_id, "least_common": MIN_COMMON}
        if trust is None:
            summary = _("There is no report yet. Ask for one, and wait for a worker.")
            return Response(
                told
                | {
                    "computed_at": None,
                    "summary": summary,
                    "n_suppressed": None,
                    "people": [],
                }
            )
        by_name = {
            one["pseudonym"]: one for one in shared_figures(trust)["people"]["shown"]
        }
        return Response(
            told
            | {
                "computed_at": trust.computed_at,
                "summary": replaced_in_words(rows),
                "n_suppressed": trust.figures["people"]["n_suppressed"],
                "people": [_stand_in(row, by_name[row.pseudonym]) for row in rows],
            }
        )


def _stand_in(row: PersonRow, figures: dict[str, Any]) -> dict[str, Any]:
    names = ("pseudonym", "n_common", "kappa", "with_person", "with_model", "gain")
    told = {name: figures[name] for name in names}
    return told | {"verdict": row.verdict, "finding": row.finding}


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
