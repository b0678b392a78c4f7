"""Two machine annotators side by side over REST; for managers."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError
from annotation.models import MachineAnnotator
from annotation.words import gettext as _
from models_service.api.estimates import EstimateOut
from models_service.api.verdicts import machine_named
from models_service.selectors.side_by_side import (
    PLACES,
    newest_with_verdicts,
    side_by_side,
)


class DifferingOut(serializers.Serializer[Any]):
    """An item on which the two differ: 1 = completion 0 is better, 0 = tie, -1."""

    item = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField()
    gist = serializers.CharField()
    first = serializers.IntegerField()
    second = serializers.IntegerField()


class CompareOut(serializers.Serializer[Any]):
    """Two machine annotators on the items that both have a verdict on.

    `table[i][j]`: on so many items `first` says `choices[i]` and `second` says
    `choices[j]`. `as_people`: how often each says what most people say, and `gain` the
    first less the second. `differing`: the first of `n_differing`.
    """

    first = serializers.UUIDField()
    second = serializers.UUIDField()
    choices = serializers.ListField(child=serializers.IntegerField())
    table = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField())
    )
    n_items = serializers.IntegerField(source="figures.n_items")
    n_labelled = serializers.IntegerField(source="figures.n_labelled")
    alike = EstimateOut(source="figures.alike")
    kappa = EstimateOut(source="figures.kappa")
    first_as_people = EstimateOut(source="figures.first")
    second_as_people = EstimateOut(source="figures.second")
    gain = EstimateOut(source="figures.gain")
    n_differing = serializers.IntegerField()
    differing = DifferingOut(many=True)
    n_drawn = serializers.IntegerField()
    n_all = serializers.IntegerField()


class Compare(APIView):
    """Where two machine annotators agree."""

    @extend_schema(
        responses=CompareOut,
        parameters=[
            OpenApiParameter("a", str, description="Id of one; empty: the newest"),
            OpenApiParameter("b", str, description="Id of the other"),
        ],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Hold `a` and `b` against each other; without them, the newest two in use.

        409 where there are no two with a verdict, 422 where both are the same.
        """
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        first, second = _both(seat, request)
        told = side_by_side(first, second)
        shown = {
            "first": first.public_id,
            "second": second.public_id,
            "choices": [int(place) for place in PLACES],
            **{name: getattr(told, name) for name in _TOLD},
        }
        return Response(CompareOut(shown).data)


_TOLD = ("table", "figures", "n_differing", "differing", "n_drawn", "n_all")


def _both(seat: Seat, request: Request) -> tuple[MachineAnnotator, MachineAnnotator]:
    named = [request.query_params.get(name, "") for name in ("a", "b")]
    if not any(named):
        first, second = newest_with_verdicts(seat.project)
        if first is None or second is None:
            raise ConflictError(
                _("It takes two. Add another AI annotator, or import its labels.")
            )
        return first, second
    if not all(named):
        raise InvalidError(_("Name two AI annotators, as `a` and as `b`."))
    one, other = (
        machine_named(seat, text, name)
        for text, name in zip(named, ("a", "b"), strict=True)
    )
    if one == other:
        raise InvalidError(_("These are the same one. Choose two."))
    return one, other
