"""Addresses of the pages of routing, below /p/{slug}/routing/."""

from django.urls import path

from routing.views import files, routing

urlpatterns = [
    path("", routing.routing, name="routing"),
    path("live/", routing.routing_live, name="routing_live"),
    path("run/", routing.routing_run, name="routing_run"),
    path("curve.svg", files.curve_svg, name="routing_curve"),
    path("curve.csv", files.curve_table, name="routing_csv"),
    path("audit.csv", files.audit_table, name="routing_audit_csv"),
    path("tags.svg", files.tags_svg, name="routing_tags"),
    path("tags.csv", files.tags_table, name="routing_tags_csv"),
    path("end/", routing.routing_end, name="routing_end"),
]
