"""One run over REST with what its page tells: the rest, the room, the troubles."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.errors import NotFoundError
from models_service.api.serializers import RunOut
from models_service.selectors.runs import RunPanel, run_of, run_panel


class TroubleOut(serializers.Serializer[Any]):
    """Calls that brought no verdict, of one kind, with the last one's words."""

    status = serializers.CharField()
    code = serializers.CharField()
    n = serializers.IntegerField()
    said = serializers.CharField()


class RunPanelOut(serializers.Serializer[RunPanel]):
    """A run, what is left of it and of its money in USD, and what went wrong.

    `rest_tokens` null: not known yet. `cap_left_usd` null: it has no cap of its own.
    `room_usd` null: the project's budget bounds nothing.
    """

    run = RunOut()
    rest_items = serializers.IntegerField(source="rest.n_items")
    rest_tokens = serializers.IntegerField(source="rest.tokens", allow_null=True)
    cap_left_usd = serializers.DecimalField(14, 8, allow_null=True)
    room_usd = serializers.DecimalField(16, 6, allow_null=True)
    troubles = TroubleOut(many=True)


class OneRun(APIView):
    """A run of a machine annotator, by the id of its job."""

    @extend_schema(responses=RunPanelOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return it with its figures; for managers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        found = run_of(access.job(seat, public_id))
        if found is None:
            raise NotFoundError
        return Response(RunPanelOut(run_panel(found)).data)
