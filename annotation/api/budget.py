"""The budget over REST, for owners: caps, price, figures, and the entries."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.access import Seat
from annotation.api.projects import Pages
from annotation.models import LedgerEntry, Role
from annotation.selectors.ledger import BudgetPage, Forecast, budget_page, entries_of
from annotation.services.budgets import Terms, set_budget

OWNERS = (Role.OWNER,)


def amount(**options: Any) -> serializers.DecimalField:
    """Return a field for USD, as text with six places."""
    least = Decimal(0)
    return serializers.DecimalField(15, 6, min_value=least, **options)


class BudgetIn(serializers.Serializer[Terms]):
    """The caps and the price; null is no cap. PUT replaces all."""

    cap_usd = amount(allow_null=True, default=None)
    day_cap_usd = amount(allow_null=True, default=None)
    price_usd = amount(default=Decimal(0))


class ForecastOut(serializers.Serializer[Forecast]):
    """One kind of work that is still to come."""

    purpose = serializers.CharField()
    words = serializers.CharField()
    n = serializers.IntegerField()
    price_usd = amount()
    cost_usd = amount()


class ByPurpose(serializers.Serializer[dict[str, Decimal]]):
    """What was spent for people and for machines."""

    human = amount()
    machine = amount()


class BudgetOut(serializers.Serializer[BudgetPage]):
    """A budget with its figures."""

    cap_usd = amount(source="budget.cap_usd", allow_null=True)
    day_cap_usd = amount(source="budget.day_cap_usd", allow_null=True)
    price_usd = amount(source="budget.price_usd")
    spent_usd = amount(source="budget.spent_usd")
    spent_by_purpose = ByPurpose(source="by_purpose")
    spent_today_usd = amount(source="room.spent_today_usd")
    reserved_usd = amount(source="budget.reserved_usd")
    left_usd = amount(source="room.left_usd", allow_null=True)
    left_today_usd = amount(source="room.left_today_usd", allow_null=True)
    owed_usd = amount()
    forecast_usd = amount()
    forecast = ForecastOut(many=True)


class EntryOut(serializers.ModelSerializer[LedgerEntry]):
    """One movement of money."""

    reference = serializers.CharField(source="reservation.reference")

    class Meta:
        model = LedgerEntry
        fields = (
            "created_at",
            "day",
            "kind",
            "purpose",
            "reference",
            "key",
            "amount_usd",
        )


def _owner(request: Request, slug: str) -> tuple[Seat, User]:
    seat = access.seat(request.user, slug, roles=OWNERS)
    return seat, User.objects.get(pk=seat.user_id)


@method_decorator(never_cache, name="dispatch")
class BudgetView(APIView):
    """The budget of a project; PUT sets its caps and price."""

    @extend_schema(operation_id="budget_read", responses=BudgetOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return what is spent, reserved, left, owed and to come."""
        seat, _user = _owner(request, slug)
        return Response(BudgetOut(budget_page(seat.project)).data)

    @extend_schema(request=BudgetIn, responses=BudgetOut)
    def put(self, request: Request, slug: str) -> Response:
        """Set the caps and the price; what is left out is no cap, and no price."""
        seat, user = _owner(request, slug)
        given = BudgetIn(data=request.data)
        given.is_valid(raise_exception=True)
        terms = Terms(**given.validated_data)
        set_budget(project=seat.project, user=user, terms=terms)
        return Response(BudgetOut(budget_page(seat.project)).data)


@method_decorator(never_cache, name="dispatch")
class BudgetEntries(ListAPIView[LedgerEntry]):
    """The entries of a ledger, newest first."""

    pagination_class = Pages
    serializer_class = EntryOut

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        """Return the entries of the owner's project."""
        if getattr(self, "swagger_fake_view", False):
            return LedgerEntry.objects.none()
        seat, _user = _owner(self.request, self.kwargs["slug"])
        return entries_of(seat.project)
