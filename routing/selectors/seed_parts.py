"""Which items the runs of a policy drew at random, for what part, by what chance."""

from dataclasses import dataclass

from annotation.models import Route
from routing.models import Decision, RoutingPolicy

PARTS = (Route.Part.SEED, Route.Part.AUDIT)


@dataclass(frozen=True)
class DrawnPart:
    """`propensity`: the chance with which the item was drawn for the seed."""

    part: str
    propensity: float

    @property
    def is_audit(self) -> bool:
        """Tell whether the item only measures."""
        return self.part == Route.Part.AUDIT


def drawn_parts(policy: RoutingPolicy) -> dict[int, DrawnPart]:
    """Return what was drawn, by the key of the item; one query.

    Later runs repeat what the first one drew, with the chance of then.
    """
    rows = Decision.objects.filter(run__policy=policy, part__in=PARTS)
    found = rows.order_by("run_id").values_list("item_id", "part", "propensity")
    return {item: DrawnPart(part, chance or 1.0) for item, part, chance in found}
