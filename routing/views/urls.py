"""Addresses of the pages of routing, below /p/{slug}/routing/."""

from django.urls import path

from routing.views import routing

urlpatterns = [
    path("", routing.routing, name="routing"),
    path("live/", routing.routing_live, name="routing_live"),
    path("run/", routing.routing_run, name="routing_run"),
    path("end/", routing.routing_end, name="routing_end"),
]
