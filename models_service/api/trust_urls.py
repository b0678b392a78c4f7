"""Addresses of reports, below /api/v1/projects/{slug}/models/."""

from django.urls import path

from models_service.api import trust

urlpatterns = [
    path("<uuid:public_id>/report/", trust.Report.as_view(), name="api_machine_report"),
    path(
        "<uuid:public_id>/replacement/",
        trust.Replacement.as_view(),
        name="api_machine_replacement",
    ),
]
