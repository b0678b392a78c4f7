"""What a size of budget is expected to buy, over REST."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.errors import InvalidError, NotFoundError
from annotation.words import gettext as _
from routing.selectors.budget import asked_size, paid_size, pool_of, size_problems
from routing.selectors.estimates import Estimate
from routing.selectors.state import newest_fit
from routing.selectors.what_if import Line, WhatIf, what_if

VERDICTS = ("better", "worse", "undecided", "nothing")


class EstimateOut(serializers.Serializer[Estimate]):
    """A share in [0, 1], or a difference of shares, with its 95 % interval."""

    mean = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class BaselineOut(serializers.Serializer[Line]):
    """A way to choose beside the policy's; null with a reason where it lacks its input.

    `label_accuracy`: expected share of right labels; `gain`: that minus random's.
    """

    name = serializers.CharField()
    label_accuracy = EstimateOut(source="at.right", allow_null=True, default=None)
    gain = EstimateOut(source="at.gain", allow_null=True, default=None)
    reason = serializers.SerializerMethodField()

    def get_reason(self, line: Line) -> str | None:
        """Return why it was not judged."""
        return line.reason or None


class WhatIfOut(serializers.Serializer[WhatIf]):
    """What a size of budget buys; `undecided`: not distinguishable from random.

    `n_items` of `n_open` open items go to people, which costs `usd`. `n_to_tell`:
    labels in the seed that would tell a difference as large as this one, or null.
    """

    n_open = serializers.IntegerField(source="size.pool.n_items")
    n_items = serializers.IntegerField(source="size.n_items")
    share = serializers.FloatField(source="size.share")
    usd = serializers.SerializerMethodField()
    strategy = serializers.CharField(source="chosen.name")
    label_accuracy = EstimateOut(source="point.right")
    random = EstimateOut(source="random.at.right")
    gain = EstimateOut(source="point.gain")
    verdict = serializers.ChoiceField(VERDICTS)
    words = serializers.CharField(source="title")
    n_to_tell = serializers.IntegerField(allow_null=True)
    baselines = BaselineOut(source="beside", many=True)

    def get_usd(self, found: WhatIf) -> str:
        """Return what people's labels cost."""
        return f"{found.size.pool.usd_of(found.size.n_items):.6f}"


class RoutingWhatIf(APIView):
    """What a size of budget is expected to buy, by the newest fit that holds."""

    @extend_schema(
        operation_id="routing_what_if",
        parameters=[
            OpenApiParameter("usd", float, description="The budget in US dollars"),
            OpenApiParameter("items", int, description="Or items that people label"),
            OpenApiParameter("at", float, description="Or their share, from 0 to 1"),
        ],
        responses=WhatIfOut,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return the point of a budget, else of the policy's; 404 before a fit.

        422 where the query asks for no size.
        """
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        run = newest_fit(seat.project)
        found = None
        if run is not None:
            pool, usual = pool_of(run.figures), paid_size(run.figures)
            if problems := size_problems(pool, request.query_params):
                text = _("This asks for no size of budget.")
                raise InvalidError(text, problems=problems)
            size = asked_size(pool, request.query_params, usual)
            found = what_if(run.figures, size)
        if run is None or found is None:
            raise NotFoundError
        told: dict[str, Any] = dict(WhatIfOut(cast(Any, found)).data)
        advice = run.figures.get("advice") if found.verdict == "undecided" else []
        return Response(told | {"advice": advice or []})
