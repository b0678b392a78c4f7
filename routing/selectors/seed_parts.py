"""Which items the runs of a policy drew at random, and for what part."""

from annotation.models import Route
from routing.models import Decision, RoutingPolicy

PARTS = (Route.Part.SEED, Route.Part.AUDIT)


def drawn_parts(policy: RoutingPolicy) -> dict[int, str]:
    """Return the part of each item that was drawn, by its key; one query."""
    rows = Decision.objects.filter(run__policy=policy, part__in=PARTS)
    return dict(rows.values_list("item_id", "part"))
