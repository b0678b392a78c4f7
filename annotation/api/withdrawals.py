"""Withdrawals over REST, for owners: at somebody's wish, and pay that stays owed."""

import uuid
from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.recruitment import owner
from annotation.errors import ConflictError, InvalidError, NotFoundError
from annotation.models import ConsentDocument, OwedPay, Withdrawal
from annotation.services.on_behalf import (
    Found,
    chosen,
    find_people,
    mark_of,
    withdraw_for,
)
from annotation.services.owed_pay import drop_owed, mark_owed_paid
from annotation.words import gettext as _


class WhoIn(serializers.Serializer[None]):
    """Whom to find: the id in a file or at the platform, the log-in, or the pseudonym.

    Exactly as it is written; it stands in the body, so that no log of addresses has it.
    """

    who = serializers.CharField(max_length=200)


class FoundOut(serializers.Serializer[Any]):
    """Somebody who may be meant, and what a withdrawal would do to the answers.

    `mark` means this person in calls of the same owner. `came`: import, recruited or
    member; `provider`: the kind of file.
    """

    mark = serializers.CharField()
    came = serializers.CharField()
    provider = serializers.CharField()
    n_answers = serializers.IntegerField()
    manner = serializers.ChoiceField(ConsentDocument.OnWithdrawal.choices)


class WithdrawIn(WhoIn):
    """Who is withdrawn and why. `mark` is needed where the name means several people.

    `is_sure` has to be true: it cannot be undone.
    """

    mark = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default=""
    )
    reason = serializers.CharField(max_length=500)
    is_sure = serializers.BooleanField()


class WithdrawnOut(serializers.ModelSerializer[Withdrawal]):
    """The tombstone: `done_at` is empty while a worker goes on with the answers."""

    class Meta:
        model = Withdrawal
        fields = ("manner", "n_answers", "reason", "created_at", "done_at")


@method_decorator(never_cache, name="dispatch")
class WithdrawalsFind(APIView):
    """Whom a name means."""

    @extend_schema(
        operation_id="withdrawals_find",
        request=WhoIn,
        responses=FoundOut(many=True),
    )
    def post(self, request: Request, slug: str) -> Response:
        """Return who may be meant, and what would become of the answers."""
        seat, user = owner(request, slug)
        given = WhoIn(data=request.data)
        given.is_valid(raise_exception=True)
        found = find_people(project=seat.project, who=given.validated_data["who"])
        told = [
            {
                "mark": mark_of(one.participant, user),
                "came": one.participant.source,
                "provider": one.provider,
                "n_answers": one.n_answers,
                "manner": one.manner,
            }
            for one in found
        ]
        return Response(FoundOut(told, many=True).data)


@method_decorator(never_cache, name="dispatch")
class Withdrawals(APIView):
    """Withdraw somebody who asked for it."""

    @extend_schema(
        operation_id="withdrawals_create",
        request=WithdrawIn,
        responses={201: WithdrawnOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Withdraw somebody at their wish, for good; you and your reason are kept."""
        seat, user = owner(request, slug)
        given = WithdrawIn(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        found = find_people(project=seat.project, who=said["who"])
        one = chosen(found, said["mark"], user) if said["mark"] else _only(found)
        if one is None:
            raise NotFoundError
        if not said["is_sure"]:
            raise InvalidError(
                _("Send `is_sure` as true: a withdrawal cannot be undone.")
            )
        made = withdraw_for(participant=one.participant, by=user, reason=said["reason"])
        return Response(WithdrawnOut(made).data, status=201)


def _only(found: list[Found]) -> Found | None:
    """Return the one who was found; raises ConflictError where there are several."""
    if len(found) > 1:
        raise ConflictError(
            _(
                "This name means {n} people. Find them first, then send the `mark` of"
                " the one you mean."
            ).format(n=len(found))
        )
    return found[0] if found else None


class OwedIn(serializers.Serializer[OwedPay]):
    """What became of the pay of somebody who withdrew: `paid` or `not_owed`."""

    do = serializers.ChoiceField(["paid", "not_owed"])


class OwedAct(APIView):
    """Settle what somebody who withdrew is still owed."""

    @extend_schema(request=OwedIn, responses={204: None})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Mark it as paid, or as not owed after all; the platform's ids are deleted."""
        seat, user = owner(request, slug)
        owed = access.owed_pay(seat, public_id)
        given = OwedIn(data=request.data)
        given.is_valid(raise_exception=True)
        if given.validated_data["do"] == "paid":
            mark_owed_paid(project=seat.project, keys=[owed.pk], by=user)
        else:
            drop_owed(owed=owed, by=user)
        return Response(status=204)
