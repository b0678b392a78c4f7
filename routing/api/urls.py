"""Addresses below /api/v1/projects/{slug}/routing/."""

from django.urls import path

from routing.api import audit, routing, what_if

urlpatterns = [
    path("", routing.Routing.as_view(), name="api_routing"),
    path("what-if/", what_if.RoutingWhatIf.as_view(), name="api_routing_what_if"),
    path("seed/", routing.RoutingSeed.as_view(), name="api_routing_seed"),
    path("audit/", audit.RoutingAudit.as_view(), name="api_routing_audit"),
    path("fit/", routing.RoutingFit.as_view(), name="api_routing_fit"),
]
