"""Shapes of routing over REST."""

from typing import Any

from rest_framework import serializers

from annotation.api.serializers import JobOut
from routing.models import RoutingPolicy, RoutingRun
from routing.selectors.new_items import NewItems
from routing.selectors.page import Part
from routing.selectors.spending import Spending
from routing.selectors.state import STATES, RoutingState, SeedProgress


def amount(**options: Any) -> serializers.DecimalField:
    """Return a field for USD, as text with six places."""
    return serializers.DecimalField(16, 6, **options)


class PolicyOut(serializers.Serializer[RoutingPolicy]):
    """A policy in force. `budget` is in `budget_unit`: money, labels or share."""

    number = serializers.IntegerField()
    machine = serializers.UUIDField(source="machine.public_id")
    judges: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "public_id", many=True, read_only=True
    )
    n_seed = serializers.IntegerField()
    audit_share = serializers.FloatField()
    budget_unit = serializers.CharField()
    budget = amount()
    label_usd = amount()
    length_share = serializers.FloatField()
    surcharges = serializers.DictField(child=serializers.FloatField())
    strategy = serializers.CharField()
    reserve_share = serializers.FloatField()
    refit_every = serializers.IntegerField()
    stop_gain = serializers.FloatField(allow_null=True)
    judge_new_items = serializers.BooleanField()
    seed = serializers.IntegerField()
    ppm = serializers.CharField()
    tagger = serializers.UUIDField(source="tagger.public_id", allow_null=True)
    metadata_fields = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class SeedOut(serializers.Serializer[SeedProgress]):
    """How far the seed is: `n_labelled` of `n_drawn` have all their answers."""

    n_drawn = serializers.IntegerField()
    n_labelled = serializers.IntegerField()
    n_audit = serializers.IntegerField()
    n_audit_labelled = serializers.IntegerField()


class SpendingOut(serializers.Serializer[Spending]):
    """Money and labels. `left` is USD where the budget is money, else items."""

    n_items = serializers.IntegerField()
    n_labelled = serializers.IntegerField()
    spent_usd = amount()
    reserved_usd = amount(source="promised_usd")
    booked_usd = amount()
    beside_usd = amount()
    left = amount()
    n_left = serializers.IntegerField()


class NewItemsOut(serializers.Serializer[NewItems]):
    """Items without a usable verdict of the policy's AI annotator.

    `n_waiting` wait for it; `n_with_people` are labelled outside the policy.
    """

    n_waiting = serializers.IntegerField()
    n_with_people = serializers.IntegerField()


class PartOut(serializers.Serializer[Part]):
    """How many items a kind of decision holds; `n_labelled` null: not people's."""

    source = serializers.CharField()  # type: ignore[assignment]  # a name of ours
    part = serializers.CharField()
    n = serializers.IntegerField()
    n_labelled = serializers.IntegerField(allow_null=True)


class RunOut(serializers.Serializer[RoutingRun]):
    """A run whose decisions hold, with its figures: docs/ROUTING.md has their keys."""

    job = serializers.UUIDField(source="job.public_id")
    kind = serializers.CharField()
    n_labels = serializers.IntegerField()
    inputs_sha256 = serializers.CharField()
    versions = serializers.JSONField()
    duration_s = serializers.FloatField()
    applied_at = serializers.DateTimeField()
    figures = serializers.JSONField()


class StateOut(serializers.Serializer[RoutingState]):
    """Where routing stands, and what to do next."""

    state = serializers.ChoiceField(STATES)
    words = serializers.CharField()
    next = serializers.CharField(source="next_words")
    policy = PolicyOut(allow_null=True)
    seed = SeedOut()
    spending = SpendingOut(allow_null=True)
    job = JobOut(allow_null=True)
    embedding = JobOut(allow_null=True)


class RoutingOut(StateOut):
    """The state, the decisions by part and source, and the newest runs."""

    decisions = PartOut(many=True)
    new_items = NewItemsOut(allow_null=True)
    runs = RunOut(many=True)


class PolicyIn(serializers.Serializer[Any]):
    """The policy to come; what is left out has its usual value.

    Shares may be numbers from 0 to 1 or text such as "25%". `judges` left out or null:
    all others that have judged. `label_usd` left out: the price of an answer times the
    answers wanted; `length_share` of it grows with the words of an item. `surcharges`:
    factors such as {"category=medicine": 2}. `seed` left out: drawn. `tagger` left out
    or null: the newest tags of each item, whoever gave them.
    """

    machine = serializers.UUIDField()
    n_seed = serializers.IntegerField()
    budget = serializers.CharField()
    budget_unit = serializers.ChoiceField(RoutingPolicy.Unit.choices)
    judges = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True
    )
    label_usd = amount(required=False)
    length_share = serializers.FloatField(required=False)
    surcharges = serializers.DictField(child=serializers.FloatField(), required=False)
    audit_share = serializers.FloatField(required=False)
    reserve_share = serializers.FloatField(required=False)
    strategy = serializers.ChoiceField(RoutingPolicy.Strategy.choices, required=False)
    refit_every = serializers.IntegerField(required=False)
    stop_gain = serializers.FloatField(required=False, allow_null=True)
    judge_new_items = serializers.BooleanField(required=False)
    seed = serializers.IntegerField(required=False)
    ppm = serializers.ChoiceField(RoutingPolicy.Ppm.choices, required=False)
    tagger = serializers.UUIDField(required=False, allow_null=True)
    metadata_fields = serializers.ListField(
        child=serializers.CharField(), required=False
    )
