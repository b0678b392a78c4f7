"""Addresses below /api/v1/projects/{slug}/routing/."""

from django.urls import path

from routing.api import routing

urlpatterns = [
    path("", routing.Routing.as_view(), name="api_routing"),
    path("seed/", routing.RoutingSeed.as_view(), name="api_routing_seed"),
    path("fit/", routing.RoutingFit.as_view(), name="api_routing_fit"),
]
