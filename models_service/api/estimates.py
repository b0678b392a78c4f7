"""Figures with their intervals over REST; null in the place of what is not defined."""

from math import isfinite
from typing import Any

from rest_framework import serializers

from annotation.agreement import Interval


class EstimateOut(serializers.Serializer[Interval]):
    """A figure with the ends of its 95 % interval."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)

    def to_representation(self, instance: Interval) -> dict[str, Any]:
        """Return the figure with null where it is not known."""
        ends = {name: getattr(instance, name) for name in ("value", "low", "high")}
        return {name: end if isfinite(end) else None for name, end in ends.items()}
