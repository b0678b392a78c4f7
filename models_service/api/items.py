"""An item's machine verdicts beside those of people, over REST; for managers."""

import uuid
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from models_service.api.serializers import PreAnnotationOut
from models_service.api.verdicts import told_of
from models_service.selectors.item_verdicts import (
    PersonSaid,
    said_by_machines,
    said_by_people,
)


class PersonSaidOut(serializers.Serializer[PersonSaid]):
    """A person's answer that counts, in canonical order."""

    id = serializers.UUIDField(source="public_id")
    pseudonym = serializers.CharField()
    answers = serializers.JSONField()
    questions_version = serializers.IntegerField(source="questions_number")
    created_at = serializers.DateTimeField()
    is_suggestion_visible = serializers.BooleanField(source="has_seen")


class ItemVerdictsOut(serializers.Serializer[Any]):
    """What machines and what people said of an item; at most 200 of each."""

    item = serializers.UUIDField()
    external_id = serializers.CharField()
    machines = PreAnnotationOut(many=True)
    people = PersonSaidOut(many=True)


class ItemVerdicts(APIView):
    """Machines beside people on one item."""

    @extend_schema(responses=ItemVerdictsOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return each verdict of a machine and each answer of a person that counts."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        item = access.item(seat, public_id)
        people = cast(Any, said_by_people(item))
        return Response(
            {
                "item": item.public_id,
                "external_id": item.external_id,
                "machines": told_of(said_by_machines(item)),
                "people": PersonSaidOut(people, many=True).data,
            }
        )
