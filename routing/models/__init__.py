"""Every table of the app, by the module that explains it."""

from routing.models.audits import AuditReport
from routing.models.measures import ItemMatch, ItemMeasures
from routing.models.policies import RoutingPolicy
from routing.models.runs import Decision, EmbeddingRun, RoutingRun

__all__ = [
    "AuditReport",
    "Decision",
    "EmbeddingRun",
    "ItemMatch",
    "ItemMeasures",
    "RoutingPolicy",
    "RoutingRun",
]
