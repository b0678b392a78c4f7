"""The project's own reward model over REST: read it, train it, send labels back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.serializers import JobOut
from annotation.errors import ConflictError
from annotation.models import Role
from annotation.words import gettext as _
from models_service.api.estimates import EstimateOut
from models_service.selectors.reward_model import (
    RewardModel,
    reward_model,
    training_of,
)
from models_service.services.training import (
    MOST_SENT_BACK,
    request_training,
    send_back,
)

OWNERS = (Role.OWNER,)


class CurvePointOut(serializers.Serializer[Any]):
    """What models reach out of fold that saw so many pairs."""

    n_pairs = serializers.IntegerField()
    accuracy = serializers.FloatField(allow_null=True)


class SuspiciousOut(serializers.Serializer[Any]):
    """A labelled pair that the model would have decided otherwise, in log-odds."""

    item = serializers.UUIDField(source="item_id")
    name = serializers.CharField()
    margin = serializers.FloatField()


class HeadOut(serializers.Serializer[RewardModel]):
    """The newest training: on what, and what it reaches on labels it had not seen.

    `gain`: accuracy over “the longer answer wins”. `is_better`: its interval lies above
    0. `machine`: the annotator that answers items with it; null before there is one.
    `suspicious`: the first of `n_suspicious`, the least likely first.
    """

    number = serializers.IntegerField(source="head.number")
    created_at = serializers.DateTimeField(source="head.created_at")
    encoder = serializers.CharField(source="head.encoder.name")
    encoder_revision = serializers.CharField(source="head.encoder.revision")
    features_version = serializers.CharField(source="head.features_version")
    seed = serializers.IntegerField(source="head.seed")
    n_pairs = serializers.IntegerField(source="head.n_pairs")
    n_votes = serializers.IntegerField(source="head.n_votes")
    n_prompts = serializers.IntegerField(source="head.n_prompts")
    machine = serializers.UUIDField(
        source="machine.public_id", allow_null=True, default=None
    )
    accuracy = EstimateOut()
    length_alone = EstimateOut(source="length")
    gain = EstimateOut()
    is_better = serializers.BooleanField()
    is_split_by_item = serializers.SerializerMethodField()
    curve = CurvePointOut(many=True)
    n_suspicious = serializers.IntegerField()
    suspicious = SuspiciousOut(many=True)
    note = serializers.CharField()

    def get_is_split_by_item(self, found: RewardModel) -> bool:
        """Tell whether all items have one prompt, so that figures are too good."""
        return bool(found.head.figures.get("is_split_by_item"))


class RewardOut(serializers.Serializer[Any]):
    """The newest reward model, null before the first, and the newest training."""

    head = HeadOut(allow_null=True)
    training = JobOut(allow_null=True)


class TrainIn(serializers.Serializer[Any]):
    """What a training reads texts with; empty: the installed model, else hashing."""

    encoder = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200
    )


class SendBackIn(serializers.Serializer[Any]):
    """How many of the least likely labels go back to people."""

    n = serializers.IntegerField(min_value=1, max_value=MOST_SENT_BACK, default=20)


class Reward(APIView):
    """The project's own reward model; POST trains it."""

    @extend_schema(responses=RewardOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the newest one with its figures; for managers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        found = reward_model(seat.project)
        training = training_of(seat.project)
        return Response(
            {
                "head": HeadOut(found).data if found else None,
                "training": JobOut(training).data if training else None,
            }
        )

    @extend_schema(request=TrainIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Begin a training; answers 202 with its job. Owners only.

        409 where a training has not ended. A job that finds too few labels fails, and
        its message says how many are missing.
        """
        seat = access.seat(request.user, slug, roles=OWNERS)
        given = TrainIn(data=request.data)
        given.is_valid(raise_exception=True)
        source = given.validated_data["encoder"]
        return Response(JobOut(request_training(seat=seat, source=source)).data, 202)


class RewardSendBack(APIView):
    """Let people look again at labels that look unlikely."""

    @extend_schema(request=SendBackIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Ask one more person about them; answers 202 with the job. Owners only."""
        seat = access.seat(request.user, slug, roles=OWNERS)
        given = SendBackIn(data=request.data)
        given.is_valid(raise_exception=True)
        found = reward_model(seat.project)
        if found is None:
            raise ConflictError(
                _("The project has no reward model yet. Train one first.")
            )
        job = send_back(seat=seat, head=found.head, n=given.validated_data["n"])
        return Response(JobOut(job).data, 202)
