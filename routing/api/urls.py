"""Addresses below /api/v1/projects/{slug}/routing/."""

from django.urls import path

from routing.api import audit, routing

urlpatterns = [
    path("", routing.Routing.as_view(), name="api_routing"),
    path("seed/", routing.RoutingSeed.as_view(), name="api_routing_seed"),
    path("audit/", audit.RoutingAudit.as_view(), name="api_routing_audit"),
    path("fit/", routing.RoutingFit.as_view(), name="api_routing_fit"),
]
